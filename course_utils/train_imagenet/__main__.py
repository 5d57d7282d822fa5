"""`torchrun`이 프로세스마다 부르는 명령입니다: 인자, `--dry-run`의 계획, 학습의 차례."""

import argparse
import os
import sys
import tempfile
from argparse import Namespace
from datetime import date
from pathlib import Path

import torch
from torch import distributed

from course_utils.checkpoint import save_pretrained
from course_utils.train_imagenet.images import ImageTree, measure_colors
from course_utils.train_imagenet.processes import (
    connect,
    fail,
    from_first,
    gather,
    is_first,
    say,
    together,
)
from course_utils.train_imagenet.training import (
    MODELS,
    build,
    evaluate,
    find_saved,
    finish_epoch,
    keep_rows,
    read_rows,
    start,
    train_epoch,
)
from course_utils.training import is_out_of_memory

PRECISIONS = ("float32", "bfloat16", "float16", "float64")


def main() -> None:
    options = parse()
    device = connect()
    try:
        if options.dry_run:
            dry_run(options, device)
        else:
            run(options, device, *open_trees(options))
    except KeyboardInterrupt:
        say("\n중단했습니다. 같은 명령을 다시 실행하면 마지막 중간 저장에서 이어집니다.")
        sys.exit(130)
    except (RuntimeError, MemoryError) as error:
        if is_out_of_memory(error):  # 이 프로세스만 겪은 일일 수 있어 누구든 알립니다.
            print("\n메모리가 모자랍니다. --micro-batch를 줄여(처음에는 절반) 다시 실행하십시오. "
                  "결과는 같고, 마지막 중간 저장에서 이어집니다.", flush=True)  # fmt: skip
        raise
    finally:
        distributed.destroy_process_group()


def open_trees(options: Namespace) -> tuple[ImageTree, ImageTree]:
    """학습과 검증 이미지입니다. 폴더가 잘못되었으면 알리고 끝냅니다."""
    choice = MODELS[options.model]

    def open_both() -> tuple[ImageTree, ImageTree]:
        train = ImageTree(
            options.data / "train", stored=choice.stored, side=choice.side, seed=options.seed
        )
        val = ImageTree(options.data / "val", stored=choice.stored)
        if train.classes != val.classes:
            odd = sorted(set(train.classes) ^ set(val.classes))
            raise ValueError(f"train과 val의 클래스 폴더가 다릅니다: {', '.join(odd[:5])}")
        if len(train) < options.batch_size:
            raise ValueError(
                f"학습 이미지가 {len(train)}장이라 배치 {options.batch_size}장을 채우지 못합니다. "
                "--batch-size를 줄이십시오."
            )
        if options.batch_size < (size := distributed.get_world_size()):
            raise ValueError(
                f"배치 {options.batch_size}장을 프로세스 {size}개에 나눌 수 없습니다. "
                "--batch-size를 프로세스 수 이상으로 하십시오."
            )
        return train, val

    train, val = together(open_both)
    if len(set(gather(train.contents()))) > 1:
        fail("프로세스마다 보는 학습 이미지가 다릅니다. 모든 컴퓨터의 --data를 같게 하십시오.")
    return train, val


