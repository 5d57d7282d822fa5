"""학습입니다: 모델, 한 걸음, 평가, 한 에폭, 그리고 이어서 시작하게 하는 중간 저장과 기록.

몇 개의 프로세스로 나누어도 한 프로세스와 같은 계산이고, 어느 순간에 꺼져도 앞선 저장은 온전합니다.
"""

import json
import math
import time
from argparse import Namespace
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, distributed, nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.utils.data import DataLoader

from course_utils import checkpoint
from course_utils.alexnet import AlexNet, AlexNetOriginal, SmallAlexNet
from course_utils.train_imagenet.images import (
    SKIPPED,
    GlobalBatchSampler,
    ImageTree,
    crops,
    normalize,
)
from course_utils.train_imagenet.processes import fail, from_first, gather, is_first, say, total

# Krizhevsky 2012, §5
MOMENTUM, WEIGHT_DECAY = 0.9, 0.0005
MOST_SKIPPED = 0.1  # 한 에폭에서 이보다 많이 읽지 못하면 폴더가 잘못된 것입니다.
KEPT = 3  # 남겨 두는 중간 저장의 수
LOG = "log.jsonl"
# torch 2.2에는 torch.amp.GradScaler가 없습니다.
GradScaler = getattr(torch.amp, "GradScaler", torch.cuda.amp.GradScaler)


@dataclass(frozen=True)
class Choice:
    """모델과 그 모델이 보는 이미지입니다.

    `stored`는 가운데 정사각형을 줄인 크기, `side`는 거기서 잘라 모델에 넣는 크기입니다(픽셀).
    `standardized`가 거짓이면 논문처럼 0~255인 픽셀에서 평균만 뺍니다. 초기값 N(0, 0.01)이 그 크기에
    맞습니다. PyTorch의 초기값을 쓰는 모델은 표준편차로도 나눕니다.
    """

    make: type[nn.Module]
    side: int
    stored: int = 256  # Krizhevsky 2012, §2
    standardized: bool = True


MODELS = {
    "AlexNetOriginal": Choice(AlexNetOriginal, side=224, standardized=False),
    "AlexNet": Choice(AlexNet, side=227),
    "SmallAlexNet": Choice(SmallAlexNet, side=32, stored=36),  # 명령을 연습할 때 씁니다.
}


class BatchDropout(nn.Dropout):
    """전체 배치의 마스크를 뽑아, 지금 계산하는 이미지의 줄만 씁니다.

    모든 프로세스가 같은 시드에서 뽑으므로, 배치를 어떻게 나누어도 꺼지는 유닛이 같습니다.
    부르기 전에 `batch_size`(전체)와 `rows`(이 이미지들의 자리)를 정해야 합니다.
    """

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        whole = F.dropout(torch.ones(self.batch_size, x.shape[1], device=x.device), self.p)
        return x * whole[self.rows].to(x.dtype)


def build(
    choice: Choice, num_classes: int, device: torch.device, *, precision: str = "float32"
) -> DistributedDataParallel:
    """모델을 만들어 모든 프로세스가 같은 파라미터로 시작하게 합니다."""
    model = choice.make(num_classes)
    for name, layer in list(model.classifier.named_children()):
        if isinstance(layer, nn.Dropout):
            setattr(model.classifier, name, BatchDropout(layer.p))
    device_ids = [device.index] if device.type == "cuda" else None
    # 변화도를 주고받는 자리에 바로 두면 변화도 한 벌의 메모리를 아낍니다.
    return DistributedDataParallel(
        model.to(device, torch.float64 if precision == "float64" else torch.float32),
        device_ids=device_ids,
        gradient_as_bucket_view=True,
    )


def autocast(device: torch.device, precision: str):
    """혼합 정밀도입니다. 16비트가 아니면 아무것도 하지 않습니다."""
    if precision in ("float32", "float64"):
        return nullcontext()
    return torch.autocast(device.type, dtype=getattr(torch, precision))


