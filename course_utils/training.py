"""학습에 필요한 것만 담았습니다: 시드 고정, 장치 고르기, `fit`, `evaluate`.

학습 루프는 `fit` 안에 그대로 보입니다. 데이터는 이미 텐서이므로 DataLoader를 쓰지 않습니다.
"""

import math
import os
import random
from collections.abc import Callable
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm.auto import tqdm

MORE_MEMORY = (
    "그래도 모자라면 다른 노트북의 커널을 끄고 이 커널도 다시 시작하거나, 더 적은 이미지나 더 작은 "
    "모델을 쓰십시오."
)


def set_seed(seed: int) -> None:
    """Python, NumPy, PyTorch의 난수를 한 번에 고정합니다."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.backends.cudnn.deterministic = True  # GPU에서도 같은 시드면 같은 곡선입니다.


def pick_device() -> torch.device:
    """계산할 장치입니다: 환경 변수 COURSE_DEVICE가 있으면 그것, 없으면 CUDA, 그것도 없으면 CPU.

    Apple의 MPS는 수가 조금 다르고 float64가 없어, COURSE_DEVICE=mps로 고를 때만 씁니다. 쓸 수 없는
    장치이면 ValueError를 냅니다.
    """
    asked = os.environ.get("COURSE_DEVICE") or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.empty(0, device=asked).device
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"COURSE_DEVICE={asked}은(는) 이 컴퓨터에서 쓸 수 없습니다. cpu, cuda, mps 가운데 "
            "있는 것을 적거나 지우십시오."
        ) from error


def device_of(model: nn.Module) -> torch.device:
    """모델의 첫 파라미터가 놓인 장치입니다. 파라미터가 없으면 CPU입니다."""
    first = next(model.parameters(), None)
    return torch.device("cpu") if first is None else first.device


@contextmanager
def _evaluating(model: nn.Module):
    """잠시 평가 모드로 두었다가 층마다 원래 모드로 되돌립니다."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        model.eval()
        with torch.no_grad():
            yield
    finally:
        for module, mode in modes:
            module.training = mode


def predict(model: nn.Module, images: Tensor, *, batch_size: int = 500) -> Tensor:
    """모든 이미지의 출력을 배치로 나누어 계산해 CPU 텐서 `(N, 클래스)`로 돌려줍니다.

    메모리가 모자라면 배치를 절반으로 줄여 다시 합니다. 한 장도 안 되면 MemoryError를 냅니다.
    """
    device = device_of(model)
    with _evaluating(model):
        while True:
            try:
                batches = images.split(batch_size)
                return torch.cat([model(batch.to(device)).cpu() for batch in batches])
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                if batch_size == 1:
                    raise MemoryError(f"한 장도 계산하지 못했습니다. {MORE_MEMORY}") from error
            batch_size //= 2


def evaluate(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    *,
    loss_function: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy,
    choose: Callable = torch.argmax,
) -> dict[str, float]:
    """평균 손실과 정확도 `{"loss", "accuracy"}`를 표본 단위로 평균해 돌려줍니다.

    `choose`는 출력에서 답을 고르는 함수입니다. 벌점을 내는 모델에는 `torch.argmin`을 넘기십시오.
    """
    outputs = predict(model, images)
    labels = as_class_indices(labels.cpu())
    return {
        "loss": loss_function(outputs, labels).item(),
        "accuracy": (choose(outputs, dim=1) == labels).float().mean().item(),
    }


