"""받은 모델, 학습률, 학습 한 걸음, 예측 함수를 짧게 써 보고 흔한 실수를 찾습니다."""

import copy
import math
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from course_utils.smoke_test.report import Report
from course_utils.smoke_test.trials import BATCH_SIZE, batches
from course_utils.training import device_of
from course_utils.training import predict as predict_correctly

# 배치 하나는 외울 수 있어야 합니다. LeNet은 무작위 레이블 32개도 수십 걸음이면 외웁니다.
# 한 가지로만 답할 때와 모두 외울 때의 절반도 못 가면 걸음이 고장입니다. 0.9이면 그만 봅니다.
OVERFIT_STEPS, OVERFIT_RATES, MEMORIZED, BROKEN = 200, (1e-3, 1e-2), 0.9, 0.5
# 받은 학습률이 손실을 1/20도 못 줄일 때만, 만 분의 1부터 만 배까지 바꾸어 같은 모델을 같은 걸음만큼
# 학습합니다. 손실을 절반으로 줄이는 것이 나오면 그만 찾습니다.
FACTORS, NUM_STEPS = (1.0, 0.1, 10.0, 0.01, 100.0, 0.001, 1000.0, 1e-4, 1e4), 120
GOOD_DROP = 0.5
# 가장 잘된 학습률이 줄인 손실의 1/20도 못 줄였으면 알맞지 않다고 말합니다. 가장 잘된 것이라도
# 손실을 1/10은 줄였어야 견줄 수 있습니다.
LEAST_PROGRESS, LEAST_DROP = 0.05, 0.1
# 반올림 오차는 100만 분의 1쯤이고, 드롭아웃과 배치 정규화는 출력을 수십 % 흔듭니다.
SAME_OUTPUT = 0.01
NUM_PREDICTED = 64


def step_correctly(model: nn.Module, optimizer, images: Tensor, labels: Tensor) -> None:
    """학습 한 걸음의 본보기입니다."""
    model.train()
    optimizer.zero_grad()
    F.cross_entropy(model(images), labels).backward()
    optimizer.step()


class Pipeline:
    """같은 가중치에서 되풀이해 시작할 수 있게 묶은, 받은 모델과 함수들입니다."""

    def __init__(self, model, make_optimizer, train_step, predict, images, labels, deadline):
        self.model, self.make_optimizer, self.deadline = model, make_optimizer, deadline
        self.train_step = train_step or step_correctly
        self.predict = predict or predict_correctly
        device = device_of(model)
        self.images, self.labels = images.to(device), labels.to(device)

    def run(self, make_optimizer: Callable, rows: Tensor, num_steps: int, *, enough=None):
        """복사한 모델을 `num_steps`걸음 학습해 돌려줍니다. `enough(모델)`이면 일찍 멈춥니다."""
        with torch.random.fork_rng(devices=[]):  # 모든 시도가 같은 배치 순서와 드롭아웃을 씁니다.
            model = copy.deepcopy(self.model).train()
            optimizer = make_optimizer(model.parameters())
            for done, batch in enumerate(batches(len(rows), self.deadline, num_steps=num_steps)):
                chosen = rows[batch].to(self.images.device)
                self.train_step(model, optimizer, self.images[chosen], self.labels[chosen])
                if enough is not None and done % 20 == 19 and enough(model):
                    break
        return model

    def outputs(self, model: nn.Module, rows) -> Tensor:
        """받은 예측 함수가 아니라 평가 모드로 바르게 낸 출력입니다."""
        return predict_correctly(model, self.images[rows])

    @property
    def is_late(self) -> bool:
        return time.monotonic() > self.deadline


def check_outputs(pipeline: Pipeline, report: Report) -> bool:
    """출력의 모양이 레이블과 맞으면 참입니다."""
    outputs, highest = pipeline.outputs(pipeline.model, slice(0, 2)), int(pipeline.labels.max())
    if outputs.ndim == 2 and outputs.shape[1] > highest and int(pipeline.labels.min()) >= 0:
        return True
    report.add(
        "label_range",
        f"모델의 출력이 {tuple(outputs.shape)}인데 레이블은 {int(pipeline.labels.min())}부터 "
        f"{highest}까지입니다.",
        "마지막 층의 출력을 클래스의 수와 같게 하고, 레이블을 0부터 매기십시오.",
    )
    return False