@dataclass
class State:
    """난수의 상태는 들지 않습니다: 모든 무작위가 시드와 걸음의 번호로 정해집니다.

    `epoch`와 `step`(그 에폭에서 마친 걸음), 그 에폭의 `[손실의 합, 틀린 수, 센 수]`, 읽지 못해
    건너뛴 이미지의 이름.
    """

    model: DistributedDataParallel
    optimizer: torch.optim.Optimizer
    scheduler: ReduceLROnPlateau
    scaler: GradScaler
    colors: dict
    choice: Choice
    epoch: int = 0
    step: int = 0
    sums: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    skipped: list[str] = field(default_factory=list)

    def pack(self) -> dict:
        """중간 저장에 담을 dict입니다. `weights_only=True`로 읽을 수 있는 것만 듭니다."""
        return {
            "model": self.model.module.state_dict(), "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(), "scaler": self.scaler.state_dict(),
            "colors": self.colors, "epoch": self.epoch, "step": self.step, "sums": self.sums,
            "skipped": self.skipped,
        }  # fmt: skip

    def unpack(self, saved: dict) -> None:
        self.model.module.load_state_dict(saved["model"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.scheduler.load_state_dict(saved["scheduler"])
        self.scaler.load_state_dict(saved["scaler"])
        for name in ("epoch", "step", "sums", "skipped"):
            setattr(self, name, saved[name])


def start(model: DistributedDataParallel, colors: dict, options: Namespace) -> State:
    """논문의 SGD와 학습률 규칙입니다 (Krizhevsky 2012, §5)."""
    optimizer = torch.optim.SGD(
        model.parameters(), lr=options.lr, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY
    )
    # 논문은 손으로 세 번 1/10로 줄였습니다. 여기서는 같은 규칙을 코드가 지킵니다.
    scheduler = ReduceLROnPlateau(
        optimizer, factor=0.1, patience=options.patience, min_lr=options.lr / 1000
    )
    return State(model, optimizer, scheduler, GradScaler(enabled=options.precision == "float16"),
                 colors, MODELS[options.model])  # fmt: skip


def train_step(
    state: State,
    batch: tuple[Tensor, Tensor, Tensor, Tensor],
    sampler: GlobalBatchSampler,
    options: Namespace,
    *,
    seed: int,
) -> Tensor:
    """SGD 한 걸음을 하고 이 프로세스의 `[손실의 합, 틀린 수, 센 수]`를 돌려줍니다.

    맡은 이미지를 `options.micro_batch`장씩 나누어 변화도를 모으고, 마지막 조각에서만 프로세스끼리
    평균합니다. 변화도는 전체 배치에서 읽은 이미지 수로 나눈 평균 손실의 것입니다.
    """
    model = state.model
    device, dtype = next((p.device, p.dtype) for p in model.parameters())
    images, labels, amounts, _ = (part.to(device, non_blocking=True) for part in batch)
    rows = torch.arange(sampler.rank, sampler.batch_size, sampler.size, device=device)
    micro_batch = options.micro_batch or len(rows)
    pieces = [part.split(micro_batch) for part in (images, labels, amounts, rows)]
    count = total((labels != SKIPPED).sum()).clamp(min=1)
    sums = torch.zeros(3, dtype=torch.float64, device=device)
    state.optimizer.zero_grad()
    for i, (x, y, amount, row) in enumerate(zip(*pieces, strict=True)):
        for layer in model.module.classifier:
            if isinstance(layer, BatchDropout):
                layer.batch_size, layer.rows = sampler.batch_size, row
        torch.manual_seed(seed)  # 조각마다 같은 온전한 마스크를 뽑습니다.
        x = normalize(x, amount, state.colors, standardized=state.choice.standardized, dtype=dtype)
        last = i == len(pieces[0]) - 1
        with nullcontext() if last else model.no_sync():
            with autocast(device, options.precision):
                logits = model(x)
            loss = F.cross_entropy(logits.to(dtype), y, ignore_index=SKIPPED, reduction="sum")
            # DDP는 프로세스 수로 나눈 평균을 내므로, 그 수를 곱해 전체 배치의 평균으로 만듭니다.
            state.scaler.scale(loss * sampler.size / count).backward()
        used = y != SKIPPED
        sums += torch.stack([loss.detach(), ((logits.argmax(1) != y) & used).sum(), used.sum()])
    state.scaler.step(state.optimizer)
    state.scaler.update()
    return sums


@torch.no_grad()
def evaluate(
    state: State, tree: ImageTree, options: Namespace, *, num_crops: int, batch_size: int = 64
) -> dict[str, float]:
    """검증 이미지를 프로세스끼리 나누어 잽니다: `{"error", "top5_error", "images"}`.

    `num_crops`가 10이면 논문처럼 열 자르기의 확률을 평균합니다(Krizhevsky 2012, §4.1). 클래스가
    다섯보다 적으면 top-5 오류율은 0입니다. 읽지 못한 이미지는 세지 않습니다.
    """
    model, choice = state.model, state.choice
    device, dtype = next((p.device, p.dtype) for p in model.parameters())
    own = [(0, index) for index in range(distributed.get_rank(), len(tree),
                                         distributed.get_world_size())]  # fmt: skip
    loader = DataLoader(tree, batch_size=batch_size, sampler=own, num_workers=options.workers)
    sums = torch.zeros(3, dtype=torch.float64, device=device)
    model.eval()
    for batch in loader:
        images, labels, amounts, _ = (part.to(device) for part in batch)
        images = normalize(
            images, amounts, state.colors, standardized=choice.standardized, dtype=dtype
        )
        # 변화도를 주고받지 않으므로 안의 모델을 바로 부릅니다.
        with autocast(device, options.precision):
            chances = sum(
                model.module(crop).to(dtype).softmax(1)
                for crop in crops(images, choice.side, count=num_crops)
            )
        used = labels != SKIPPED
        best = chances.topk(min(5, chances.shape[1])).indices
        found = best == labels[:, None]
        sums += torch.stack([(~found[:, 0] & used).sum(), (~found.any(1) & used).sum(), used.sum()])
    model.train()
    wrong, wrong5, count = total(sums).tolist()
    if count == 0:
        fail(f"{tree.folder}에서 이미지를 한 장도 읽지 못했습니다.")
    return {"error": wrong / count, "top5_error": wrong5 / count, "images": int(count)}


def train_epoch(state: State, train: ImageTree, options: Namespace, settings: dict) -> None:
    """한 에폭을 (이어서) 학습합니다. 정한 걸음마다 기록과 중간 저장을 남깁니다."""
    rank, size = distributed.get_rank(), distributed.get_world_size()
    sampler = GlobalBatchSampler(len(train), options.batch_size, rank=rank, size=size,
                                 seed=options.seed, epoch=state.epoch, done=state.step)  # fmt: skip
    steps = len(train) // options.batch_size
    sums, names, began, since = 0, set(), time.perf_counter(), state.step
    loader = DataLoader(train, batch_sampler=sampler, num_workers=options.workers,
                        pin_memory=torch.cuda.is_available())  # fmt: skip
    for batch in loader:
        done = state.epoch * steps + state.step
        seed = options.seed * 1_000_003 + done
        sums = sums + train_step(state, batch, sampler, options, seed=seed)
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
            append_row(options.out, row)
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
        append_row(options.out, row)
        save(state, settings, options.out, steps=steps)
    say(f"{state.epoch}/{options.epochs}에폭: 학습 오류율 {row['train_error']:.2%}, 검증 top-1 "
        f"오류율 {row['val_error']:.2%}, top-5 {row['val_top5_error']:.2%}")  # fmt: skip


# --- 중간 저장과 기록 -----------------------------------------------------------------------------


def save(state: State, settings: dict, folder: Path, *, steps: int) -> None:
    """중간 저장을 합니다. 못 하면 알리고 학습은 계속합니다."""
    try:
        save_checkpoint(
            folder, {"settings": settings} | state.pack(), step=state.epoch * steps + state.step
        )
    except (OSError, RuntimeError, MemoryError) as error:
        say(f"주의: 중간 저장을 하지 못했습니다({error}). 앞선 것은 그대로입니다. "
            "디스크의 빈 자리를 확인하십시오.")  # fmt: skip


def find_saved(folder: Path, settings: dict) -> dict | None:
    """이어서 시작할 중간 저장을 읽습니다. 없으면 None, 다른 설정의 것이면 모두 끝냅니다."""
    path, refused = from_first(lambda: find_checkpoint(folder))
    if refused:
        after = f"{path.name}에서 이어집니다." if path else "처음부터 시작합니다."
        say(f"주의: {', '.join(refused)}은(는) 내용이 상해 쓰지 않습니다. {after}")
    if path is None:
        return None
    saved = checkpoint.load(path)
    changed = [name for name, value in settings.items() if saved["settings"].get(name) != value]
    if changed:
        told = ", ".join(f"{name}: {saved['settings'].get(name)} → {settings[name]}"
                         for name in changed)  # fmt: skip
        fail(f"{folder}에는 다른 설정으로 하던 학습이 있습니다({told}). 그 설정으로 이어 가거나 "
             "--out에 다른 폴더를 적으십시오.")  # fmt: skip
    return saved


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob("checkpoint-*.pt"), reverse=True)


def save_checkpoint(folder: Path, state: dict, *, step: int) -> None:
    """`checkpoint-걸음.pt`로 남기고 오래된 것을 지웁니다.

    디스크가 차면 OSError나 RuntimeError를 내고, 앞선 것은 그대로입니다.
    """
    checkpoint.save(folder / f"checkpoint-{step:09d}.pt", state)
    for old in _newest_first(folder)[KEPT:]:
        old.unlink()


def find_checkpoint(folder: Path) -> tuple[Path | None, list[str]]:
    """온전한 가장 새로운 중간 저장과, 쓰지 않은 것의 이름들입니다."""
    refused = []
    for path in _newest_first(folder):
        try:
            checkpoint.load(path)
            return path, refused
        except ValueError:
            refused.append(path.name)
    return None, refused


def append_row(folder: Path, row: dict) -> None:
    """기록 한 줄을 보탭니다."""
    with (folder / LOG).open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(row, ensure_ascii=False) + "\n")


def read_rows(folder: Path) -> list[dict]:
    """기록의 줄들입니다. 쓰다가 끊긴 마지막 줄은 버립니다."""
    rows = []
    if (folder / LOG).exists():
        for line in (folder / LOG).read_text(encoding="utf-8").splitlines():
            try:
                rows.append(json.loads(line))
            except json.JSONDecodeError:
                break
    return rows


def keep_rows(folder: Path, *, until: int) -> None:
    """이어서 시작하는 걸음(`until`)까지의 줄만 남깁니다. 그 뒤는 다시 합니다."""
    kept = [row for row in read_rows(folder) if row["step"] <= until]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept)
    checkpoint.write_atomically(folder / LOG, text.encode())
