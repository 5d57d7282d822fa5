"""LeNet을 짧게 학습해, 레이블이 이미지와 이어져 있는지 봅니다."""

import math
import time
from collections import OrderedDict
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.lenet import LeNet5
from course_utils.smoke_test.report import Report
from course_utils.training import predict

BATCH_SIZE = 32
NUM_EPOCHS, LEARNING_RATE = 10, 2e-3  # Adam. CIFAR-10 2,000장에서 우연을 넘는 데 한두 에폭입니다.
# 정규 분포에서 한쪽 꼬리가 3만 분의 1입니다. 에폭마다 열 번 보아도 3천 번에 한 번쯤입니다.
SIGNIFICANT = 4.0
# 일치도(카파)의 99.9 % 상한이 1/8보다 낮아야, 우연과 완벽 사이의 1/8도 못 배웠다고 말합니다.
UPPER, LITTLE = 3.1, 1 / 8
# 이보다 적으면 어려운 데이터와 섞인 레이블을 가릴 수 없습니다(CIFAR-10 250장으로 배운 LeNet의
# 정확도는 20 % 남짓이고, 우연 10 %와 겨우 갈립니다). 학습은 반으로 하므로 클래스마다 10장입니다.
FEWEST_IMAGES, FEWEST_PER_CLASS = 500, 20
# 학습 데이터 안에서 이만큼 배웠는데 시험에서 못 맞히면 시험 쪽을 의심합니다. 어려운 데이터에서
# 여기에 이르기를 기다리는 것은 세 에폭까지입니다.
LEARNED, PATIENCE = 1 / 3, 3
FEWEST_TEST_IMAGES = 50


def make_lenet(channels: int, num_classes: int) -> nn.Module:
    """채널과 클래스의 수를 바꾼 `LeNet5`입니다. `(N, channels, 32, 32)` → `(N, num_classes)`"""
    lenet = LeNet5(num_classes)
    lenet.features.C1 = nn.Conv2d(channels, 6, kernel_size=5)
    return nn.Sequential(OrderedDict(
        features=lenet.features, flatten=nn.Flatten(), classifier=lenet.classifier,
    ))  # fmt: skip


def standardize(images: Tensor, like: Tensor) -> Tensor:
    """`like`에서 잰 채널마다의 평균과 표준편차로 맞춥니다."""
    mean = like.mean(dim=(0, 2, 3), keepdim=True)
    return (images - mean) / like.std(dim=(0, 2, 3), keepdim=True).clamp_min(1e-6)


def agreement(answers: Tensor, labels: Tensor) -> dict[str, float]:
    """답과 레이블이 서로 무관할 때의 우연과 견줍니다.

    Returns:
        accuracy: 정확도. chance: 두 분포만 알 때 우연히 같을 비율 Σ pₖqₖ.
        score: (정확도 − 우연)을 우연의 표준편차로 나눈 값. kappa: 코언의 카파.
        upper: 카파의 99.9 % 상한. 늘 한 가지로만 답하면 카파를 말할 수 없어 1입니다.
    """
    count, accuracy = len(labels), (answers == labels).double().mean().item()
    classes = torch.cat([answers, labels]).unique()
    shares = [(values[:, None] == classes).double().mean(dim=0) for values in (answers, labels)]
    chance = (shares[0] * shares[1]).sum().item()
    room = 1 - chance
    if room < 1e-9:
        return {"accuracy": accuracy, "chance": chance, "score": 0.0, "kappa": 0.0, "upper": 1.0}
    likely = max(accuracy, chance)  # 정확도가 0이어도 상한이 0이 되지 않게 합니다.
    spread = math.sqrt(max(likely * (1 - likely), 1 / count) / count)
    return {
        "accuracy": accuracy,
        "chance": chance,
        "score": (accuracy - chance) / math.sqrt(chance * room / count),
        "kappa": (accuracy - chance) / room,
        "upper": (accuracy + UPPER * spread - chance) / room,
    }


def batches(count: int, deadline: float, *, num_steps: int) -> Iterator[Tensor]:
    """섞은 번호를 배치로 냅니다. 마감이 지나면 그만둡니다."""
    done = 0
    while done < num_steps:
        for batch in torch.randperm(count).split(BATCH_SIZE):
            if done == num_steps or time.monotonic() > deadline:
                return
            done += 1
            yield batch
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
    result = agreement(answers, labels)
    for epoch in range(1, NUM_EPOCHS + 1):
        for own, other, model, optimizer in zip(halves, halves[::-1], models, optimizers,
                                                strict=True):  # fmt: skip
            for batch in batches(len(own), deadline, num_steps=-(-len(own) // BATCH_SIZE)):
                chosen = own[batch]
                loss = F.cross_entropy(model(images[chosen]), labels[chosen])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            answers[other] = predict(model, images[other]).argmax(dim=1)
        result = agreement(answers, labels)
        if time.monotonic() > deadline:
            break
        finished += 1
        is_plain = result["score"] > 2 * SIGNIFICANT
        if is_plain and (test is None or result["kappa"] > LEARNED or epoch >= PATIENCE):
            break
    _tell_learning(result, len(labels), num_classes, finished, report)
    if test is not None and result["kappa"] > LEARNED:
        logits = sum(predict(model, test[0]).softmax(dim=1) for model in models)
        _tell_test(result, agreement(logits.argmax(dim=1), test[1]), len(test[1]), report)


def _tell_learning(result: dict, count: int, num_classes: int, finished: int, report) -> None:
    accuracy, chance = result["accuracy"], result["chance"]
    report.figures["떼어 둔 학습 이미지의 정확도"] = accuracy
    report.figures["우연"] = chance
    if result["score"] > SIGNIFICANT:
        return
    seen = f"LeNet이 떼어 둔 학습 이미지의 {accuracy:.1%}를 맞혔고, 우연은 {chance:.1%}입니다."
    enough = count >= max(FEWEST_IMAGES, FEWEST_PER_CLASS * num_classes)
    if enough and finished == NUM_EPOCHS and result["upper"] < LITTLE:
        report.add(
            "labels_shuffled",
            f"레이블이 이미지와 무관해 보입니다. {seen}",
            "이미지와 레이블이 같은 순서인지 보십시오. 이미지 열 장을 레이블과 함께 그리면 "
            "보입니다. 짝이 맞다면 LeNet으로는 배울 수 없는 데이터입니다.",
        )
    else:
        report.notices.append(
            f"레이블이 이미지와 이어져 있는지 아직 가릴 수 없습니다. {seen} "
            f"이미지 {count:,}장과 주어진 시간으로는 어려운 데이터와 섞인 레이블이 비슷합니다."
        )


def _tell_test(train_result: dict, result: dict, count: int, report: Report) -> None:
    report.figures["시험 정확도"] = result["accuracy"]
    if count < FEWEST_TEST_IMAGES or result["upper"] >= LITTLE:
        return
    report.add(
        "test_mismatch",
        f"학습 데이터 안에서는 {train_result['accuracy']:.1%}를 맞히는데 시험에서는 "
        f"{result['accuracy']:.1%}만 맞힙니다(우연 {result['chance']:.1%}).",
        "시험 레이블의 순서와 번호, 시험 이미지의 전처리가 학습과 같은지 보십시오.",
    )
