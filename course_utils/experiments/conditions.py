"""실험의 조건입니다: 기준 하나와, 거기서 하나씩만 바꾼 것들."""

from collections.abc import Callable
from dataclasses import dataclass, field

from torch import Tensor, nn

from course_utils.alexnet import FourLayerNet, SmallAlexNet
from course_utils.augmentation import color_axes, color_noise, random_crops, random_flips

SEEDS = (0, 1, 2)
# 학습률은 시험에 쓰지 않는 학습 데이터 2,000장을 떼어 두고 골랐습니다(docs/실험.md).
COMMON = {
    "num_train": 4_000, "num_test": 4_000, "num_epochs": 25, "batch_size": 32,
    "learning_rate": 0.01, "momentum": 0.9, "weight_decay": 5e-4, "schedule": "cosine",
}  # fmt: skip
# Fig. 1의 실험에는 규제가 없고, 학습률은 일정하며 조건마다 다릅니다.
FIGURE_1 = COMMON | {
    "num_train": 2_500, "num_epochs": 40, "weight_decay": 0.0, "schedule": "constant",
}  # fmt: skip
# 성적만을 위한 설정입니다. 이미지가 많고 증강도 하므로 드롭아웃을 줄입니다.
SHIPPED = COMMON | {
    "num_train": 50_000, "num_test": 10_000, "num_epochs": 30, "batch_size": 128,
    "learning_rate": 0.02,
}  # fmt: skip
TARGET = 0.75  # 학습 오류율 25 % (Krizhevsky 2012, Fig. 1)
LEARNING_RATES = dict.fromkeys(("relu", "tanh"), (0.001, 0.003, 0.01, 0.03))


@dataclass(frozen=True)
class Condition:
    """실험 조건 하나입니다.

    net: 망을 만드는 함수의 이름과 인자. augment: 차례로 적용하는 증강의 이름들.
    target: 학습 정확도가 여기에 닿으면 멈춥니다. 이때 에폭마다 학습 데이터로 잽니다.
    """

    label: str
    net: dict = field(default_factory=dict)
    augment: tuple[str, ...] = ()
    recipe: dict = field(default_factory=lambda: COMMON)
    target: float | None = None


ABLATIONS = {
    "baseline": Condition("기준"),
    "no_dropout": Condition("드롭아웃 없음", net={"dropout": 0.0}),
    "lrn": Condition("+ LRN", net={"lrn": True}),
    "pool2": Condition("풀링 2/2", net={"overlapping": False}),
    "crops_flips": Condition("+ 자르기와 뒤집기", augment=("crops", "flips")),
    "colors": Condition("+ 자르기와 뒤집기, 색 잡음", augment=("crops", "flips", "colors")),
}
FIGURE_1_RUNS = {
    f"{activation}_{rate:g}": Condition(
        f"{activation}, 학습률 {rate:g}",
        net={"activation": activation},
        recipe=FIGURE_1 | {"learning_rate": rate},
        target=TARGET,
    )
    for activation, rates in LEARNING_RATES.items()
    for rate in rates
}
CONDITIONS = ABLATIONS | FIGURE_1_RUNS | {
    "shipped": Condition(
        "담아 둔 망", net={"dropout": 0.1}, augment=("crops", "flips"), recipe=SHIPPED
    ),
}  # fmt: skip


def build(condition: Condition, *, num_classes: int = 10) -> nn.Module:
    """조건의 망을 새로 만듭니다. `target`이 있으면 Fig. 1의 네 층짜리입니다.

    초기값은 활성화에 맞춘 He의 방법(2015)이고 마지막 층만 논문의 N(0, 0.01)입니다. 모두 논문처럼
    작거나 PyTorch의 기본값이면 짧은 학습이 출발하지 못하고, 마지막 층까지 크면 첫 손실이 커서
    ReLU가 죽기도 합니다. 모든 조건에 같으므로 견주는 데에는 지장이 없습니다.
    """
    kind = FourLayerNet if condition.target else SmallAlexNet
    model = kind(num_classes, **condition.net)
    activation = condition.net.get("activation", "relu")
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity=activation)
            nn.init.zeros_(layer.bias)
    nn.init.normal_(model.classifier[-1].weight, std=0.01)
    return model


def make_augment(condition: Condition, images: Tensor) -> Callable[[Tensor], Tensor] | None:
    """배치를 증강하는 함수입니다. 색의 주축은 `images`(학습 데이터)에서 구합니다."""
    if not condition.augment:
        return None
    axes = color_axes(images)
    steps = {
        "crops": random_crops,
        "flips": random_flips,
        "colors": lambda batch: color_noise(batch, axes),
    }

    def augment(batch: Tensor) -> Tensor:
        for name in condition.augment:
            batch = steps[name](batch)
        return batch

    return augment
