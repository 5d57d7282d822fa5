"""실험의 조건입니다: 기준 하나와, 거기서 하나씩만 바꾼 것들."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from torch import Tensor, nn

from course_utils.alexnet import FourLayerNet, LadderNet, SmallAlexNet, start_he, start_small
from course_utils.augmentation import color_axes, color_noise, random_crops, random_flips
from course_utils.data import ImageData, scale_photos

NUM_SEEDS = 8  # --seeds로 바꿉니다.
# 학습률은 테스트에 쓰지 않는 학습 데이터 2,000장을 떼어 두고 골랐습니다(docs/실험.md).
COMMON = {
    "num_train": 4_000, "num_test": 10_000, "num_epochs": 25, "batch_size": 32,
    "learning_rate": 0.01, "momentum": 0.9, "weight_decay": 5e-4, "schedule": "cosine",
}  # fmt: skip
# Fig. 1의 실험에는 규제가 없고, 학습률은 일정하며 조건마다 다릅니다. 테스트 이미지는 쓰지 않습니다.
FIGURE_1 = COMMON | {
    "num_train": 2_500, "num_test": 4_000, "num_epochs": 40, "weight_decay": 0.0,
    "schedule": "constant",
}  # fmt: skip
# 같은 실험을 CIFAR-10 전체로 합니다. 학습 정확도는 10,000장으로 측정합니다.
FIGURE_1_FULL = FIGURE_1 | {"num_train": 50_000, "batch_size": 128, "num_epochs": 60}
# 성적만을 위한 설정입니다. 이미지가 많고 증강도 하므로 드롭아웃을 줄입니다.
SHIPPED = COMMON | {
    "num_train": 50_000, "num_epochs": 30, "batch_size": 128,
    "learning_rate": 0.02,
}  # fmt: skip
TARGET = 0.75  # 학습 오류율 25%의 정확도 (Krizhevsky 2012, Fig. 1)
# 알맞은 학습률은 출발점과 활성화마다 다르므로 따로 고릅니다. 가장 빠른 것이 가운데에 오게 했습니다.
LEARNING_RATES = {
    "he": {"relu": (0.001, 0.003, 0.01, 0.03), "tanh": (0.001, 0.003, 0.01, 0.03)},
    "small": {"relu": (0.0003, 0.001, 0.003), "tanh": (0.003, 0.01, 0.03)},
}
TUNING_SEEDS = (100, 101)  # 학습률을 고를 때만 쓰는 시드
FULL_RATES = {
    "he": {"relu": (0.003, 0.006, 0.012), "tanh": (0.006, 0.012, 0.025)},
    "small": {"relu": (0.0006, 0.0012, 0.0025), "tanh": (0.0025, 0.005, 0.01)},
}
LABELS = {
    "baseline": "기준", "no_dropout": "드롭아웃 없음", "lrn": "+ LRN",
    "lrn_constant": "+ 상수로 나누기", "pool2": "풀링 2/2", "crops_flips": "+ 크롭과 뒤집기",
    "colors": "+ 크롭과 뒤집기, PCA 색상 증강", "shipped": "담아 둔 모델",
    "lenet5": "LeNet-5 (컬러 입력)", "relu": "tanh → ReLU", "max": "평균 → 최대 풀링",
    "depth": "+ 깊이", "width": "+ 너비", "dropout": "+ 드롭아웃", "augment": "+ 증강",
    "data": "+ 데이터 4배",
}  # fmt: skip


@dataclass(frozen=True)
class Condition:
    """실험 조건 하나입니다.

    net: 신경망을 만드는 함수. augment: 차례로 적용하는 증강의 이름들.
    target: 학습 정확도가 여기에 닿으면 멈춥니다. 이때 에폭마다 학습 데이터로 측정합니다.
    start: 출발점. "he"는 He의 초깃값과 표준화한 입력, "small"은 논문의 초깃값 N(0, 0.01)과 평균만
        뺀 0~255 입력입니다(Krizhevsky 2012, §2와 §5).
    """

    net: partial = field(default_factory=lambda: partial(SmallAlexNet))
    augment: tuple[str, ...] = ()
    recipe: dict = field(default_factory=lambda: COMMON)
    target: float | None = None
    start: str = "he"

    def settings(self) -> dict:
        """결과를 정하는 모든 것입니다. JSON에서 읽은 것과 비교할 수 있습니다."""
        return {
            "net": self.net.keywords, "augment": list(self.augment), "recipe": self.recipe,
            "target": self.target, "start": self.start,
            "constant_lrn": self.net.func is ConstantLRNNet,
        }  # fmt: skip


class DivideByConstant(nn.Module):
    """α = 0인 LRN입니다: k^β로 나누기만 합니다. 이웃 채널을 보지 않으므로 LRN의 대조군입니다."""

    def forward(self, maps: Tensor) -> Tensor:
        return maps / 2.0**0.75


class ConstantLRNNet(SmallAlexNet):
    """LRN을 상수로 나누기로 바꾼 대조군입니다."""

    def __init__(self, num_classes: int = 10, **options) -> None:
        super().__init__(num_classes, **options)
        self.features.norm1 = DivideByConstant()
        self.features.norm2 = DivideByConstant()


ABLATIONS = {
    "baseline": Condition(partial(SmallAlexNet)),
    "no_dropout": Condition(partial(SmallAlexNet, dropout=0.0)),
    "lrn": Condition(partial(SmallAlexNet, lrn=True)),
    "lrn_constant": Condition(partial(ConstantLRNNet, lrn=True)),
    "pool2": Condition(partial(SmallAlexNet, overlapping=False)),
    "crops_flips": Condition(augment=("crops", "flips")),
    "colors": Condition(augment=("crops", "flips", "colors")),
}
# 짧은 학습에서는 드롭아웃과 증강의 대가만 보일 수 있어, 셋은 더 오래도 배웁니다.
LONG_RUNS = {
    f"{name}_long": replace(ABLATIONS[name], recipe=COMMON | {"num_epochs": 60})
    for name in ("baseline", "no_dropout", "crops_flips")
}


def figure_1_runs(recipe: dict, rates: dict, suffix: str = "") -> dict[str, Condition]:
    """출발점, 활성화, 학습률마다 조건 하나입니다. 이름은 `tanh_small_0.01`처럼 짓습니다."""
    return {
        f"{activation}_{start}_{rate:g}{suffix}": Condition(
            partial(FourLayerNet, activation=activation),
            recipe=recipe | {"learning_rate": rate}, target=TARGET, start=start,
        )
        for start, tried in rates.items()
        for activation, tried_rates in tried.items()
        for rate in tried_rates
    }  # fmt: skip


FIGURE_1_RUNS = figure_1_runs(FIGURE_1, LEARNING_RATES)
FULL_RUNS = figure_1_runs(FIGURE_1_FULL, FULL_RATES, "_full")
# LeNet-5에서 AlexNet까지의 사다리입니다(노트북 05). 한 칸에 하나씩 바꾸고, 바꾼 것은 남깁니다.
lenet5 = partial(
    LadderNet, channels=[6, 16], hidden=[120, 84], activation="tanh", pooling="average"
)
relu = partial(lenet5, activation="relu")
max_pooling = partial(relu, pooling="max")
depth = partial(max_pooling, channels=[6, 16, 16, 16, 16])
width = partial(depth, channels=[24, 64, 96, 96, 64], hidden=[256, 256])
dropout = partial(width, dropout=0.5)
STEPS = {
    "lenet5": Condition(lenet5), "relu": Condition(relu), "max": Condition(max_pooling),
    "depth": Condition(depth), "width": Condition(width), "dropout": Condition(dropout),
    "augment": Condition(dropout, augment=("crops", "flips")),
    "data": Condition(dropout, augment=("crops", "flips")),
}  # fmt: skip
LADDER_RATES = (0.003, 0.01, 0.03)


def ladder_run(step: str, rate: float, **recipe) -> Condition:
    """사다리의 한 칸을 학습률 하나로 학습하는 조건입니다."""
    num_train = 12_000 if step == "data" else 3_000
    changed = {"num_train": num_train, "learning_rate": rate}
    return replace(STEPS[step], recipe=COMMON | changed | recipe)


# 학습률은 학습 데이터의 4분의 1을 떼어 두고 칸마다 고릅니다. "data"는 앞 칸의 것을 씁니다.
LADDER_TUNING = {
    f"{step}_tune_{rate:g}": ladder_run(step, rate, num_test=4_000, num_epochs=12, held_out=4)
    for step in STEPS if step != "data" for rate in LADDER_RATES
}  # fmt: skip
LADDER_RUNS = {
    f"{step}_step_{rate:g}": ladder_run(step, rate) for step in STEPS for rate in LADDER_RATES
}
CONDITIONS = ABLATIONS | LONG_RUNS | FIGURE_1_RUNS | FULL_RUNS | LADDER_TUNING | LADDER_RUNS | {
    "shipped": Condition(
        partial(SmallAlexNet, dropout=0.1), augment=("crops", "flips"), recipe=SHIPPED
    ),
}  # fmt: skip


def label_of(name: str) -> str:
    """표와 그림에 적는 조건의 이름입니다."""
    if name in FIGURE_1_RUNS | FULL_RUNS:
        activation, _, rate = name.removesuffix("_full").split("_")
        return f"{activation}, 학습률 {rate}"
    return LABELS[name.partition("_step_")[0].partition("_tune_")[0].removesuffix("_long")]


def build(condition: Condition, *, num_classes: int = 10) -> nn.Module:
    """조건의 신경망을 새로 만들고 출발점에 놓습니다."""
    model = condition.net(num_classes)
    if condition.start == "small":
        return start_small(model)
    if isinstance(model, SmallAlexNet):  # 이미 출발점에 있습니다. 다시 뽑으면 기록과 달라집니다.
        return model
    return start_he(model, condition.net.keywords.get("activation", "relu"))


def make_inputs(condition: Condition, data: ImageData) -> tuple[Tensor, Tensor]:
    """조건의 출발점에 맞춘 학습 이미지와 테스트 이미지입니다."""
    if condition.start == "he":
        return scale_photos(data.train_images), scale_photos(data.test_images)
    mean = data.train_images.mean(dim=0)  # 픽셀 자리별 평균 (Krizhevsky 2012, §2)
    return 255 * (data.train_images - mean), 255 * (data.test_images - mean)


def make_augment(condition: Condition, images: Tensor) -> Callable[[Tensor], Tensor] | None:
    """배치를 증강하는 함수입니다. 색의 주성분은 `images`(학습 데이터)에서 구합니다."""
    if not condition.augment:
        return None
    steps = {"crops": random_crops, "flips": random_flips,
             "colors": partial(color_noise, axes=color_axes(images))}  # fmt: skip

    def augment(batch: Tensor) -> Tensor:
        for name in condition.augment:
            batch = steps[name](batch)
        return batch

    return augment
