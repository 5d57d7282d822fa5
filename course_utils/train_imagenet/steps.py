"""학습 한 걸음과 평가입니다. 몇 개의 프로세스로 나누어도 한 프로세스와 같은 계산입니다."""

from contextlib import nullcontext

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader

from course_utils.train_imagenet.images import (
    SKIPPED,
    GlobalBatchSampler,
    ImageTree,
    crops,
    normalize,
)
from course_utils.train_imagenet.processes import fail, total
from course_utils.train_imagenet.settings import Choice


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


def load_batches(tree: ImageTree, sampler: GlobalBatchSampler, *, workers: int) -> DataLoader:
    return DataLoader(
        tree, batch_sampler=sampler, num_workers=workers, pin_memory=torch.cuda.is_available()
    )


def train_step(
    model: DistributedDataParallel,
    batch: tuple[Tensor, Tensor, Tensor, Tensor],
    *,
    optimizer: torch.optim.Optimizer,
    scaler: torch.cuda.amp.GradScaler,
    colors: dict,
    choice: Choice,
    sampler: GlobalBatchSampler,
    micro_batch: int | None,
    precision: str,
    seed: int,
) -> Tensor:
    """SGD 한 걸음을 하고 이 프로세스의 `[손실의 합, 틀린 수, 센 수]`를 돌려줍니다.

    맡은 이미지를 `micro_batch`장씩 나누어 변화도를 모으고, 마지막 조각에서만 프로세스끼리
    평균합니다. 변화도는 전체 배치에서 읽은 이미지 수로 나눈 평균 손실의 것입니다.
    """
    device, dtype = next((p.device, p.dtype) for p in model.parameters())
    images, labels, amounts, _ = (part.to(device, non_blocking=True) for part in batch)
    rows = torch.arange(sampler.rank, sampler.batch_size, sampler.size, device=device)
    pieces = [part.split(micro_batch or len(rows)) for part in (images, labels, amounts, rows)]
    count = total((labels != SKIPPED).sum()).clamp(min=1)
    sums = torch.zeros(3, dtype=torch.float64, device=device)
    optimizer.zero_grad()
    for i, (x, y, amount, row) in enumerate(zip(*pieces, strict=True)):
        for layer in model.module.classifier:
            if isinstance(layer, BatchDropout):
                layer.batch_size, layer.rows = sampler.batch_size, row
        torch.manual_seed(seed)  # 조각마다 같은 온전한 마스크를 뽑습니다.
        x = normalize(x, amount, colors, standardized=choice.standardized, dtype=dtype)
        last = i == len(pieces[0]) - 1
        with nullcontext() if last else model.no_sync():
            with autocast(device, precision):
                logits = model(x)
            loss = F.cross_entropy(logits.to(dtype), y, ignore_index=SKIPPED, reduction="sum")
            # DDP는 프로세스 수로 나눈 평균을 내므로, 그 수를 곱해 전체 배치의 평균으로 만듭니다.
            scaler.scale(loss * sampler.size / count).backward()
        used = y != SKIPPED
        sums += torch.stack([loss.detach(), ((logits.argmax(1) != y) & used).sum(), used.sum()])
    scaler.step(optimizer)
    scaler.update()
    return sums


@torch.no_grad()
def evaluate(
    model: DistributedDataParallel,
    tree: ImageTree,
    *,
    colors: dict,
    choice: Choice,
    num_crops: int,
    precision: str,
    workers: int,
    rank: int,
    size: int,
    batch_size: int = 64,
) -> dict[str, float]:
    """검증 이미지를 프로세스끼리 나누어 잽니다: `{"error", "top5_error", "images"}`.

    `num_crops`가 10이면 논문처럼 열 자르기의 확률을 평균합니다(Krizhevsky 2012, §4.1). 클래스가
    다섯보다 적으면 top-5 오류율은 0입니다. 읽지 못한 이미지는 세지 않습니다.
    """
    device, dtype = next((p.device, p.dtype) for p in model.parameters())
    own = [(0, index) for index in range(rank, len(tree), size)]
    loader = DataLoader(tree, batch_size=batch_size, sampler=own, num_workers=workers)
    sums = torch.zeros(3, dtype=torch.float64, device=device)
    model.eval()
    for batch in loader:
        images, labels, amounts, _ = (part.to(device) for part in batch)
        images = normalize(
            images, amounts, colors, standardized=choice.standardized, dtype=dtype
        )
        with autocast(device, precision):  # 변화도를 주고받지 않으므로 안의 모델을 바로 부릅니다.
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
