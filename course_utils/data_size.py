"""학습 데이터의 크기를 바꾸며 SVM과 LeNet-5의 테스트 오류율을 측정하고 비교합니다(노트북 02)."""

import math
import time
from functools import lru_cache

import numpy as np
import torch

from course_utils import classical
from course_utils.data import ImageData
from course_utils.lenet import LeNet5
from course_utils.training import evaluate, fit, set_seed

METHODS = {"raw": "픽셀 + SVM", "hog": "HOG + SVM", "lenet": "LeNet-5"}
# 학습 데이터의 끝 10,000장에서 떼어 둔 3,000장(LeNet-5는 4,000장)으로만 비교해 정했습니다. gamma는
# 두 SVM에 같은 규칙(scale)을 썼습니다. 3,000장에서 픽셀은 0.3%p쯤 낮은 (C, gamma)도 있었습니다.
RECIPES = {
    "raw": {"kernel": "rbf", "c": 5.0, "gamma": "scale"},
    "hog": {"kernel": "rbf", "c": 5.0, "gamma": "scale", "cell": 4, "block": 2, "orientations": 9},
    "lenet": {
        "learning_rate": 0.03, "momentum": 0.9, "weight_decay": 5e-4, "batch_size": 32,
        "schedule": "cosine", "min_epochs": 10, "min_updates": 3_000,
    },
}  # fmt: skip


def draw_subset(labels: torch.Tensor, size: int, seed: int) -> torch.Tensor:
    """클래스마다 같은 수를 무작위로 뽑은 번호 `(size,)`입니다. `size`가 전체이면 모두입니다."""
    if size == len(labels):
        return torch.arange(size)
    counts = labels.bincount()
    share, rest = divmod(size, len(counts))
    if rest or share < 1 or share > counts.min():
        raise ValueError(
            f"클래스마다 같은 수로 {size:,}장을 뽑을 수 없습니다. {len(counts)}의 배수이고 "
            f"{len(counts) * int(counts.min()):,} 이하인 수나 전체({len(labels):,})를 고르십시오."
        )
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(labels), generator=generator)
    return torch.cat([order[labels[order] == label][:share] for label in range(len(counts))])


def measure(
    method: str, data: ImageData, *, size: int, seed: int, recipe: dict | None = None
) -> dict:
    """방법 하나를 `size`장으로 학습해 테스트 오류율(%)과 걸린 초를 돌려줍니다.

    Args:
        method: "raw", "hog", "lenet".
        recipe: 없으면 `RECIPES`의 설정입니다.

    시드는 어느 이미지를 뽑는지와 LeNet-5의 초깃값, 배치의 순서를 정합니다.
    """
    if method not in METHODS:
        raise ValueError(f"방법은 {', '.join(METHODS)} 가운데 하나여야 하는데 {method!r}입니다.")
    recipe = recipe or RECIPES[method]
    chosen = draw_subset(data.train_labels, size, seed)
    images, labels = data.train_images[chosen], data.train_labels[chosen]
    start = time.perf_counter()
    if method == "lenet":
        error = _lenet_error(images, labels, data, seed, recipe)
    else:
        features = svm_features(method, images, recipe)
        model = classical.rbf_svm(features, labels.numpy(), c=recipe["c"], gamma=recipe["gamma"])
        test = _test_features(method, data, tuple(sorted(recipe.items())))
        error = classical.error_rate(model, test, data.test_labels.numpy())
    return {"error": round(error, 3), "seconds": round(time.perf_counter() - start, 1)}


def svm_features(method: str, images: torch.Tensor, recipe: dict) -> np.ndarray:
    """SVM이 받는 특징 `(N, D)`입니다: 픽셀 그대로("raw")이거나 HOG("hog")."""
    pixels = classical.digit_pixels(images)
    if method == "raw":
        return classical.pixel_features(pixels)
    options = {name: recipe[name] for name in ("cell", "block", "orientations")}
    return classical.hog_features(pixels, **options)


@lru_cache(maxsize=2)
def _test_features(method: str, data: ImageData, recipe: tuple) -> np.ndarray:
    return svm_features(method, data.test_images, dict(recipe))


def _lenet_error(images, labels, data: ImageData, seed: int, recipe: dict) -> float:
    batches = math.ceil(len(images) / recipe["batch_size"])
    num_epochs = max(recipe["min_epochs"], math.ceil(recipe["min_updates"] / batches))
    set_seed(seed)
    model = LeNet5(len(data.class_names)).to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(
        model.parameters(), lr=recipe["learning_rate"], momentum=recipe["momentum"],
        weight_decay=recipe["weight_decay"],
    )  # fmt: skip
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, num_epochs * batches)
    history = fit(
        model, images, labels, optimizer=optimizer, num_epochs=num_epochs,
        batch_size=recipe["batch_size"], scheduler=scheduler, progress=False,
    )  # fmt: skip
    if history["stopped"]:
        raise RuntimeError(f"{history['stopped']} 같은 명령을 다시 실행하면 이어서 합니다.")
    return 100 * (1 - evaluate(model, data.test_images, data.test_labels)["accuracy"])


def name_of(method: str, size: int, seed: int) -> str:
    """실험 하나의 이름입니다."""
    return f"{method}_{size}_{seed}"


def errors_of(record: dict, method: str) -> list[list[float]]:
    """시드마다 크기에 따른 테스트 오류율(%)입니다. 전체를 쓰는 SVM은 모든 시드에서 한 값입니다."""
    runs, first = record["runs"], record["seeds"][0]
    return [
        [
            runs.get(name_of(method, size, seed), runs[name_of(method, size, first)])["error"]
            for size in record["sizes"]
        ]
        for seed in record["seeds"]
    ]
