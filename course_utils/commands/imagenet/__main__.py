"""프로세스마다 부르는 명령입니다: 인자, 시작하기 전의 확인, `--dry-run`의 계획, 학습의 순서."""

import argparse
import math
import os
import shutil
import sys
import tempfile
from argparse import Namespace
from datetime import date
from pathlib import Path

import torch
from torch import distributed

from course_utils.checkpoint import save_pretrained
from course_utils.commands.imagenet.images import COLOR_IMAGES, ImageTree, measure_colors, read_some
from course_utils.commands.imagenet.processes import (
    connect,
    fail,
    from_first,
    gather,
    is_first,
    local_size,
    say,
    together,
)
from course_utils.commands.imagenet.training import (
    EVALUATED,
    MODELS,
    evaluate,
    finish_epoch,
    keep_rows,
    load_checkpoint,
    open_loader,
    read_rows,
    start,
    train_epoch,
)
from course_utils.training import is_out_of_memory

PRECISIONS = ("float32", "bfloat16", "float16", "float64")
SHARED_MEMORY = Path("/dev/shm")  # 리눅스에서 워커가 읽은 이미지를 건네는 곳


def main() -> None:
    options = parse()
    device = connect()
    try:
        train, val = open_trees(options)
        if options.dry_run:
            dry_run(options, device, train, val)
        else:
            run(options, device, train, val)
    except KeyboardInterrupt:
        say("\n중단했습니다. 같은 명령을 다시 실행하면 마지막 체크포인트에서 이어집니다.")
        sys.exit(130)
    except (RuntimeError, MemoryError) as error:
        # 이 프로세스만 겪은 일일 수 있어 누구든 알립니다.
        if is_out_of_memory(error):
            print("\n메모리가 모자랍니다. --micro-batch를 줄여(처음에는 절반) 다시 실행하십시오. "
                  "결과는 같고, 마지막 체크포인트에서 이어집니다.", flush=True)  # fmt: skip
        elif "DataLoader worker" in str(error):
            print("\n이미지를 읽는 워커가 도중에 죽었습니다. 메모리나 공유 메모리(/dev/shm)가 "
                  "모자라면 이렇게 됩니다. --workers를 줄여(0이면 워커가 없음) 다시 실행하십시오. "
                  "Docker라면 --shm-size를 늘리십시오.", flush=True)  # fmt: skip
        raise
    finally:
        distributed.destroy_process_group()


