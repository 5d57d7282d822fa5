"""짧게 학습해 봅니다: LeNet으로 레이블을 배울 수 있는지, 받은 모델과 함수에 흔한 실수가 있는지."""

import copy
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd
from torch.overrides import TorchFunctionMode

from course_utils.lenet import LeNet5
from course_utils.smoke_test.data_checks import Report
from course_utils.training import device_of
from course_utils.training import predict as predict_correctly

BATCH_SIZE = 32
NUM_EPOCHS, LEARNING_RATE = 10, 2e-3  # Adam. CIFAR-10 2,000장은 한두 에폭에 배웁니다.
# 정규 분포에서 한쪽 꼬리가 3만 분의 1입니다. 에폭마다 10번 보아도 3천 번에 한 번쯤입니다.
SIGNIFICANT = 4.0
# 일치도(카파)의 99.9% 상한이 1/8보다 낮아야, 무작위 추측과 완벽 사이의 1/8도 못 배웠다고 말합니다.
UPPER, LITTLE = 3.1, 1 / 8
# 이보다 적으면 어려운 데이터와 섞인 레이블을 가릴 수 없습니다(CIFAR-10 250장으로 배운 LeNet의
# 정확도는 20% 남짓이고, 무작위 추측 10%와 겨우 갈립니다). 반으로 학습하므로 클래스마다 10장입니다.
FEWEST_IMAGES, FEWEST_PER_CLASS = 500, 20
# 학습 데이터 안에서 이만큼 배웠거나 세 에폭이 지나면 테스트에서 맞혀 봅니다.
LEARNED, PATIENCE = 1 / 3, 3
FEWEST_TEST_IMAGES = 50
# 배운 것이 적어도, 테스트의 카파의 상한이 학습의 하한의 절반보다 낮으면 테스트 쪽을 의심합니다.
# 거꾸로 테스트의 하한이 학습의 상한보다 이만큼 높으면 학습 레이블 쪽을 의심합니다.
WORSE, BETTER = 0.5, 0.1

# 배치 하나는 외울 수 있어야 합니다. LeNet은 무작위 레이블 32개도 수십 스텝이면 외웁니다.
# 한 가지로만 답할 때와 모두 외울 때의 절반도 못 가면 고장입니다. 0.9이면 그만 봅니다.
OVERFIT_STEPS, OVERFIT_RATES, MEMORIZED, BROKEN = 200, (1e-3, 1e-2), 0.9, 0.5
# 받은 학습률이 손실을 1/20도 못 줄일 때만, 만 분의 1부터 만 배까지 바꾸어 같은 모델을 같은 스텝만큼
# 학습합니다. 손실을 절반으로 줄이는 것이 나오면 그만 찾습니다.
FACTORS, NUM_STEPS = (1.0, 0.1, 10.0, 0.01, 100.0, 0.001, 1000.0, 1e-4, 1e4), 120
GOOD_DROP = 0.5
# 가장 잘된 학습률이 줄인 손실의 1/20도 못 줄였으면 알맞지 않다고 말합니다. 가장 잘된 것이라도
# 손실을 1/10은 줄였어야 비교할 수 있습니다.
LEAST_PROGRESS, LEAST_DROP = 0.05, 0.1
# 반올림 오차는 100만 분의 1쯤이고, 드롭아웃과 배치 정규화는 출력을 수십 % 흔듭니다.
SAME_OUTPUT = 0.01
NUM_PREDICTED = 64


def make_lenet(channels: int, num_classes: int) -> nn.Module:
    """채널과 클래스의 수를 바꾼 `LeNet5`입니다. `(N, channels, 32, 32)` → `(N, num_classes)`"""
    lenet = LeNet5(num_classes)
    lenet.features.C1 = nn.Conv2d(channels, 6, kernel_size=5)
    return nn.Sequential(OrderedDict(
        features=lenet.features, flatten=nn.Flatten(), classifier=lenet.classifier,
    ))  # fmt: skip


def standardize(images: Tensor) -> Tensor:
    """채널마다 평균 0, 표준편차 1로 맞춥니다."""
    mean = images.mean(dim=(0, 2, 3), keepdim=True)
    return (images - mean) / images.std(dim=(0, 2, 3), keepdim=True).clamp_min(1e-6)