def fit(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    *,
    optimizer: torch.optim.Optimizer,
    num_epochs: int,
    batch_size: int,
    loss_function: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy,
    choose: Callable = torch.argmax,
    scheduler: torch.optim.lr_scheduler.LRScheduler | None = None,
    augment: Callable[[Tensor], Tensor] | None = None,
    test: tuple[Tensor, Tensor] | None = None,
    on_step: Callable[[dict], None] | None = None,
    read_every: int | None = None,
    progress: bool = True,
) -> dict:
    """모델을 학습하고 기록을 돌려줍니다. 그림을 그리거나 파일을 저장하지 않습니다.

    Args:
        images, labels: 학습 데이터 전체 `(N, C, H, W)`와 정수 레이블 `(N,)`.
        scheduler: 배치마다 한 번 `step()`을 부릅니다.
        augment: 배치 텐서를 받아 같은 모양의 텐서를 돌려주는 함수.
        test: `(images, labels)`를 주면 에폭마다 평가합니다.
        on_step: 배치마다 지금까지의 기록으로 부르는 함수(실시간 그래프용).
        read_every: 몇 배치마다 손실을 읽어 NaN인지 볼지. 없으면 CPU에서는 1, GPU에서는 10입니다
            (GPU의 값을 읽으면 앞의 계산이 모두 끝나기를 기다립니다).

    Returns:
        JSON으로 저장할 수 있는 dict: `step_loss`(배치마다), `train_loss`, `train_accuracy`,
        `test_loss`, `test_accuracy`(에폭마다), `stopped`(끝까지 갔으면 None, 아니면 이유).
        정확도는 0과 1 사이이고, 학습 값은 에폭이 진행되는 동안의 표본 평균입니다.

    커널을 중단(■)하거나, 손실이 NaN이 되거나, 메모리가 모자라면 그때까지 배운 가중치와 끝난 에폭의
    기록을 남기고 이유를 알리며 멈춥니다.
    """
    if len(images) != len(labels) or len(images) == 0:
        raise ValueError(
            f"이미지({len(images)}장)와 레이블({len(labels)}개)의 수가 같고 1 이상이어야 합니다."
        )
    names = ("step_loss", "train_loss", "train_accuracy", "test_loss", "test_accuracy")
    history: dict = {name: [] for name in names} | {"stopped": None}
    num_batches = num_epochs * math.ceil(len(images) / batch_size)
    bar = tqdm(
        total=num_batches, desc="학습", unit="배치", leave=False, mininterval=0.5,
        disable=not progress,
    )  # fmt: skip
    try:
        device = device_of(model)
        images, labels = images.to(device), as_class_indices(labels.to(device))
        if read_every is None:
            read_every = 1 if device.type == "cpu" or on_step is not None else 10
        model.train()
        for _ in range(num_epochs):
            batches = _split_order(torch.randperm(len(images)).to(device), batch_size, model)
            unread: list[Tensor] = []
            correct = torch.zeros((), dtype=torch.long, device=device)
            for batch in batches:
                # images[batch]와 같은 것을 절반의 시간에 꺼냅니다.
                x, y = images.index_select(0, batch), labels[batch]
                if augment is not None:
                    x = augment(x)
                optimizer.zero_grad()
                outputs = model(x)
                if not history["step_loss"] and labels.max() >= outputs.shape[1]:
                    raise ValueError(
                        f"레이블의 최댓값이 {int(labels.max())}인데 모델의 출력은 "
                        f"{outputs.shape[1]}개(0~{outputs.shape[1] - 1})입니다. 레이블이 1부터라면 "
                        "labels - 1을 넘기고, 아니라면 모델의 클래스 수를 늘리십시오."
                    )
                loss = loss_function(outputs, y)
                unread.append(loss.detach())
                values = []
                if len(unread) == read_every or batch is batches[-1]:
                    values, unread = torch.stack(unread).tolist(), []
                for step, value in enumerate(values, len(history["step_loss"])):
                    if not math.isfinite(value):
                        history["stopped"] = _diverged(value, step)
                        print(history["stopped"])
                        return history
                loss.backward()
                optimizer.step()
                if scheduler is not None:
                    scheduler.step()
                correct += (choose(outputs.detach(), dim=1) == y).sum()
                history["step_loss"] += values
                bar.update()
                if on_step is not None:
                    on_step(history)
            epoch_losses = history["step_loss"][-len(batches) :]
            loss_sum = sum(v * len(b) for v, b in zip(epoch_losses, batches, strict=True))
            history["train_loss"].append(loss_sum / len(images))
            history["train_accuracy"].append(correct.item() / len(images))
            if test is not None:
                result = evaluate(model, *test, loss_function=loss_function, choose=choose)
                history["test_loss"].append(result["loss"])
                history["test_accuracy"].append(result["accuracy"])
    except KeyboardInterrupt:
        torch.set_grad_enabled(True)  # 평가하던 도중이면 꺼진 채로 남을 수 있습니다.
        _keep_whole_epochs(history, tested=test is not None)
        history["stopped"] = (
            f"학습을 중단했습니다. {len(history['train_loss'])}에폭까지의 기록과 "
            f"{len(history['step_loss'])}번 갱신한 가중치는 그대로 남아 있습니다."
        )
        print(history["stopped"])
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        _keep_whole_epochs(history, tested=test is not None)
        history["stopped"] = (
            f"{len(history['step_loss']) + 1}번째 배치에서 메모리가 모자라 학습을 멈췄습니다. "
            f"batch_size({batch_size})를 절반으로 줄여 다시 시작하십시오. {MORE_MEMORY}"
        )
        print(history["stopped"])
    finally:
        bar.close()
    return history


def as_class_indices(labels: Tensor) -> Tensor:
    """정수 레이블 `(N,)`을 손실 함수가 받는 int64로 바꿉니다. 다른 꼴이면 ValueError입니다."""
    if labels.ndim != 1:
        raise ValueError(
            f"레이블은 (N,) 모양이어야 하는데 {tuple(labels.shape)}이(가) 왔습니다. "
            "(N, 1)이면 labels.squeeze(1)을, 원-핫이면 labels.argmax(1)을 넘기십시오."
        )
    if labels.is_floating_point() or labels.is_complex():
        raise ValueError(
            f"레이블은 정수여야 하는데 {labels.dtype}입니다. labels.long()을 넘기십시오."
        )
    return labels.long()


def _split_order(order: Tensor, batch_size: int, model: nn.Module) -> list[Tensor]:
    """배치로 나눕니다. 한 장짜리 배치에서는 BatchNorm의 분산이 없으므로 앞 배치에 붙입니다."""
    batches = list(order.split(batch_size))
    if len(batches) > 1 and len(batches[-1]) == 1 and any(
        isinstance(layer, nn.modules.batchnorm._BatchNorm) for layer in model.modules()
    ):
        batches[-2:] = [torch.cat(batches[-2:])]
    return batches


def _keep_whole_epochs(history: dict, *, tested: bool) -> None:
    """끝까지 가지 못한 에폭의 값을 지워 에폭별 기록을 같은 길이로 맞춥니다."""
    names = ["train_loss", "train_accuracy"] + ["test_loss", "test_accuracy"] * tested
    num_epochs = min(len(history[name]) for name in names)
    for name in names:
        del history[name][num_epochs:]


def is_out_of_memory(error: Exception) -> bool:
    """CUDA, MPS, CPU는 저마다 다른 말의 RuntimeError로 알립니다."""
    words = ("out of memory", "allocate memory", "not enough memory", "bad_alloc", "ALLOC_FAILED")
    return isinstance(error, MemoryError) or any(word in str(error) for word in words)


def _diverged(value: float, step: int) -> str:
    return (
        f"{step + 1}번째 배치에서 손실이 {value}이(가) 되어 학습을 멈췄습니다. "
        "학습률을 10분의 1로 줄이고 모델을 새로 만들어 다시 시작하십시오. "
        "그래도 같으면 입력에 NaN이 있는지(images.isfinite().all()) 확인하십시오."
    )