def parse(arguments: list[str] | None = None) -> Namespace:
    """명령의 인자를 읽습니다. 기본값은 논문의 값입니다."""

    def number(kind: type, words: str, is_right):
        def convert(text: str):
            value = kind(text)
            if not is_right(value):
                raise argparse.ArgumentTypeError(f"{words}여야 합니다: {text}")
            return value

        convert.__name__ = kind.__name__  # 수가 아닐 때 argparse의 글에 나옵니다.
        return convert

    def folder(text: str) -> Path:
        return Path(text).expanduser()

    positive = number(int, "1 이상의 정수", lambda value: value >= 1)
    natural = number(int, "0 이상의 정수", lambda value: value >= 0)
    rate = number(float, "0보다 큰 수", lambda value: 0 < value < math.inf)
    seed = number(int, "0 이상 2**32 미만의 정수", lambda value: 0 <= value < 2**32)
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.commands.imagenet",
        description="AlexNet을 2012년의 방법으로 학습합니다. 꺼지면 같은 명령으로 이어집니다.",
    )
    add = parser.add_argument
    add("--data", type=folder, required=True, help="train/클래스/이미지, val/클래스/이미지의 폴더")
    add("--out", type=folder, default=Path("alexnet-run"), help="체크포인트와 기록을 둘 폴더")
    add("--model", choices=MODELS, default="AlexNetOriginal", help="SmallAlexNet은 연습용입니다")
    add("--epochs", type=positive, default=90)
    add("--batch-size", type=positive, default=128, help="모든 프로세스를 합한 한 스텝의 이미지 수")
    add("--micro-batch", type=positive, help="한 번에 계산할 장수. 메모리가 모자라면 줄이십시오")
    add("--lr", type=rate, default=0.01, help="처음 학습률")
    add("--patience", type=natural, default=5, help="학습률을 1/10로 줄이기까지 기다리는 에폭 수")
    add("--precision", choices=PRECISIONS, default="float32", help="16비트는 혼합 정밀도")
    workers = min(8, max(1, (os.cpu_count() or 1) // local_size()))
    add("--workers", type=natural, default=workers, help="프로세스마다 이미지를 읽는 워커의 수")
    add("--log-every", type=positive, default=50, help="기록을 남기는 스텝 수")
    add("--save-every", type=positive, default=500, help="체크포인트를 남기는 스텝 수")
    add("--seed", type=seed, default=0)
    add("--dry-run", action="store_true", help="계획을 보이고 두 스텝만 해 봅니다")
    add("--evaluate", action="store_true", help="학습하지 않고 마지막 체크포인트를 평가합니다")
    return parser.parse_args(arguments)


def open_trees(options: Namespace) -> tuple[ImageTree, ImageTree]:
    """학습과 검증 이미지입니다. 잘못된 것이 있으면 학습하기 전에 알리고 끝냅니다."""
    choice, size = MODELS[options.model], distributed.get_world_size()

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
        if options.batch_size < size:
            raise ValueError(
                f"배치 {options.batch_size}장을 프로세스 {size}개에 나눌 수 없습니다. "
                "--batch-size를 프로세스 수 이상으로 하십시오."
            )
        check_shared_memory(options, len(train), len(val), size)
        return train, val

    train, val = together(open_both)
    if len(set(gather(train.contents() + val.contents()))) > 1:
        fail("프로세스마다 보는 이미지가 다릅니다. 모든 컴퓨터의 --data를 같게 하십시오.")
    if others := train.others + val.others:
        say(f"주의: 읽지 않는 형식이라 세지 않은 파일 {len(others):,}개"
            f"(예: {', '.join(others[:3])}). HEIC나 AVIF 사진이면 JPEG로 바꾸십시오.")  # fmt: skip
    from_first(lambda: read_some(val, 100))
    return train, val


def check_shared_memory(options: Namespace, num_train: int, num_val: int, size: int) -> None:
    """워커가 미리 읽어 둘 배치들이 `/dev/shm`에 들어가지 않으면 ValueError를 냅니다.

    워커마다 배치 2개와 쓰고 있는 1개입니다(DataLoader의 기본값). 넘치면 Bus error로 죽습니다.
    """
    if not (options.workers and SHARED_MEMORY.exists()):
        return
    choice, ahead = MODELS[options.model], 2 * options.workers + 1
    share = -(-options.batch_size // size)
    training = share * min(ahead, num_train // options.batch_size) * choice.side**2
    evaluation = min(EVALUATED * ahead, -(-num_val // size)) * choice.stored**2
    need = 3 * max(training, evaluation) * local_size()
    free = shutil.disk_usage(SHARED_MEMORY).free
    if need > free:
        raise ValueError(
            f"공유 메모리({SHARED_MEMORY})의 빈 자리가 {free / 1e6:,.1f} MB인데, 워커가 읽어 둘 "
            f"이미지에 {need / 1e6:,.1f} MB가 듭니다. --workers를 줄이거나(0이면 쓰지 않음) "
            "Docker라면 --shm-size를 늘려 다시 시작하십시오."
        )


def dry_run(options: Namespace, device: torch.device, train: ImageTree, val: ImageTree) -> None:
    """계획을 보이고, 무작위로 고른 적은 이미지로 처음부터 끝까지 해 봅니다. 남는 것이 없습니다."""
    parameters = sum(p.numel() for p in MODELS[options.model].make(len(train.classes)).parameters())
    size = distributed.get_world_size()
    say(describe(options, len(train), len(val), len(train.classes), parameters, size, device))
    images, steps = len(train), len(train) // options.batch_size
    train.thin(2 * options.batch_size)
    val.thin(options.batch_size)
    with tempfile.TemporaryDirectory(prefix="alexnet-dry-run-") as folder:
        options.out, options.log_every = Path(from_first(lambda: folder)), 1
        epochs, options.epochs = options.epochs, 1
        run(options, device, train, val)
        if is_first():
            row = [row for row in read_rows(options.out) if "loss" in row][-1]
            say(estimate(row["images_per_second"], images, epochs, steps))
        distributed.barrier()  # 첫 프로세스가 폴더를 지우기 전에 모두 마칩니다.


def run(options: Namespace, device: torch.device, train: ImageTree, val: ImageTree) -> None:
    """체크포인트가 있으면 이어서, 없으면 처음부터 학습하고 10-크롭으로 평가합니다."""
    together(lambda: make_folder(options.out))
    settings = recipe(options, train.contents())
    saved = load_checkpoint(options.out, settings)
    if options.evaluate and saved is None:
        fail(f"{options.out}에 평가할 체크포인트가 없습니다.")
    colors = saved["colors"] if saved else from_first(
        lambda: measure_colors(read_some(train, COLOR_IMAGES))
    )  # fmt: skip
    state = start(options, MODELS[options.model], len(train.classes), colors, device)
    steps = len(train) // options.batch_size
    if saved:
        state.unpack(saved)
        say(f"마친 에폭 {state.epoch}, {state.step}스텝에서 이어집니다.")
    if is_first():
        keep_rows(options.out, until=state.epoch * steps + state.step)
    loader = open_loader(train, options)
    while state.epoch < options.epochs and not options.evaluate:
        train_epoch(state, loader, options, settings)
        result = evaluate(state, val, options, num_crops=1)
        finish_epoch(state, result, options, settings, steps=steps)
    result = evaluate(state, val, options, num_crops=10)
    say(f"10-크롭: top-1 오류율 {result['error']:.2%}, top-5 오류율 {result['top5_error']:.2%} "
        f"(검증 이미지 {result['images']:,}장)")  # fmt: skip
    if is_first() and not options.evaluate:
        record = {
            "command": " ".join(["python -m course_utils.commands.imagenet", *sys.argv[1:]]),
            "settings": settings, "epochs": options.epochs,
            "processes": distributed.get_world_size(),
            "date": date.today().isoformat(), "torch": torch.__version__, "classes": train.classes,
            "colors": {name: value.tolist() for name, value in colors.items()},
            "skipped": state.skipped, "ten_crops": result,
        }  # fmt: skip
        save_pretrained(state.model.module, record, "model", folder=options.out)


def make_folder(folder: Path) -> None:
    """쓸 수 있는 폴더를 만듭니다. 안 되면 학습하기 전에 ValueError를 냅니다."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise ValueError(
            f"--out의 {folder}에 쓸 수 없습니다({error.strerror}). 쓸 수 있는 폴더를 적으십시오."
        ) from error


def recipe(options: Namespace, contents: str) -> dict:
    """결과를 정하는 설정입니다. 이것이 다르면 이어서 학습할 수 없습니다.

    프로세스의 수와 `--micro-batch`는 들지 않습니다: 바뀌어도 같은 전체 배치로 같은 계산을 합니다.
    """
    names = ("model", "batch_size", "lr", "patience", "precision", "seed")
    return {name: getattr(options, name) for name in names} | {"data": contents}


def ring_bytes(parameters: int, size: int) -> float:
    """스텝마다 프로세스 하나가 보내는 바이트입니다. 고리 모양 all-reduce: 2(n − 1)/n × 기울기."""
    return 2 * (size - 1) / size * 4 * parameters


def describe(options, num_train, num_val, num_classes, parameters, size, device) -> str:
    """해 보기 전에 셀 수 있는 것들입니다."""
    steps = num_train // options.batch_size
    share = -(-options.batch_size // size)
    pieces = -(-share // (options.micro_batch or share))
    where = "프로세스마다 GPU 하나(NCCL)" if device.type == "cuda" else "CPU(gloo)"
    return "\n".join([
        f"모델    {options.model}, 파라미터 {parameters:,}개, 클래스 {num_classes:,}개",
        f"이미지  학습 {num_train:,}장, 검증 {num_val:,}장, {MODELS[options.model].side}픽셀",
        f"장치    {where}, 프로세스 {size}개, 워커 {options.workers}개씩",
        f"스텝    에폭마다 {steps:,}, {options.epochs}에폭에 {steps * options.epochs:,}",
        f"배치    {options.batch_size}장을 프로세스 {size}개가 {share}장까지 맡아 "
        f"{pieces}조각으로 계산",
        f"메모리  프로세스마다 파라미터, 기울기, 모멘텀에 {12 * parameters / 1e6:,.0f} MB",
        f"통신    스텝마다 프로세스 하나가 {ring_bytes(parameters, size) / 1e6:,.0f} MB를 보냄",
        f"저장    체크포인트 하나에 {8 * parameters / 1e6:,.0f} MB, 세 개까지",
    ])  # fmt: skip


def estimate(images_per_second: float, num_train: int, epochs: int, steps: int) -> str:
    """해 본 속도로 어림한 전체 시간입니다."""
    hours = num_train * epochs / images_per_second / 3600
    return (f"두 스텝의 속도는 초당 {images_per_second:,.0f}장입니다. 이대로면 {epochs}에폭, "
            f"{steps * epochs:,}스텝에 {hours:,.1f}시간이 걸립니다(평가는 빼고). 첫 스텝은 "
            "느리므로 실제는 더 짧을 수 있습니다. 남긴 파일은 없습니다.")  # fmt: skip


if __name__ == "__main__":
    main()