def agreement(answers: Tensor, labels: Tensor) -> dict[str, float]:
    """답과 레이블이 서로 무관할 때의 무작위 추측과 비교합니다.

    Returns:
        accuracy: 정확도. chance: 두 분포만 알 때 우연히 같을 비율 Σ pₖqₖ.
        score: (정확도 − 무작위 추측)을 그 표준편차로 나눈 값. kappa: 코언의 카파.
        lower, upper: 카파의 99.9% 하한과 상한. 늘 한 가지로만 답하면 0과 1입니다.
    """
    count, accuracy = len(labels), int((answers == labels).sum()) / max(len(labels), 1)
    classes = torch.cat([answers, labels]).unique()
    shares = [(values[:, None] == classes).float().mean(dim=0) for values in (answers, labels)]
    chance = (shares[0] * shares[1]).sum().item()
    room = 1 - chance
    result = {"accuracy": accuracy, "chance": chance}
    if room < 1e-6:
        return result | {"score": 0.0, "kappa": 0.0, "lower": 0.0, "upper": 1.0}
    likely = max(accuracy, chance)  # 정확도가 0이어도 상한이 0이 되지 않게 합니다.
    spread = UPPER * math.sqrt(max(likely * (1 - likely), 1 / count) / count)
    return result | {
        "score": (accuracy - chance) / math.sqrt(chance * room / count),
        "kappa": (accuracy - chance) / room,
        "lower": (accuracy - spread - chance) / room,
        "upper": (accuracy + spread - chance) / room,
    }


def batches(count: int, deadline: float, *, num_steps: int) -> Iterator[Tensor]:
    """섞은 번호를 배치로 냅니다. 마감이 지나면 그만둡니다.

    BatchNorm이 배울 수 없는 한 장짜리 마지막 배치는 건너뜁니다.
    """
    done = 0
    while done < num_steps:
        for batch in torch.randperm(count).split(BATCH_SIZE):
            if done == num_steps or time.monotonic() > deadline:
                return
            if len(batch) > 1 or count == 1:
                yield batch
            done += 1
        if count == 0:
            return


