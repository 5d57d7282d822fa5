"""고장 난 학습 절차 5개입니다. 모두 오류 없이 돌지만, 하나씩 잘못되어 있습니다.

함수마다 데이터를 받아 `Pipeline` 하나를 만듭니다. `run_pipeline`으로 학습하고 곡선을 보며 무엇이
잘못되었는지 맞혀 보십시오. 답은 `exercises.check_diagnosis`로 확인합니다.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from course_utils import training
from course_utils.data import ImageData
from course_utils.lenet import LeNet5

NUM_TRAIN, NUM_TEST, BATCH_SIZE = 600, 300, 32
LEARNING_RATE, MOMENTUM = 0.03, 0.9  # 고장이 없을 때 몇 에폭 만에 배우는 값입니다.


@dataclass(frozen=True, eq=False)
class Pipeline:
    """학습 절차 하나에 필요한 모든 것입니다. 이미지는 `(N, 1, 32, 32)`, 레이블은 `(N,)`입니다."""

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor
    model: nn.Module
    learning_rate: float
    predict: Callable[[nn.Module, Tensor], Tensor]


def make_model() -> nn.Module:
    """LeNet-5의 tanh를 ReLU로 바꾸고 첫 선형 층 앞에 드롭아웃을 둔 모델입니다."""
    model = LeNet5()
    for name in ("tanh1", "tanh3", "tanh5"):
        setattr(model.features, name, nn.ReLU())
    model.classifier = nn.Sequential(
        nn.Dropout(0.5),
        nn.Linear(120, 84),  # (N, 84)
        nn.ReLU(),
        nn.Linear(84, 10),   # (N, 10)
    )  # fmt: skip
    return model


def healthy_pipeline(data: ImageData, spoil: Callable | None = None, **changes) -> Pipeline:
    """고장이 없는 것입니다. 다섯 곡선을 이것과 비교합니다.

    무작위로 학습 600장과 테스트 300장을 뽑고, 학습의 평균과 표준편차로 맞춥니다. `spoil`은
    `Pipeline`의 앞의 네 텐서를 받아 고장 낸 4개를 돌려주고, `changes`는 나머지 칸을 바꿉니다.
    """
    train = torch.randperm(len(data.train_labels))[:NUM_TRAIN]
    test = torch.randperm(len(data.test_labels))[:NUM_TEST]
    images, held_out = data.train_images[train], data.test_images[test]
    mean, deviation = images.mean(), images.std()
    images, held_out = (images - mean) / deviation, (held_out - mean) / deviation
    tensors = images, data.train_labels[train], held_out, data.test_labels[test]
    if spoil is not None:
        tensors = spoil(*tensors)
    options = {"learning_rate": LEARNING_RATE, "predict": training.predict} | changes
    return Pipeline(*tensors, make_model(), **options)


def pipeline_1(data: ImageData) -> Pipeline:
    return healthy_pipeline(data, learning_rate=1e-5)


def pipeline_2(data: ImageData) -> Pipeline:
    def spoil(images, labels, test_images, test_labels):
        test_images = torch.cat([test_images, images])[-NUM_TEST:]
        return images, labels, test_images, torch.cat([test_labels, labels])[-NUM_TEST:]

    return healthy_pipeline(data, spoil)


def pipeline_3(data: ImageData) -> Pipeline:
    def spoil(images, *others):
        return images[torch.randperm(len(images))], *others

    return healthy_pipeline(data, spoil)


def pipeline_4(data: ImageData) -> Pipeline:
    def predict(model: nn.Module, images: Tensor) -> Tensor:
        model.train()
        with torch.no_grad():
            return model(images)

    return healthy_pipeline(data, predict=predict)


def pipeline_5(data: ImageData) -> Pipeline:
    def spoil(images, labels, test_images, test_labels):
        lowest, highest = images.min(), images.max()
        images, test_images = ((part - lowest) / (highest - lowest) * 255
                               for part in (images, test_images))  # fmt: skip
        return images, labels, test_images, test_labels

    return healthy_pipeline(data, spoil)


PIPELINES: dict[str, Callable[[ImageData], Pipeline]] = dict(
    zip("가나다라마", (pipeline_1, pipeline_2, pipeline_3, pipeline_4, pipeline_5), strict=True)
)


def run_pipeline(pipeline: Pipeline, *, num_epochs: int = 12) -> dict[str, list[float]]:
    """학습하고 에폭마다 측정한 `train_loss`, `train_accuracy`, `test_accuracy`를 돌려줍니다.

    학습 값은 에폭이 진행되는 동안의 평균이고, 테스트 정확도는 그 절차의 예측 함수로 측정합니다.
    """
    model = pipeline.model
    optimizer = torch.optim.SGD(
        model.parameters(), lr=pipeline.learning_rate, momentum=MOMENTUM
    )
    history: dict[str, list[float]] = {
        "train_loss": [], "train_accuracy": [], "test_accuracy": [],
    }  # fmt: skip
    for _ in range(num_epochs):
        epoch = training.fit(
            model, pipeline.train_images, pipeline.train_labels, optimizer=optimizer,
            num_epochs=1, batch_size=BATCH_SIZE, progress=False,
        )  # fmt: skip
        answers = pipeline.predict(model, pipeline.test_images).argmax(dim=1)
        history["train_loss"] += epoch["train_loss"]
        history["train_accuracy"] += epoch["train_accuracy"]
        correct = (answers == pipeline.test_labels).float().mean().item()
        history["test_accuracy"].append(correct)
    return history
