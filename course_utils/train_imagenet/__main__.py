"""`torchrun`이 프로세스마다 부르는 명령입니다."""

import sys
import tempfile
from argparse import Namespace
from datetime import date
from pathlib import Path

import torch
from torch import distributed

from course_utils.checkpoint import save_pretrained
from course_utils.train_imagenet import plan, records
from course_utils.train_imagenet.epochs import finish_epoch, train_epoch
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
from course_utils.train_imagenet.settings import MODELS, parse, recipe
from course_utils.train_imagenet.state import find_saved, start
from course_utils.train_imagenet.steps import build, evaluate
from course_utils.training import is_out_of_memory


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
    say(plan.describe(options, len(train), len(val), len(train.classes), parameters, size))
    images, full_steps = len(train), len(train) // options.batch_size
    for tree, count in ((train, 2 * options.batch_size), (val, options.batch_size)):
        tree.samples = tree.samples[:: max(1, len(tree) // count)][:count]
    with tempfile.TemporaryDirectory(prefix="alexnet-dry-run-") as folder:
        options.out, options.log_every = Path(from_first(lambda: folder)), 1
        epochs, options.epochs = options.epochs, 1
        run(options, device, train, val)
        if is_first():
            row = [row for row in records.read_rows(options.out) if "loss" in row][-1]
            say(plan.estimate(row["images_per_second"], images, epochs, full_steps))
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
    choice = MODELS[options.model]
    model = build(choice, len(train.classes), device, precision=options.precision)
    state = start(model, colors, options)
    steps = len(train) // options.batch_size
    if saved:
        state.unpack(saved)
        say(f"마친 에폭 {state.epoch}, {state.step}걸음에서 이어집니다.")
    if is_first():
        records.keep_rows(options.out, until=state.epoch * steps + state.step)
    measure = {"colors": colors, "choice": choice, "precision": options.precision,
               "workers": options.workers, "rank": distributed.get_rank(),
               "size": distributed.get_world_size()}  # fmt: skip
    while state.epoch < options.epochs and not options.evaluate:
        train_epoch(state, train, options, settings)
        result = evaluate(state.model, val, num_crops=1, **measure)
        finish_epoch(state, result, options, settings, steps=steps)
    result = evaluate(state.model, val, num_crops=10, **measure)
    say(f"열 자르기: top-1 오류율 {result['error']:.2%}, top-5 오류율 {result['top5_error']:.2%} "
        f"(검증 이미지 {result['images']:,}장)")  # fmt: skip
    if is_first() and not options.evaluate:
        record = {
            "command": " ".join(["python -m course_utils.train_imagenet", *sys.argv[1:]]),
            "settings": settings, "epochs": options.epochs, "processes": measure["size"],
            "date": date.today().isoformat(), "torch": torch.__version__, "classes": train.classes,
            "colors": {name: value.tolist() for name, value in colors.items()},
            "skipped": state.skipped, "ten_crops": result,
        }  # fmt: skip
        save_pretrained(state.model.module, record, "model", folder=options.out)


if __name__ == "__main__":
    main()