def check_learning(train, test, num_classes: int, *, deadline: float, report: Report) -> None:
    """반으로 배워 나머지 반을 맞히기를 두 번 합니다. `train`, `test`는 (이미지, 레이블)입니다."""
    images, labels = train
    halves = torch.randperm(len(labels)).chunk(2)
    if min(map(len, halves), default=0) == 0 or len(halves) < 2:
        report.notices.append("이미지가 두 장보다 적어 학습해 보지 않았습니다.")
        return
    models = [make_lenet(images.shape[1], num_classes) for _ in halves]
    optimizers = [torch.optim.Adam(model.parameters(), lr=LEARNING_RATE) for model in models]
    answers, finished = torch.zeros_like(labels), 0
    for epoch in range(1, NUM_EPOCHS + 1):
        for own, other, model, optimizer in zip(halves, halves[::-1], models, optimizers,
                                                strict=True):  # fmt: skip
            for batch in batches(len(own), deadline, num_steps=-(-len(own) // BATCH_SIZE)):
                step_correctly(model, optimizer, images[own[batch]], labels[own[batch]])
            answers[other] = predict_correctly(model, images[other]).argmax(dim=1)
        result = agreement(answers, labels)
        if time.monotonic() > deadline:
            break
        finished += 1
        is_plain = result["score"] > 2 * SIGNIFICANT
        if is_plain and (test is None or result["kappa"] > LEARNED or epoch >= PATIENCE):
            break
    _tell_learning(result, len(labels), num_classes, finished, report)
    if test is not None and len(test[1]) and result["score"] > SIGNIFICANT:
        logits = sum(predict_correctly(model, test[0]).softmax(dim=1) for model in models)
        _tell_test(result, agreement(logits.argmax(dim=1), test[1]), len(test[1]), report)


def _tell_learning(result: dict, count: int, num_classes: int, finished: int, report) -> None:
    accuracy, chance = result["accuracy"], result["chance"]
    report.figures["held_out_accuracy"] = accuracy
    report.figures["chance"] = chance
    if result["score"] > SIGNIFICANT:
        return
    seen = f"LeNet이 검증 이미지의 {accuracy:.1%}를 맞혔고, 무작위 추측은 {chance:.1%}입니다."
    enough = count >= max(FEWEST_IMAGES, FEWEST_PER_CLASS * num_classes)
    if enough and finished == NUM_EPOCHS and result["upper"] < LITTLE:
        report.add(
            "labels_shuffled",
            f"레이블이 이미지와 무관해 보입니다. {seen}",
            "이미지와 레이블이 같은 순서인지 보십시오. 이미지 10장을 레이블과 함께 그리면 "
            "보입니다. 짝이 맞다면 LeNet으로는 배울 수 없는 데이터입니다.",
        )
    else:
        report.notices.append(
            f"레이블이 이미지와 이어져 있는지 아직 가릴 수 없습니다. {seen} "
            f"이미지 {count:,}장과 주어진 시간으로는 어려운 데이터와 섞인 레이블이 비슷합니다."
        )


def _tell_test(train: dict, test: dict, count: int, report: Report) -> None:
    report.figures["test_accuracy"] = test["accuracy"]
    seen = (f"LeNet이 검증 이미지는 {train['accuracy']:.1%}를 맞히는데 테스트 이미지는 "
            f"{test['accuracy']:.1%}를 맞힙니다(무작위 추측 {test['chance']:.1%}).")  # fmt: skip
    is_learned = train["kappa"] > LEARNED and test["upper"] < LITTLE
    if count >= FEWEST_TEST_IMAGES and (is_learned or test["upper"] < WORSE * train["lower"]):
        report.add(
            "test_mismatch",
            seen,
            "테스트 레이블의 순서와 번호, 테스트 이미지의 전처리가 학습과 같은지 보십시오.",
        )
    elif count >= FEWEST_TEST_IMAGES and test["lower"] > train["upper"] + BETTER:
        report.add(
            "label_noise",
            f"{seen} 학습 레이블 가운데 틀린 것이 많아 보입니다.",
            "학습 이미지를 레이블과 함께 수십 장 그려 보십시오. 학습 이미지만 증강해 어렵게 "
            "만들었다면 증강을 빼고 다시 보십시오.",
        )
    elif count >= FEWEST_TEST_IMAGES and test["lower"] > train["upper"]:
        report.notices.append(
            f"{seen} 학습 레이블에 틀린 것이 섞였거나 학습 이미지만 증강했을 수 있습니다."
        )
    elif test["score"] <= SIGNIFICANT:
        report.notices.append(f"테스트 레이블이 맞는지는 아직 가릴 수 없습니다. {seen}")


def step_correctly(model: nn.Module, optimizer, images: Tensor, labels: Tensor) -> None:
    """학습 한 스텝의 본보기입니다."""
    model.train()
    optimizer.zero_grad()
    F.cross_entropy(model(images), labels).backward()
    optimizer.step()


def _copy(model: nn.Module) -> nn.Module:
    """모델의 사본입니다. `self.kept = x`처럼 계산 그래프에 이어진 채 남은 텐서는 떼어 냅니다."""
    def tensors(value):
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, dict | list | tuple):
            for part in value.values() if isinstance(value, dict) else value:
                yield from tensors(part)

    kept = tensors([vars(module) for module in model.modules()])
    return copy.deepcopy(model, {id(t): t.detach().clone() for t in kept if not t.is_leaf})


class _WatchLoss(TorchFunctionMode):
    """교차 엔트로피가 받은 것이 로짓이 아니라 이미 확률이면 `is_probability`가 참이 됩니다."""

    is_probability = False

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function is F.cross_entropy and args[0].ndim == 2 and args[0].shape[1] > 1:
            sums, lowest = args[0].detach().float().sum(dim=1), args[0].detach().min()
            self.is_probability |= bool(lowest >= 0 and (sums - 1).abs().max() < 1e-3)
        return function(*args, **(kwargs or {}))


class Trial:
    """같은 가중치에서 되풀이해 시작할 수 있게 묶은, 받은 모델과 함수들입니다."""

    def __init__(self, model, make_optimizer, train_step, predict, images, labels, deadline):
        self.model, self.make_optimizer, self.deadline = _copy(model), make_optimizer, deadline
        self.train_step = train_step or step_correctly
        self.predict = predict or predict_correctly
        device = device_of(model)
        self.images, self.labels = images.to(device), labels.to(device)

    def run(self, make_optimizer: Callable, rows: Tensor, num_steps: int, *, enough=None):
        """복사한 모델을 `num_steps`스텝 학습해 돌려줍니다. `enough(모델)`이면 일찍 멈춥니다."""
        with torch.random.fork_rng(devices=[]):  # 모든 시도가 같은 배치 순서와 드롭아웃을 씁니다.
            model = _copy(self.model).train()
            optimizer = make_optimizer(model.parameters())
            for done, batch in enumerate(batches(len(rows), self.deadline, num_steps=num_steps)):
                chosen = rows[batch].to(self.images.device)
                self.train_step(model, optimizer, self.images[chosen], self.labels[chosen])
                if enough is not None and done % 20 == 19 and enough(model):
                    break
        return model

    def outputs(self, model: nn.Module, rows) -> Tensor:
        """받은 예측 함수가 아니라 평가 모드로 바르게 낸 출력입니다. 늦었으면 앞의 배치만 냅니다."""
        parts = []
        for images in self.images[rows].split(250):
            parts.append(predict_correctly(model, images))
            if self.is_late:
                break
        return torch.cat(parts)

    def loss(self, model: nn.Module) -> float:
        """앞의 1,000장의 손실입니다. 유한하지 않으면 무한대입니다."""
        outputs = self.outputs(model, slice(0, 1000))
        loss = F.cross_entropy(outputs, self.labels[: len(outputs)].cpu()).item()
        return loss if math.isfinite(loss) else math.inf

    @property
    def is_late(self) -> bool:
        return time.monotonic() > self.deadline


def check_outputs(trial: Trial, report: Report) -> bool:
    """출력의 모양이 레이블과 맞으면 참입니다. 손실이 확률을 받는지도 봅니다."""
    outputs, highest = trial.outputs(trial.model, slice(0, 2)), int(trial.labels.max())
    if not (outputs.ndim == 2 and outputs.shape[1] > highest and int(trial.labels.min()) >= 0):
        report.add(
            "label_range",
            f"모델의 출력이 {tuple(outputs.shape)}인데 레이블은 {int(trial.labels.min())}부터 "
            f"{highest}까지입니다.",
            "마지막 층의 출력을 클래스의 수와 같게 하고, 레이블을 0부터 매기십시오.",
        )
        return False
    with _WatchLoss() as loss:
        trial.run(_gentle, torch.arange(min(len(trial.images), BATCH_SIZE)), 1)
    if loss.is_probability:
        report.add(
            "softmax_twice",
            "교차 엔트로피가 로짓이 아니라 소프트맥스를 거친 확률을 받습니다. 소프트맥스를 두 번 "
            "계산하게 되어 느리게 배웁니다.",
            "모델의 마지막 소프트맥스를 빼고, 확률은 예측할 때만 softmax(dim=1)로 구하십시오.",
        )
    return True


def _gentle(parameters):
    """받은 학습률로 손실이 NaN이 되면 볼 수 없는 것을 볼 때 씁니다."""
    return torch.optim.Adam(parameters, lr=OVERFIT_RATES[0])


def check_one_batch(trial: Trial, report: Report) -> bool:
    """서로 다른 이미지 한 배치를 외우면 참입니다. 학습률이 아니라 모델과 학습 스텝을 봅니다."""
    _, groups = trial.images[: 4 * BATCH_SIZE].flatten(1).cpu().unique(dim=0, return_inverse=True)
    rows = torch.tensor(list({group: i for i, group in enumerate(groups.tolist())}.values()))
    rows = take_turns(rows, trial.labels[rows].cpu())[:BATCH_SIZE]
    counts = trial.labels[rows].unique(return_counts=True)[1]
    majority = counts.max().item() / len(rows)
    if len(counts) == 1:
        return True  # 한 클래스뿐인 배치로는 외웠는지 알 수 없습니다.

    # 한 클래스가 많으면 0.9만으로는 외웠다고 할 수 없습니다.
    needed = max(MEMORIZED, (1 + majority) / 2)

    def accuracy(model):
        answers = trial.outputs(model, rows).argmax(dim=1)
        return (answers == trial.labels[rows].cpu()).float().mean().item()

    best = 0.0
    for rate in OVERFIT_RATES:
        model = trial.run(
            lambda parameters, rate=rate: torch.optim.Adam(parameters, lr=rate),
            rows, OVERFIT_STEPS, enough=lambda model: accuracy(model) >= needed,
        )  # fmt: skip
        best = max(best, accuracy(model))
        if best >= needed:
            break
    report.figures["overfit_accuracy"] = best
    if best - majority >= BROKEN * (1 - majority):
        return True
    if trial.is_late:
        report.notices.append("시간이 모자라 배치 하나를 외우는지 끝까지 보지 못했습니다.")
        return True
    report.add(
        "overfit_batch",
        f"이미지 {len(rows)}장짜리 배치 하나를 {OVERFIT_STEPS}스텝 동안 되풀이해도 {best:.0%}만 "
        "외웁니다.",
        "zero_grad → 순전파 → 손실 → backward → step이 모두 있는지, 손실이 모델의 출력에서 "
        "이어지는지 보십시오.",
    )
    return False


def take_turns(rows: Tensor, labels: Tensor) -> Tensor:
    """클래스마다 하나씩 번갈아 늘어놓습니다. 한 클래스가 많으면 그것만 답하다가 멈추기 쉽습니다."""
    turns = torch.zeros(len(rows), dtype=torch.long)
    for label in labels.unique():
        turns[labels == label] = torch.arange(int((labels == label).sum()))
    return rows[turns.argsort(stable=True)]


def check_learning_rate(trial: Trial, report: Report) -> None:
    """받은 학습률과, 그보다 작고 큰 학습률을 같은 조건에서 비교합니다."""
    # Mac의 MPS에는 float64가 없으므로 float32로 계산합니다.
    shares = trial.labels.cpu().unique(return_counts=True)[1].float() / len(trial.labels)
    # 이미지를 보지 않고 낼 수 있는 가장 작은 손실과, 배우기 전의 손실 가운데 작은 쪽입니다.
    start = min(-(shares * shares.log()).sum().item(), trial.loss(trial.model))
    losses: dict[float, float] = {}

    def scaled(parameters):
        optimizer = trial.make_optimizer(parameters)
        for group in optimizer.param_groups:
            group["lr"] = group["lr"] * factor
        return optimizer

    for factor in FACTORS:
        losses[factor] = trial.loss(trial.run(scaled, torch.arange(len(trial.images)), NUM_STEPS))
        if factor == 1.0:
            report.figures |= {"first_loss": start, "given_rate_loss": losses[1.0]}
            if start - losses[1.0] >= LEAST_PROGRESS * start:
                return
        if losses[factor] < GOOD_DROP * start:
            break
        if trial.is_late:
            report.notices.append("시간이 모자라 학습률을 끝까지 비교하지 못했습니다.")
            return
    best = min(losses, key=losses.get)
    report.figures["best_loss"] = losses[best]
    if start - losses[best] < LEAST_DROP * start:
        report.notices.append("어떤 학습률로도 손실이 줄지 않아 학습률은 아직 가릴 수 없습니다.")
        return
    if start - losses[1.0] >= LEAST_PROGRESS * (start - losses[best]):
        return
    value = f"{losses[1.0]:.3g}" if math.isfinite(losses[1.0]) else "무한대"
    seen = (f"{NUM_STEPS}스텝 뒤의 손실이 {value}인데, 학습률을 {best:g}배로 하면 "
            f"{losses[best]:.3g}입니다(아무것도 배우지 않으면 {start:.3g}).")  # fmt: skip
    code, size = ("high", "너무 커") if best < 1 else ("low", "너무 작아")
    report.add(
        f"learning_rate_{code}",
        f"학습률이 {size} 보입니다. {seen}",
        f"{best:g}배에서 시작해 손실 곡선을 보며 두세 배씩 바꾸어 보십시오.",
    )


def check_modes(trial: Trial, report: Report) -> None:
    """학습 스텝은 학습 모드인지, 예측은 평가 모드인지 출력으로 봅니다."""
    frozen: list[bool] = []
    model = trial.run(_gentle, torch.arange(len(trial.images)), 30)
    layers = [m for m in model.modules() if isinstance(m, _DropoutNd | _BatchNorm)]
    hooks = [layer.register_forward_hook(lambda m, *_: frozen.append(not m.training))
             for layer in layers]  # fmt: skip
    images, labels = trial.images[:BATCH_SIZE], trial.labels[:BATCH_SIZE]
    trial.train_step(model.train(), _gentle(model.parameters()), images, labels)
    for hook in hooks:
        hook.remove()
    if frozen and all(frozen):
        report.add(
            "train_mode",
            "학습하는 동안 드롭아웃이나 배치 정규화가 모두 평가 모드입니다.",
            "에폭을 시작할 때마다 model.train()을 부르십시오.",
        )
    _check_prediction(trial, model.train(), report)


def _check_prediction(trial: Trial, model: nn.Module, report: Report) -> None:
    images = trial.images[:NUM_PREDICTED]
    before = [buffer.clone() for buffer in model.buffers()]
    once, again, part = (
        torch.as_tensor(trial.predict(model.train(), batch)).detach().float().cpu()
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
