"""고장 난 절차 다섯 개: 말한 것만 고장 나 있고, 나머지는 고장 없는 절차와 같습니다."""

import pytest
import torch

from course_utils import training
from course_utils.data import ImageData
from course_utils.smoke_test.broken_pipelines import PIPELINES, healthy_pipeline, run_pipeline


def squares(count):
    """클래스마다 밝은 네모의 자리가 다른 이미지입니다. 잡음이 있어 같은 이미지는 없습니다."""
    labels = torch.arange(count) % 10
    images = 0.1 * torch.randn(count, 1, 32, 32)
    for row, label in enumerate(labels.tolist()):
        top, left = 8 * (label // 4), 8 * (label % 4)
        images[row, 0, top : top + 8, left : left + 8] += 1
    return images, labels


@pytest.fixture(scope="module")
def data():
    training.set_seed(0)
    return ImageData(*squares(700), *squares(300), tuple("0123456789"), "네모", "시험", "")


@pytest.fixture(scope="module")
def built(data):
    """이름 → 같은 시드로 만든 절차입니다."""
    pipelines = {}
    for name, build in ({"정상": healthy_pipeline} | PIPELINES).items():
        training.set_seed(0)
        pipelines[name] = build(data)
    return pipelines


def differences(pipeline, healthy):
    """고장 없는 절차와 다른 칸의 이름입니다."""
    tensors = ("train_images", "train_labels", "test_images", "test_labels")
    names = {name for name in tensors
             if not torch.equal(getattr(pipeline, name), getattr(healthy, name))}  # fmt: skip
    if pipeline.learning_rate != healthy.learning_rate:
        names.add("learning_rate")
    if pipeline.predict is not healthy.predict:
        names.add("predict")
    return names


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("가", {"learning_rate"}),
        ("나", {"test_images", "test_labels"}),
        ("다", {"train_images"}),
        ("라", {"predict"}),
        ("마", {"train_images", "test_images"}),
    ],
)
def test_each_pipeline_differs_in_one_thing(built, name, expected):
    assert differences(built[name], built["정상"]) == expected


def test_names_are_the_first_five_korean_letters():
    assert list(PIPELINES) == list("가나다라마")


def test_healthy_images_have_mean_0_and_deviation_1(built):
    images = built["정상"].train_images
    assert images.mean().item() == pytest.approx(0, abs=1e-4)
    assert images.std().item() == pytest.approx(1, abs=1e-4)


def test_leaking_pipeline_tests_on_its_training_images(built):
    pipeline = built["나"]
    rows = {image.numpy().tobytes() for image in pipeline.train_images}
    assert all(image.numpy().tobytes() in rows for image in pipeline.test_images)


def test_shuffled_pipeline_keeps_the_images_but_not_their_order(built):
    shuffled, healthy = (built[name].train_images.flatten(1).sum(dim=1) for name in ("다", "정상"))
    assert torch.equal(shuffled.sort().values, healthy.sort().values)


def test_train_mode_pipeline_answers_the_same_image_differently(built):
    pipeline = built["라"]
    images = pipeline.test_images[:8]
    assert not torch.equal(*(pipeline.predict(pipeline.model, images) for _ in range(2)))


def test_unnormalized_pipeline_reaches_255(built):
    images = built["마"].train_images
    assert images.min().item() == 0
    assert images.max().item() == pytest.approx(255)


def test_run_measures_every_epoch(built):
    history = run_pipeline(built["정상"], num_epochs=2)
    assert set(history) == {"train_loss", "train_accuracy", "test_accuracy"}
    assert all(len(values) == 2 for values in history.values())