def check_one_batch(pipeline: Pipeline, report: Report) -> bool:
    """서로 다른 이미지 한 배치를 외우면 참입니다. 학습률이 아니라 모델과 걸음을 봅니다."""
    rows = _distinct(pipeline.images[: 4 * BATCH_SIZE])
    rows = take_turns(rows, pipeline.labels[rows].cpu())[:BATCH_SIZE]
    counts = pipeline.labels[rows].unique(return_counts=True)[1]
    majority = counts.max().item() / len(rows)
    if len(counts) == 1:
        return True  # 한 클래스뿐인 배치로는 외웠는지 알 수 없습니다.

    def accuracy(model):
        answers = pipeline.outputs(model, rows).argmax(dim=1)
        return (answers == pipeline.labels[rows].cpu()).float().mean().item()

    best = 0.0
    for rate in OVERFIT_RATES:
        model = pipeline.run(
            lambda parameters, rate=rate: torch.optim.Adam(parameters, lr=rate),
            rows, OVERFIT_STEPS, enough=lambda model: accuracy(model) >= MEMORIZED,
        )  # fmt: skip
        best = max(best, accuracy(model))
        if best >= MEMORIZED:
            break
    report.figures["배치 하나를 외운 정확도"] = best
    if best - majority >= BROKEN * (1 - majority):
        return True
    if pipeline.is_late:
        report.notices.append("시간이 모자라 배치 하나를 외우는지 끝까지 보지 못했습니다.")
        return True
    report.add(
        "overfit_batch",
        f"이미지 {len(rows)}장짜리 배치 하나를 {OVERFIT_STEPS}걸음 동안 되풀이해도 {best:.0%}만 "
        "외웁니다.",
        "zero_grad → 순전파 → 손실 → backward → step이 모두 있는지, 손실이 모델의 출력에서 "
        "이어지는지 보십시오.",
    )
    return False


def _distinct(images: Tensor) -> Tensor:
    """서로 다른 이미지의 번호입니다."""
    _, groups = images.flatten(1).cpu().unique(dim=0, return_inverse=True)
    return torch.tensor(list({group: row for row, group in enumerate(groups.tolist())}.values()))


def take_turns(rows: Tensor, labels: Tensor) -> Tensor:
    """클래스마다 하나씩 번갈아 늘어놓습니다. 한 클래스가 많으면 그것만 답하다가 멈추기 쉽습니다."""
    turns = torch.zeros(len(rows), dtype=torch.long)
    for label in labels.unique():
        turns[labels == label] = torch.arange(int((labels == label).sum()))
    return rows[turns.argsort(stable=True)]


def check_learning_rate(pipeline: Pipeline, report: Report) -> None:
    """받은 학습률과, 그보다 작고 큰 학습률을 같은 조건에서 견줍니다."""
    counts = pipeline.labels.unique(return_counts=True)[1].double() / len(pipeline.labels)
    # 이미지를 보지 않고 낼 수 있는 가장 작은 손실과, 배우기 전의 손실 가운데 작은 쪽입니다.
    start = min(-(counts * counts.log()).sum().item(), _loss(pipeline, pipeline.model))
    losses: dict[float, float] = {}
    for factor in FACTORS:
        losses[factor] = _loss_after(pipeline, factor)
        if factor == 1.0:
            report.figures |= {"배우기 전의 손실": start, "주신 학습률의 손실": losses[1.0]}
            if start - losses[1.0] >= LEAST_PROGRESS * start:
                return
        if losses[factor] < GOOD_DROP * start:
            break
        if pipeline.is_late:
            report.notices.append("시간이 모자라 학습률을 끝까지 견주지 못했습니다.")
            return
    best = min(losses, key=losses.get)
    report.figures["가장 작은 손실"] = losses[best]
    if start - losses[best] < LEAST_DROP * start:
        report.notices.append("어떤 학습률로도 손실이 줄지 않아 학습률은 아직 가릴 수 없습니다.")
        return
    if start - losses[1.0] >= LEAST_PROGRESS * (start - losses[best]):
        return
    value = f"{losses[1.0]:.3g}" if math.isfinite(losses[1.0]) else "무한대"
    seen = (f"{NUM_STEPS}걸음 뒤의 손실이 {value}인데, 학습률을 {best:g}배로 하면 "
            f"{losses[best]:.3g}입니다(아무것도 배우지 않으면 {start:.3g}).")  # fmt: skip
    code, size = ("high", "너무 커") if best < 1 else ("low", "너무 작아")
    report.add(
        f"learning_rate_{code}",
        f"학습률이 {size} 보입니다. {seen}",
        f"{best:g}배에서 시작해 손실 곡선을 보며 두세 배씩 바꾸어 보십시오.",
    )