def dry_run(options: Namespace, device: torch.device) -> None:
    """계획을 보이고, 무작위로 고른 적은 이미지로 처음부터 끝까지 해 봅니다. 남는 것이 없습니다."""
    train, val = open_trees(options)
    parameters = sum(p.numel() for p in MODELS[options.model].make(len(train.classes)).parameters())
    size = distributed.get_world_size()
    say(describe(options, len(train), len(val), len(train.classes), parameters, size))
    images, full_steps = len(train), len(train) // options.batch_size
    for tree, count in ((train, 2 * options.batch_size), (val, options.batch_size)):
        tree.samples = tree.samples[:: max(1, len(tree) // count)][:count]
    with tempfile.TemporaryDirectory(prefix="alexnet-dry-run-") as folder:
        options.out, options.log_every = Path(from_first(lambda: folder)), 1
        epochs, options.epochs = options.epochs, 1
        run(options, device, train, val)
        if is_first():
            row = [row for row in read_rows(options.out) if "loss" in row][-1]
            say(estimate(row["images_per_second"], images, epochs, full_steps))
        distributed.barrier()  # 첫 프로세스가 폴더를 지우기 전에 모두 마칩니다.


def run(options: Namespace, device: torch.device, train: ImageTree, val: ImageTree) -> None:
    """중간 저장이 있으면 이어서, 없으면 처음부터 학습하고 열 자르기로 평가합니다."""
    from_first(lambda: options.out.mkdir(parents=True, exist_ok=True))
    settings = recipe(options, train.contents())
    saved = find_saved(options.out, settings)
    if options.evaluate and saved is None:
        fail(f"{options.out}에 평가할 중간 저장이 없습니다.")
    colors = saved["colors"] if saved else from_first(lambda: measure_colors(train))
    torch.manual_seed(options.seed)
    model = build(MODELS[options.model], len(train.classes), device, precision=options.precision)
    state = start(model, colors, options)
    steps = len(train) // options.batch_size
    if saved:
        state.unpack(saved)
        say(f"마친 에폭 {state.epoch}, {state.step}걸음에서 이어집니다.")
    if is_first():
        keep_rows(options.out, until=state.epoch * steps + state.step)
    while state.epoch < options.epochs and not options.evaluate:
        train_epoch(state, train, options, settings)
        result = evaluate(state, val, options, num_crops=1)
        finish_epoch(state, result, options, settings, steps=steps)
    result = evaluate(state, val, options, num_crops=10)
    say(f"열 자르기: top-1 오류율 {result['error']:.2%}, top-5 오류율 {result['top5_error']:.2%} "
        f"(검증 이미지 {result['images']:,}장)")  # fmt: skip
    if is_first() and not options.evaluate:
        record = {
            "command": " ".join(["python -m course_utils.train_imagenet", *sys.argv[1:]]),
            "settings": settings, "epochs": options.epochs,
            "processes": distributed.get_world_size(),
            "date": date.today().isoformat(), "torch": torch.__version__, "classes": train.classes,
            "colors": {name: value.tolist() for name, value in colors.items()},
            "skipped": state.skipped, "ten_crops": result,
        }  # fmt: skip
        save_pretrained(state.model.module, record, "model", folder=options.out)


def positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"1 이상이어야 합니다: {text}")
    return value


def parse(arguments: list[str] | None = None) -> Namespace:
    """명령의 인자를 읽습니다. 기본값은 논문의 값입니다."""
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.train_imagenet",
        description="AlexNet을 2012년의 방법으로 학습합니다. 꺼지면 같은 명령으로 이어집니다.",
    )
    add = parser.add_argument
    add("--data", type=Path, required=True, help="train/클래스/이미지, val/클래스/이미지가 든 폴더")
    add("--out", type=Path, default=Path("alexnet-run"), help="중간 저장과 기록을 둘 폴더")
    add("--model", choices=MODELS, default="AlexNetOriginal", help="SmallAlexNet은 연습용입니다")
    add("--epochs", type=positive, default=90)
    add("--batch-size", type=positive, default=128, help="모든 프로세스를 합한 한 걸음의 이미지 수")
    add("--micro-batch", type=positive, help="한 번에 계산할 장수. 메모리가 모자라면 줄이십시오")
    add("--lr", type=float, default=0.01, help="처음 학습률")
    add("--patience", type=int, default=5, help="검증 오류가 이 에폭 수만큼 멈추면 학습률을 1/10로")
    add("--precision", choices=PRECISIONS, default=PRECISIONS[0],
        help="16비트는 혼합 정밀도, float64는 확인용")
    add("--workers", type=int, help="프로세스마다 이미지를 읽는 일꾼의 수")
    add("--log-every", type=positive, default=50, help="기록을 남기는 걸음 수")
    add("--save-every", type=positive, default=500, help="중간 저장을 하는 걸음 수")
    add("--seed", type=int, default=0)
    add("--dry-run", action="store_true", help="계획을 보이고 두 걸음만 해 봅니다")
    add("--evaluate", action="store_true", help="학습하지 않고 마지막 중간 저장을 평가합니다")
    options = parser.parse_args(arguments)
    if options.workers is None:
        local = int(os.environ.get("LOCAL_WORLD_SIZE", 1))
        options.workers = min(8, max(1, (os.cpu_count() or 1) // local))
    return options


def recipe(options: Namespace, contents: str) -> dict:
    """결과를 정하는 설정입니다. 이것이 다르면 이어서 학습할 수 없습니다.

    프로세스의 수와 `--micro-batch`는 들지 않습니다: 바뀌어도 같은 전체 배치로 같은 계산을 합니다.
    """
    names = ("model", "batch_size", "lr", "patience", "precision", "seed")
    return {name: getattr(options, name) for name in names} | {"data": contents}


def ring_bytes(parameters: int, size: int) -> float:
    """걸음마다 프로세스 하나가 보내는 바이트입니다. 고리 모양 all-reduce: 2(n − 1)/n × 변화도."""
    return 2 * (size - 1) / size * 4 * parameters


def describe(
    options: Namespace, num_train: int, num_val: int, num_classes: int, parameters: int, size: int
) -> str:
    """해 보기 전에 셀 수 있는 것들입니다."""
    steps = num_train // options.batch_size
    share = -(-options.batch_size // size)
    pieces = -(-share // (options.micro_batch or share))
    stored = 8 * parameters  # 파라미터와 모멘텀
    return "\n".join([
        f"모델    {options.model}, 파라미터 {parameters:,}개, 클래스 {num_classes:,}개",
        f"이미지  학습 {num_train:,}장, 검증 {num_val:,}장, {MODELS[options.model].side}픽셀",
        f"걸음    에폭마다 {steps:,}, {options.epochs}에폭에 {steps * options.epochs:,}",
        f"배치    {options.batch_size}장을 프로세스 {size}개가 {share}장까지 맡아 "
        f"{pieces}조각으로 계산",
        f"메모리  프로세스마다 파라미터, 변화도, 모멘텀에 {12 * parameters / 1e6:,.0f} MB",
        f"통신    걸음마다 프로세스 하나가 {ring_bytes(parameters, size) / 1e6:,.0f} MB를 보냄",
        f"저장    중간 저장 하나에 {stored / 1e6:,.0f} MB, 세 개까지",
    ])  # fmt: skip


def estimate(images_per_second: float, num_train: int, epochs: int, steps: int) -> str:
    """해 본 속도로 어림한 전체 시간입니다."""
    hours = num_train * epochs / images_per_second / 3600
    return (f"두 걸음의 속도는 초당 {images_per_second:,.0f}장입니다. 이대로면 {epochs}에폭, "
            f"{steps * epochs:,}걸음에 {hours:,.1f}시간이 걸립니다(평가는 빼고). 첫 걸음은 "
            "느리므로 실제는 더 짧을 수 있습니다. 남긴 파일은 없습니다.")  # fmt: skip


if __name__ == "__main__":
    main()
