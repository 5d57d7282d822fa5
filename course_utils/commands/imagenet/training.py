"""학습입니다: 모델, 한 스텝, 한 에폭, 평가, 그리고 이어서 시작하게 하는 체크포인트와 기록.

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
from torchvision.transforms.functional import center_crop, ten_crop

from course_utils import checkpoint
from course_utils.alexnet import AlexNet, AlexNetOriginal, SmallAlexNet
from course_utils.commands.imagenet.images import (
    MOST_SKIPPED,
    SKIPPED,
    ImageTree,
    batches,
    normalize,
)
from course_utils.commands.imagenet.processes import fail, from_first, gather, is_first, say, total

# Krizhevsky 2012, §5
MOMENTUM, WEIGHT_DECAY = 0.9, 0.0005
KEPT = 3  # 남겨 두는 체크포인트의 수
EVALUATED = 64  # 평가할 때 한 번에 읽는 이미지의 수
LOG = "log.jsonl"
# torch 2.2에는 torch.amp.GradScaler가 없습니다.
GradScaler = getattr(torch.amp, "GradScaler", torch.cuda.amp.GradScaler)


@dataclass(frozen=True)
class Choice:
    """모델과 그 모델이 보는 이미지입니다.

    `stored`는 가운데 정사각형을 줄인 크기, `side`는 거기서 잘라 모델에 넣는 크기입니다(픽셀).
    `standardized`가 거짓이면 논문처럼 0~255인 픽셀에서 평균만 뺍니다. 초깃값 N(0, 0.01)이 그 크기에
    맞습니다. PyTorch의 초깃값을 쓰는 모델은 표준편차로도 나눕니다.
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