def _loss_after(pipeline: Pipeline, factor: float) -> float:
    def scaled(parameters):
        optimizer = pipeline.make_optimizer(parameters)
        for group in optimizer.param_groups:
            group["lr"] = group["lr"] * factor
        return optimizer

    return _loss(pipeline, pipeline.run(scaled, torch.arange(len(pipeline.images)), NUM_STEPS))


def _loss(pipeline: Pipeline, model: nn.Module) -> float:
    rows = slice(0, 1000)
    loss = F.cross_entropy(pipeline.outputs(model, rows), pipeline.labels[rows].cpu()).item()
    return loss if math.isfinite(loss) else math.inf


def check_modes(pipeline: Pipeline, report: Report) -> None:
    """학습 걸음은 학습 모드인지, 예측은 평가 모드인지 출력으로 봅니다."""
    def gentle(parameters):  # 받은 학습률로 손실이 NaN이 되면 출력을 견줄 수 없습니다.
        return torch.optim.Adam(parameters, lr=OVERFIT_RATES[0])

    frozen: list[bool] = []
    model = pipeline.run(gentle, torch.arange(len(pipeline.images)), 30)
    layers = [m for m in model.modules() if isinstance(m, _DropoutNd | _BatchNorm)]
    hooks = [layer.register_forward_hook(lambda m, *_: frozen.append(not m.training))
             for layer in layers]  # fmt: skip
    images, labels = pipeline.images[:BATCH_SIZE], pipeline.labels[:BATCH_SIZE]
    pipeline.train_step(model.train(), gentle(model.parameters()), images, labels)
    for hook in hooks:
        hook.remove()
    if frozen and all(frozen):
        report.add(
            "train_mode",
            "학습하는 동안 드롭아웃이나 배치 정규화가 모두 평가 모드입니다.",
            "에폭을 시작할 때마다 model.train()을 부르십시오.",
        )
    _check_prediction(pipeline, model.train(), report)


def _check_prediction(pipeline: Pipeline, model: nn.Module, report: Report) -> None:
    images = pipeline.images[:NUM_PREDICTED]
    before = [buffer.clone() for buffer in model.buffers()]
    once, again, part = (
        torch.as_tensor(pipeline.predict(model.train(), batch)).detach().float().cpu()
        for batch in (images, images, images[: len(images) // 4])
    )
    if len(once) != len(images):
        raise ValueError(f"predict에 {len(images)}장을 주었는데 {len(once)}장의 답이 왔습니다.")
    seen = []
    if not _same(once, again):
        seen.append("같은 이미지를 두 번 주었는데 답이 다릅니다")
    elif not _same(once[: len(part)], part):
        seen.append("같은 이미지인데 함께 준 이미지에 따라 답이 다릅니다")
    if not all(map(torch.equal, before, model.buffers())):
        seen.append("예측이 모델의 상태(배치 정규화의 평균)를 바꿉니다")
    if seen:
        report.add(
            "predict_mode",
            f"예측할 때 모델이 학습 모드인 것으로 보입니다: {', '.join(seen)}.",
            "예측하기 전에 model.eval()을, 다시 학습하기 전에 model.train()을 부르십시오. "
            "F.dropout에는 training=self.training을 넘깁니다.",
        )


def _same(first: Tensor, second: Tensor) -> bool:
    return bool((first - second).abs().max() <= SAME_OUTPUT * first.abs().max().clamp_min(1e-6))
