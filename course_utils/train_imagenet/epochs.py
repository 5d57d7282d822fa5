"""한 에폭의 학습과 맺음입니다. 정한 걸음마다 기록과 중간 저장을 남깁니다."""

import math
import time
from argparse import Namespace

from torch import distributed

from course_utils.train_imagenet import records
from course_utils.train_imagenet.images import SKIPPED, GlobalBatchSampler, ImageTree
from course_utils.train_imagenet.processes import fail, gather, is_first, say, total
from course_utils.train_imagenet.settings import MODELS
from course_utils.train_imagenet.state import State, save
from course_utils.train_imagenet.steps import load_batches, train_step

MOST_SKIPPED = 0.1  # 한 에폭에서 이보다 많이 읽지 못하면 폴더가 잘못된 것입니다.


def train_epoch(state: State, train: ImageTree, options: Namespace, settings: dict) -> None:
    """한 에폭을 (이어서) 학습합니다. 정한 걸음마다 기록과 중간 저장을 남깁니다."""
    rank, size = distributed.get_rank(), distributed.get_world_size()
    sampler = GlobalBatchSampler(len(train), options.batch_size, rank=rank, size=size,
                                 seed=options.seed, epoch=state.epoch, done=state.step)  # fmt: skip
    steps = len(train) // options.batch_size
    sums, names, began, since = 0, set(), time.perf_counter(), state.step
    for batch in load_batches(train, sampler, workers=options.workers):
        done = state.epoch * steps + state.step
        sums = sums + train_step(
            state.model, batch, optimizer=state.optimizer, scaler=state.scaler,
            colors=state.colors, choice=MODELS[options.model], sampler=sampler,
            micro_batch=options.micro_batch, precision=options.precision,
            seed=options.seed * 1_000_003 + done,
        )  # fmt: skip
        names |= {train.name(index) for index in batch[3][batch[1] == SKIPPED].tolist()}
        state.step += 1
        saving = state.step % options.save_every == 0 and state.step < steps
        if not (saving or state.step % options.log_every == 0 or state.step == steps):
            continue
        loss, wrong, count = total(sums).tolist()
        if not math.isfinite(loss):
            fail(f"{done + 1}번째 걸음 앞에서 손실이 {loss}이(가) 되었습니다. 중간 저장은 그 "
                 "앞의 것입니다. --out에 새 폴더를 적고 --lr을 10분의 1로 하십시오.")  # fmt: skip
        state.sums = [a + b for a, b in zip(state.sums, (loss, wrong, count), strict=True)]
        found = set().union(*gather(names)) - set(state.skipped)
        state.skipped = sorted(found | set(state.skipped))
        if found:
            say(f"주의: 읽지 못해 건너뛴 이미지 {len(found)}장: {', '.join(sorted(found)[:5])}")
        seconds = time.perf_counter() - began
        row = {
            "epoch": state.epoch, "step": done + 1, "loss": loss / max(count, 1),
            "error": wrong / max(count, 1), "lr": state.optimizer.param_groups[0]["lr"],
            "images_per_second": (state.step - since) * options.batch_size / seconds,
            "skipped": len(state.skipped), "processes": size,
        }  # fmt: skip
        if is_first():
            records.append_row(options.out, row)
            if saving:
                save(state, settings, options.out, steps=steps)
        say(f"{state.epoch + 1}에폭 {state.step}/{steps}걸음: 손실 {row['loss']:.4f}, "
            f"오류율 {row['error']:.2%}, 초당 {row['images_per_second']:,.0f}장")  # fmt: skip
        sums, names, began, since = 0, set(), time.perf_counter(), state.step


def finish_epoch(
    state: State, result: dict, options: Namespace, settings: dict, *, steps: int
) -> None:
    """에폭을 마칩니다: 학습률을 정하고, 기록과 중간 저장을 남깁니다."""
    loss, wrong, count = state.sums
    used = steps * options.batch_size
    if count < (1 - MOST_SKIPPED) * used:
        fail(f"학습 이미지 {used:,.0f}장 가운데 {used - count:,.0f}장을 읽지 못했습니다. --data의 "
             "이미지가 온전한지 확인하십시오.")  # fmt: skip
    state.scheduler.step(result["error"])
    row = {
        "epoch": state.epoch, "step": (state.epoch + 1) * steps, "train_loss": loss / count,
        "train_error": wrong / count, "val_error": result["error"],
        "val_top5_error": result["top5_error"], "skipped": len(state.skipped),
    }  # fmt: skip
    state.epoch, state.step, state.sums = state.epoch + 1, 0, [0.0, 0.0, 0.0]
    if is_first():
        records.append_row(options.out, row)
        save(state, settings, options.out, steps=steps)
    say(f"{state.epoch}/{options.epochs}에폭: 학습 오류율 {row['train_error']:.2%}, 검증 top-1 "
        f"오류율 {row['val_error']:.2%}, top-5 {row['val_top5_error']:.2%}")  # fmt: skip
