"""실험의 조건입니다: 기준 하나와, 거기서 하나씩만 바꾼 것들."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace

from torch import Tensor, nn

from course_utils.alexnet import FourLayerNet, LadderNet, SmallAlexNet
from course_utils.augmentation import color_axes, color_noise, random_crops, random_flips
from course_utils.data import ImageData, scale_photos

SEEDS = tuple(range(8))
# 학습률은 시험에 쓰지 않는 학습 데이터 2,000장을 떼어 두고 골랐습니다(docs/실험.md).
COMMON = {
    "num_train": 4_000, "num_test": 10_000, "num_epochs": 25, "batch_size": 32,
    "learning_rate": 0.01, "momentum": 0.9, "weight_decay": 5e-4, "schedule": "cosine",
}  # fmt: skip
# Fig. 1의 실험에는 규제가 없고, 학습률은 일정하며 조건마다 다릅니다.
FIGURE_1 = COMMON | {
    "num_train": 2_500, "num_epochs": 40, "weight_decay": 0.0, "schedule": "constant",
}  # fmt: skip
# 성적만을 위한 설정입니다. 이미지가 많고 증강도 하므로 드롭아웃을 줄입니다.
SHIPPED = COMMON | {
    "num_train": 50_000, "num_epochs": 30, "batch_size": 128,
    "learning_rate": 0.02,
}  # fmt: skip
TARGET = 0.75  # 학습 오류율 25 % (Krizhevsky 2012, Fig. 1)
# 알맞은 학습률은 출발점과 활성화마다 다르므로 따로 고릅니다. 가장 빠른 것이 가운데에 오게 했습니다.
LEARNING_RATES = {
    "he": {"relu": (0.001, 0.003, 0.01, 0.03), "tanh": (0.001, 0.003, 0.01, 0.03)},
    "small": {"relu": (0.0003, 0.001, 0.003), "tanh": (0.003, 0.01, 0.03)},
}


@dataclass(frozen=True)
class Condition:
    """실험 조건 하나입니다.

    net: 망을 만드는 함수의 이름과 인자. augment: 차례로 적용하는 증강의 이름들.
    target: 학습 정확도가 여기에 닿으면 멈춥니다. 이때 에폭마다 학습 데이터로 잽니다.
    start: 출발점. "he"는 He의 초기값과 표준화한 입력, "small"은 논문의 초기값 N(0, 0.01)과 평균만
        뺀 0~255 입력입니다(Krizhevsky 2012, §2와 §5).
    constant_lrn: LRN을 상수로 나누기로 바꾼 대조군입니다.
    """

    label: str
    net: dict = field(default_factory=dict)
    augment: tuple[str, ...] = ()
    recipe: dict = field(default_factory=lambda: COMMON)
    target: float | None = None
    start: str = "he"
    constant_lrn: bool = False

    def settings(self) -> dict:
        """결과를 정하는 모든 것입니다. JSON에서 읽은 것과 견줄 수 있습니다."""
        return asdict(self) | {"augment": list(self.augment)}


class DivideByConstant(nn.Module):
    """α = 0인 LRN입니다: k^β로 나누기만 합니다. 이웃 채널을 보지 않으므로 LRN의 대조군입니다."""

    def __init__(self, k: float, beta: float) -> None:
        super().__init__()
        self.divisor = k**beta

    def forward(self, maps: Tensor) -> Tensor:
        return maps / self.divisor


ABLATIONS = {
    "baseline": Condition("기준"),
    "no_dropout": Condition("드롭아웃 없음", net={"dropout": 0.0}),
    "lrn": Condition("+ LRN", net={"lrn": True}),
    "lrn_constant": Condition("+ 상수로 나누기", net={"lrn": True}, constant_lrn=True),
    "pool2": Condition("풀링 2/2", net={"overlapping": False}),
    "crops_flips": Condition("+ 자르기와 뒤집기", augment=("crops", "flips")),
    "colors": Condition("+ 자르기와 뒤집기, 색 잡음", augment=("crops", "flips", "colors")),
}
# 짧은 학습에서는 드롭아웃과 증강의 대가만 보일 수 있어, 셋은 더 오래도 배웁니다.
LONG_RUNS = {
    f"{name}_long": replace(ABLATIONS[name], recipe=COMMON | {"num_epochs": 60})
    for name in ("baseline", "no_dropout", "crops_flips")
}
FIGURE_1_RUNS = {
    f"{activation}_{start}_{rate:g}": Condition(
        f"{activation}, 학습률 {rate:g}",
        net={"activation": activation},
        recipe=FIGURE_1 | {"learning_rate": rate},
        target=TARGET,
        start=start,
    )
    for start, tried in LEARNING_RATES.items()
    for activation, rates in tried.items()
    for rate in rates
}
# LeNet-5에서 AlexNet까지의 사다리입니다(노트북 05). 한 칸에 하나씩 바꾸고, 바꾼 것은 남깁니다.
LADDER = COMMON | {"num_train": 3_000}
NET = {"channels": [6, 16], "hidden": [120, 84], "activation": "tanh", "pooling": "average"}
STEPS = {
    "lenet5": Condition("LeNet-5 (컬러 입력)", net=NET),
    "relu": Condition("tanh → ReLU", net=(NET := NET | {"activation": "relu"})),
    "max": Condition("평균 → 최대 풀링", net=(NET := NET | {"pooling": "max"})),
    "depth": Condition("+ 깊이", net=(NET := NET | {"channels": [6, 16, 16, 16, 16]})),
    "width": Condition(
        "+ 너비", net=(NET := NET | {"channels": [24, 64, 96, 96, 64], "hidden": [256, 256]})
    ),
    "dropout": Condition("+ 드롭아웃", net=(NET := NET | {"dropout": 0.5})),
    "augment": Condition("+ 증강", net=NET, augment=("crops", "flips")),
    "data": Condition("+ 데이터 4배", net=NET, augment=("crops", "flips")),
}
LADDER_RATES = (0.003, 0.01, 0.03)


def ladder_run(step: str, rate: float, **recipe) -> Condition:
    """사다리의 한 칸을 학습률 하나로 학습하는 조건입니다."""
    more = {"num_train": 12_000} if step == "data" else {}
    return replace(STEPS[step], recipe=LADDER | {"learning_rate": rate} | more | recipe)


# 학습률은 학습 데이터의 4분의 1을 떼어 두고 칸마다 고릅니다. "data"는 앞 칸의 것을 씁니다.
LADDER_TUNING = {
    f"{step}_tune_{rate:g}": ladder_run(step, rate, num_epochs=12, held_out=4)
    for step in STEPS if step != "data" for rate in LADDER_RATES
}  # fmt: skip
LADDER_RUNS = {
    f"{step}_step_{rate:g}": ladder_run(step, rate) for step in STEPS for rate in LADDER_RATES
}
CONDITIONS = ABLATIONS | LONG_RUNS | FIGURE_1_RUNS | LADDER_TUNING | LADDER_RUNS | {
    "shipped": Condition(
        "담아 둔 망", net={"dropout": 0.1}, augment=("crops", "flips"), recipe=SHIPPED
    ),
}  # fmt: skip


def build(condition: Condition, *, num_classes: int = 10) -> nn.Module:
    """조건의 망을 새로 만듭니다. `target`이 있으면 Fig. 1의 망, `channels`가 있으면 사다리입니다.

    "he"의 초기값은 활성화에 맞춘 He의 방법(2015)이고 마지막 층만 논문의 N(0, 0.01)입니다. 표준화한
    입력에서 모두 논문처럼 작으면 짧은 학습이 출발하지 못하고, 마지막 층까지 크면 첫 손실이 커서
    ReLU가 죽기도 합니다. 견주는 조건에는 모두 같으므로 지장이 없습니다.
    """
    small = LadderNet if "channels" in condition.net else SmallAlexNet
    kind = FourLayerNet if condition.target else small
    model = kind(num_classes, **condition.net)
    activation = condition.net.get("activation", "relu")
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            if condition.start == "he":
                nn.init.kaiming_normal_(layer.weight, nonlinearity=activation)
            else:
                nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)
    nn.init.normal_(model.classifier[-1].weight, std=0.01)
    if condition.constant_lrn:
        for name, layer in list(model.features.named_children()):
            if isinstance(layer, nn.LocalResponseNorm):
                setattr(model.features, name, DivideByConstant(layer.k, layer.beta))
    return model


def make_inputs(condition: Condition, data: ImageData) -> tuple[Tensor, Tensor]:
    """조건의 출발점에 맞춘 학습 이미지와 시험 이미지입니다."""
    if condition.start == "he":
        return scale_photos(data.train_images), scale_photos(data.test_images)
    mean = data.train_images.mean(dim=0)  # 픽셀 자리마다의 평균 (Krizhevsky 2012, §2)
    return 255 * (data.train_images - mean), 255 * (data.test_images - mean)


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