@dataclass
class State:
    """학습의 지금 상태입니다. 모든 무작위가 시드와 스텝의 번호로 정해지므로 난수는 들지 않습니다.

    `epoch`와 `step`(그 에폭에서 마친 스텝), 그 에폭의 `[손실의 합, 틀린 수, 센 수]`, 읽지 못해
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

    def parts(self) -> dict:
        return {"model": self.model.module, "optimizer": self.optimizer,
                "scheduler": self.scheduler, "scaler": self.scaler}  # fmt: skip

    def pack(self) -> dict:
        """체크포인트에 담을 dict입니다. `weights_only=True`로 읽을 수 있는 것만 듭니다."""
        progress = {"colors": self.colors, "epoch": self.epoch, "step": self.step,
                    "sums": self.sums, "skipped": self.skipped}  # fmt: skip
        return progress | {name: part.state_dict() for name, part in self.parts().items()}

    def unpack(self, saved: dict) -> None:
        for name, part in self.parts().items():
            part.load_state_dict(saved[name])
        for name in ("epoch", "step", "sums", "skipped"):
            setattr(self, name, saved[name])


def start(options: Namespace, choice: Choice, num_classes: int, colors: dict, device) -> State:
    """논문의 SGD와 학습률 규칙입니다 (Krizhevsky 2012, §5). 프로세스마다 같은 파라미터입니다."""
    torch.manual_seed(options.seed)
    model = choice.make(num_classes)
    for name, layer in list(model.classifier.named_children()):
        if isinstance(layer, nn.Dropout):
            setattr(model.classifier, name, BatchDropout(layer.p))
    model = DistributedDataParallel(
        model.to(device, torch.float64 if options.precision == "float64" else torch.float32),
        device_ids=[device.index] if device.type == "cuda" else None,
        gradient_as_bucket_view=True,  # 주고받는 자리에 바로 두어 기울기 한 벌의 메모리를 아낍니다.
    )
    optimizer = torch.optim.SGD(
        model.parameters(), lr=options.lr, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY
    )
    # 논문은 손으로 세 번 1/10로 줄였습니다. 여기서는 같은 규칙을 코드가 지킵니다.
    scheduler = ReduceLROnPlateau(
        optimizer, factor=0.1, patience=options.patience, min_lr=options.lr / 1000
    )
    scaler = GradScaler(enabled=options.precision == "float16")
    return State(model, optimizer, scheduler, scaler, colors, choice)


def autocast(device: torch.device, precision: str):
    """혼합 정밀도입니다. 16비트가 아니면 아무것도 하지 않습니다."""
    if precision in ("float32", "float64"):
        return nullcontext()
    return torch.autocast(device.type, dtype=getattr(torch, precision))


def train_step(state: State, batch: list[Tensor], options: Namespace, *, seed: int) -> Tensor:
    """SGD 한 스텝을 하고 이 프로세스의 `[손실의 합, 틀린 수, 센 수]`를 돌려줍니다.

    맡은 이미지를 `options.micro_batch`장씩 나누어 기울기를 모으고, 마지막 조각에서만 프로세스끼리
    평균합니다. 기울기는 전체 배치에서 읽은 이미지 수로 나눈 평균 손실의 것입니다.
    """
    model, rank, size = state.model, distributed.get_rank(), distributed.get_world_size()
    device, dtype = next((p.device, p.dtype) for p in model.parameters())
    images, labels, amounts, _ = (part.to(device, non_blocking=True) for part in batch)
    rows = torch.arange(rank, options.batch_size, size, device=device)
    micro_batch = options.micro_batch or len(rows)
    pieces = [part.split(micro_batch) for part in (images, labels, amounts, rows)]
    count = total((labels != SKIPPED).sum()).clamp(min=1)
    sums = torch.zeros(3, dtype=torch.float64, device=device)
    state.optimizer.zero_grad()
    for number, (x, y, amount, row) in enumerate(zip(*pieces, strict=True), start=1):
        for layer in model.module.classifier:
            if isinstance(layer, BatchDropout):
                layer.batch_size, layer.rows = options.batch_size, row
        torch.manual_seed(seed)  # 조각마다 같은 온전한 마스크를 뽑습니다.
        x = normalize(x, amount, state.colors, standardized=state.choice.standardized, dtype=dtype)
        with nullcontext() if number == len(pieces[0]) else model.no_sync():
            with autocast(device, options.precision):
                logits = model(x)
            loss = F.cross_entropy(logits.to(dtype), y, ignore_index=SKIPPED, reduction="sum")
            # DDP는 프로세스 수로 나눈 평균을 내므로, 그 수를 곱해 전체 배치의 평균으로 만듭니다.
            state.scaler.scale(loss * size / count).backward()
        used = y != SKIPPED
        sums += torch.stack([loss.detach(), ((logits.argmax(1) != y) & used).sum(), used.sum()])
    state.scaler.step(state.optimizer)
    state.scaler.update()
    return sums


def open_loader(train: ImageTree, options: Namespace) -> DataLoader:
    """학습 이미지의 DataLoader입니다. 배치의 목록(`batch_sampler`)은 에폭마다 채웁니다.

    에폭마다 워커를 새로 띄우면 첫 배치들이 늦어, 기록한 속도가 몇 배씩 오르내립니다.
    """
    return DataLoader(
        train, batch_sampler=[], num_workers=options.workers,
        persistent_workers=options.workers > 0, pin_memory=torch.cuda.is_available(),
    )  # fmt: skip


def train_epoch(state: State, loader: DataLoader, options: Namespace, settings: dict) -> None:
    """한 에폭을 (이어서) 학습합니다. 정한 스텝마다 기록과 체크포인트를 남깁니다."""
    train, size = loader.dataset, distributed.get_world_size()
    steps = len(train) // options.batch_size
    loader.batch_sampler[:] = batches(
        len(train), options.batch_size, rank=distributed.get_rank(), size=size,
        seed=options.seed, epoch=state.epoch, done=state.step,
    )  # fmt: skip
    sums, names, began, since = 0, set(), time.perf_counter(), state.step
    for batch in loader:
        done = state.epoch * steps + state.step
        sums = sums + train_step(state, batch, options, seed=options.seed * 1_000_003 + done)
        names |= {train.names[index] for index in batch[3][batch[1] == SKIPPED].tolist()}
        state.step += 1
        saving = state.step % options.save_every == 0 and state.step < steps
        if not (saving or state.step % options.log_every == 0 or state.step == steps):
            continue
        loss, wrong, count = total(sums).tolist()
        if not math.isfinite(loss):
            fail(f"{done + 1}번째 스텝 앞에서 손실이 {loss}이(가) 되었습니다. 체크포인트는 그 "
                 "앞의 것입니다. --out에 새 폴더를 적고 --lr을 10분의 1로 하십시오.")  # fmt: skip
        state.sums = [a + b for a, b in zip(state.sums, (loss, wrong, count), strict=True)]
        found = set().union(*gather(names)) - set(state.skipped)
        state.skipped = sorted(found | set(state.skipped))
        if found:
            say(f"주의: 읽지 못해 건너뛴 이미지 {len(found)}장: {', '.join(sorted(found)[:5])}")
        if len(state.skipped) > MOST_SKIPPED * len(train):
            fail(f"학습 이미지 {len(train):,}장 가운데 {len(state.skipped):,}장을 벌써 읽지 "
                 "못했습니다. --data의 이미지가 온전한지 확인하십시오.")  # fmt: skip
        seconds = time.perf_counter() - began
        row = {
            "epoch": state.epoch, "step": done + 1, "loss": loss / max(count, 1),
            "error": wrong / max(count, 1), "lr": state.optimizer.param_groups[0]["lr"],
            "images_per_second": (state.step - since) * options.batch_size / seconds,
            "skipped": len(state.skipped), "processes": size,
        }  # fmt: skip
        keep(state, row, options, settings if saving else None)
        say(f"{state.epoch + 1}에폭 {state.step}/{steps}스텝: 손실 {row['loss']:.4f}, "
            f"오류율 {row['error']:.2%}, 초당 {row['images_per_second']:,.0f}장")  # fmt: skip
        sums, names, began, since = 0, set(), time.perf_counter(), state.step


def finish_epoch(
    state: State, result: dict, options: Namespace, settings: dict, *, steps: int
) -> None:
    """에폭을 마칩니다: 학습률을 정하고, 기록과 체크포인트를 남깁니다."""
    loss, wrong, count = state.sums
    state.scheduler.step(result["error"])
    row = {
        "epoch": state.epoch, "step": (state.epoch + 1) * steps, "train_loss": loss / count,
        "train_error": wrong / count, "val_error": result["error"],
        "val_top5_error": result["top5_error"], "skipped": len(state.skipped),
    }  # fmt: skip
    state.epoch, state.step, state.sums = state.epoch + 1, 0, [0.0, 0.0, 0.0]
    keep(state, row, options, settings)
    say(f"{state.epoch}/{options.epochs}에폭: 학습 오류율 {row['train_error']:.2%}, 검증 top-1 "
        f"오류율 {row['val_error']:.2%}, top-5 {row['val_top5_error']:.2%}")  # fmt: skip


@torch.no_grad()
def evaluate(state: State, tree: ImageTree, options: Namespace, *, num_crops: int) -> dict:
    """검증 이미지를 프로세스끼리 나누어 측정합니다: `{"error", "top5_error", "images"}`.

    `num_crops`가 10이면 논문처럼 10-크롭의 확률을 평균합니다(Krizhevsky 2012, §4.1). 클래스가
    다섯보다 적으면 top-5 오류율은 0입니다. 읽지 못한 이미지는 세지 않습니다.
    """
    model, choice = state.model.module, state.choice  # 기울기를 주고받지 않으므로 안의 모델입니다.
    device, dtype = next((p.device, p.dtype) for p in model.parameters())
    rank, size = distributed.get_rank(), distributed.get_world_size()
    own = [(0, index) for index in range(rank, len(tree), size)]
    loader = DataLoader(tree, batch_size=EVALUATED, sampler=own, num_workers=options.workers)
    sums = torch.zeros(3, dtype=torch.float64, device=device)
    model.eval()
    for batch in loader:
        images, labels, amounts, _ = (part.to(device) for part in batch)
        images = normalize(
            images, amounts, state.colors, standardized=choice.standardized, dtype=dtype
        )
        crops = ten_crop(images, choice.side) if num_crops == 10 else [
            center_crop(images, choice.side)
        ]  # fmt: skip
        with autocast(device, options.precision):
            chances = sum(model(crop).to(dtype).softmax(1) for crop in crops)
        used = labels != SKIPPED
        found = chances.topk(min(5, chances.shape[1])).indices == labels[:, None]
        sums += torch.stack([(~found[:, 0] & used).sum(), (~found.any(1) & used).sum(), used.sum()])
    model.train()
    wrong, wrong5, count = total(sums).tolist()
    if count == 0:
        fail(f"{tree.folder}에서 이미지를 한 장도 읽지 못했습니다.")
    return {"error": wrong / count, "top5_error": wrong5 / count, "images": int(count)}


# --- 체크포인트와 기록 ----------------------------------------------------------------------------


def keep(state: State, row: dict, options: Namespace, settings: dict | None) -> None:
    """기록을 한 줄 보태고, `settings`가 있으면 체크포인트도 남깁니다. 못 하면 알리고 계속합니다."""
    if not is_first():
        return
    try:
        append_row(options.out, row)
        if settings:
            save_checkpoint(options.out, {"settings": settings} | state.pack(), step=row["step"])
    except (OSError, RuntimeError, MemoryError) as error:
        say(f"주의: 체크포인트나 기록을 쓰지 못했습니다({error}). 앞선 것은 그대로입니다. "
            "디스크의 빈 자리를 확인하십시오.")  # fmt: skip


def save_checkpoint(folder: Path, content: dict, *, step: int) -> None:
    """`checkpoint-스텝.pt`로 남기고 오래된 것을 지웁니다.

    디스크가 차면 OSError나 RuntimeError를 내고, 앞선 것은 그대로입니다.
    """
    checkpoint.save(folder / f"checkpoint-{step:09d}.pt", content)
    for old in newest_first(folder)[KEPT:]:
        old.unlink()


def newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob("checkpoint-*.pt"), reverse=True)


def find_checkpoint(folder: Path) -> tuple[Path | None, list[str]]:
    """온전한 가장 새로운 체크포인트와, 쓰지 않은 것의 이름들입니다."""
    refused = []
    for path in newest_first(folder):
        try:
            checkpoint.load(path)
            return path, refused
        except ValueError:
            refused.append(path.name)
    return None, refused


def load_checkpoint(folder: Path, settings: dict) -> dict | None:
    """이어서 시작할 체크포인트를 읽습니다. 없으면 None, 다른 설정의 것이면 모두 끝냅니다."""
    path, refused = from_first(lambda: find_checkpoint(folder))
    if refused:
        after = f"{path.name}에서 이어집니다." if path else "처음부터 시작합니다."
        say(f"주의: {', '.join(refused)}은(는) 내용이 상해 쓰지 않습니다. {after}")
    if path is None:
        return None
    saved = checkpoint.load(path)
    old = saved["settings"]
    changed = [f"{name}: {old.get(name)} → {value}"
               for name, value in settings.items() if old.get(name) != value]  # fmt: skip
    if changed:
        fail(f"{folder}에는 다른 설정으로 하던 학습이 있습니다({', '.join(changed)}). 그 설정으로 "
             "이어 가거나 --out에 다른 폴더를 적으십시오.")  # fmt: skip
    return saved


def append_row(folder: Path, row: dict) -> None:
    with (folder / LOG).open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(row, ensure_ascii=False) + "\n")


def read_rows(folder: Path) -> list[dict]:
    """기록의 줄들입니다. 쓰다가 끊긴 마지막 줄은 버립니다."""
    rows = []
    if (folder / LOG).exists():
        for line in (folder / LOG).read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                rows.append(json.loads(line))
            except json.JSONDecodeError:
                break
    return rows


def keep_rows(folder: Path, *, until: int) -> None:
    """이어서 시작하는 스텝(`until`)까지의 줄만 남깁니다. 그 뒤는 다시 합니다."""
    kept = [row for row in read_rows(folder) if row["step"] <= until]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept)
    checkpoint.write_atomically(folder / LOG, text.encode())
