"""스모크 테스트: 고장은 이름을 대고, 멀쩡한 데이터와 아직 가릴 수 없는 데이터는 탓하지 않습니다."""

import random
import time

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F
from torch.utils.data import (
    DataLoader,
    Dataset,
    IterableDataset,
    SubsetRandomSampler,
    TensorDataset,
)

import course_utils
from course_utils.smoke_test import Report, make_lenet
from course_utils.smoke_test import smoke_test as measure
from course_utils.smoke_test.data_checks import Sample, check_same_scale
from course_utils.smoke_test.pipeline import agreement, take_turns


def squares(count, *, seed=0, channels=1, size=16, num_classes=4):
    """클래스마다 밝은 네모의 자리가 다르고 평균 0, 표준편차 1인 (이미지, 레이블)입니다."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % num_classes
    images = 0.3 * torch.randn(count, channels, size, size, generator=generator)
    half = size // 2
    for row, label in enumerate(labels.tolist()):
        top, left = half * (label // 2), half * (label % 2)
        images[row, :, top : top + half, left : left + half] += 2
    return (images - images.mean()) / images.std(), labels


@pytest.fixture(scope="module")
def clean():
    return squares(300), squares(100, seed=1)


def shuffled(labels):
    return labels[torch.randperm(len(labels), generator=torch.Generator().manual_seed(2))]


@pytest.fixture(autouse=True)
def one_thread():
    """작은 모델은 스레드 하나가 더 빠르고, 다른 일이 도는 컴퓨터에서도 늦어지지 않습니다."""
    torch.manual_seed(0)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def smoke_test(*data, **options):
    """느린 컴퓨터에서도 판정이 같도록 시간의 제한을 넉넉히 둡니다."""
    return measure(*data, **({"time_limit": 600.0} | options))


class WithNoise(nn.Module):
    """작은 선형 모델입니다. `noise` 층은 학습할 때와 예측할 때가 다릅니다."""

    def __init__(self, noise):
        super().__init__()
        self.noise, self.linear = noise, nn.Linear(256, 4)

    def forward(self, x):
        return self.linear(self.noise(x).flatten(1))


def run(clean, **options):
    """선형 모델로 빠르게 봅니다."""
    train, test = clean
    model = options.pop("model", None) or WithNoise(nn.Identity())
    return smoke_test(train, test, model=model, **options)


# --- 멀쩡한 데이터 --------------------------------------------------------------------------------


def test_clean_data_raises_no_alarm(clean):
    report = smoke_test(*clean)
    assert report.ok
    assert report.codes == []
    assert report.figures["test_accuracy"] > 0.9


def test_clean_pipeline_raises_no_alarm(clean):
    assert run(clean, model=WithNoise(nn.Dropout(0.3)), learning_rate=0.01).ok


def test_hard_data_is_called_undecided_not_shuffled():
    images, labels = squares(60)
    report = smoke_test((images, shuffled(labels)))
    assert report.ok
    assert any("아직 가릴 수 없습니다" in notice for notice in report.notices)


def test_random_numbers_outside_are_untouched(clean):
    model = WithNoise(nn.Dropout(0.3))
    before = torch.get_rng_state(), random.getstate()
    run(clean, model=model, learning_rate=0.01)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]


def test_model_keeps_its_weights(clean):
    model = WithNoise(nn.BatchNorm2d(1)).eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    run(clean, model=model, learning_rate=0.01)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not model.training


def test_a_last_batch_of_one_is_no_fault_of_batch_norm():
    model = nn.Sequential(nn.Flatten(), nn.Linear(256, 8), nn.BatchNorm1d(8), nn.Linear(8, 4))
    assert smoke_test(squares(225), model=model, learning_rate=0.1).ok


def test_imbalanced_data_are_no_fault_of_the_model():
    images, labels = squares(600, num_classes=2)
    keep = (labels == 0) | (torch.arange(600) < 36)  # 두 번째 클래스가 6%
    model = nn.Sequential(nn.Flatten(), nn.Linear(256, 2))
    for given in ({}, {"model": model}):
        assert "overfit_batch" not in smoke_test((images[keep], labels[keep]), **given).codes


def test_kept_activation_and_lazy_layer_are_left_alone(clean):
    model = nn.Sequential(nn.Flatten(), nn.Linear(256, 8), nn.LazyLinear(4))
    model.kept = [model[1](torch.zeros(1, 256))]
    assert run(clean, model=model, learning_rate=0.01).ok
    assert nn.parameter.is_lazy(model[2].weight)


def test_labels_are_counted_without_float64(clean, monkeypatch):
    """Mac의 MPS에는 float64가 없습니다."""
    monkeypatch.setattr(torch.Tensor, "double", None, raising=False)
    assert run(clean, learning_rate=0.01).ok


def test_reading_stops_at_the_time_limit():
    class Slow(Pictures):
        def __getitem__(self, row):
            time.sleep(0.1)
            return super().__getitem__(row)

    report = smoke_test(Slow(), time_limit=4)
    assert report.figures["train_samples"] <= 11  # 4초의 1/4
    assert any("느려" in notice for notice in report.notices)


# --- 다섯 고장 ------------------------------------------------------------------------------------


def test_shuffled_labels_are_found():
    images, labels = squares(500)
    assert smoke_test((images, shuffled(labels)), max_train=500).codes == ["labels_shuffled"]


@pytest.mark.parametrize("bend", [lambda x: 127 + 60 * x, lambda x: x / 255])
def test_wrong_input_scale_is_found(clean, bend):
    parts = [(bend(images), labels) for images, labels in clean]
    assert run(parts).codes == ["input_scale"]


def test_test_set_scaled_differently_is_found(clean):
    train, (images, labels) = clean
    assert run((train, (images / 4 + 0.5, labels))).codes == ["scale_differs"]


@pytest.mark.parametrize(
    ("rate", "code"), [(1e-7, "learning_rate_low"), (1e3, "learning_rate_high")]
)
def test_wrong_learning_rate_is_found(clean, rate, code):
    model = nn.Sequential(nn.Flatten(), nn.Linear(256, 16), nn.ReLU(), nn.Linear(16, 4))
    assert run(clean, model=model, learning_rate=rate).codes == [code]


def test_wrong_learning_rate_of_any_optimizer_is_found(clean):
    report = run(clean, optimizer=lambda parameters: torch.optim.Adam(parameters, lr=1e-6))
    assert report.codes == ["learning_rate_low"]


def forgetful(model, images):
    """model.eval()을 잊은 예측입니다."""
    with torch.no_grad():
        return model.train()(images)


@pytest.mark.parametrize("noise", [nn.Dropout(0.3), nn.BatchNorm2d(1)], ids=["dropout", "norm"])
def test_predicting_in_train_mode_is_found(clean, noise):
    assert run(clean, model=WithNoise(noise), predict=forgetful).codes == ["predict_mode"]


def test_dropout_that_ignores_the_mode_is_found(clean):
    class Always(nn.Module):
        def forward(self, x):
            return F.dropout(x)

    assert run(clean, model=WithNoise(Always())).codes == ["predict_mode"]


def test_training_in_eval_mode_is_found(clean):
    def step(model, optimizer, images, labels):
        optimizer.zero_grad()
        F.cross_entropy(model.eval()(images), labels).backward()
        optimizer.step()

    report = run(clean, model=WithNoise(nn.Dropout(0.3)), train_step=step)
    assert report.codes == ["train_mode"]


@pytest.mark.parametrize("noise", [0.0, 0.005])
def test_leak_is_found(clean, noise):
    (images, labels), (test_images, test_labels) = clean
    test_images = test_images.clone()
    test_images[:5] = images[:5] + noise * torch.randn_like(images[:5])
    assert run(((images, labels), (test_images, test_labels))).codes == ["leak"]


def test_leak_is_found_in_all_of_the_training_tensor(clean):
    # 표본이 50장이어도, 텐서로 주면 나머지 250장과도 비교합니다.
    (images, labels), _ = clean
    test = (images[:100], labels[:100])
    assert run(((images, labels), test), max_train=50).figures["leaked"] == 1


def test_split_by_sampler_is_no_leak(clean):
    everyone = TensorDataset(*clean[0])
    train, test = (DataLoader(everyone, batch_size=50, sampler=SubsetRandomSampler(rows))
                   for rows in (range(200), range(200, 300)))  # fmt: skip
    assert run((train, test)).ok


# --- 그 밖의 고장 ---------------------------------------------------------------------------------


def test_step_that_never_steps_is_found(clean):
    def step(model, optimizer, images, labels):
        F.cross_entropy(model(images), labels).backward()

    assert run(clean, train_step=step).codes == ["overfit_batch"]


def bent(change):
    return lambda images, labels: change(images.clone(), labels.clone())


def with_nan(images, labels):
    images[3, 0, 0, 0] = float("nan")
    return images, labels


def repeated(images, labels):
    return torch.cat([images, images[:40]]), torch.cat([labels, (labels[:40] + 1) % 4])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (with_nan, "not_finite"),
        (lambda x, y: (torch.ones_like(x), y), "constant_images"),
        (lambda x, y: (x.permute(0, 2, 3, 1), y), "channels_last"),
        (lambda x, y: (x, y.float()), "label_type"),
        (lambda x, y: (x, y[:, None]), "label_type"),
        (lambda x, y: (x, y + 1), "label_offset"),
        (lambda x, y: (x, y * 50), "label_range"),
        (lambda x, y: (x, y * 0), "one_class"),
        (lambda x, y: (x, torch.where(torch.arange(len(y)) < 8, y, 0)), "imbalance"),
        (repeated, "conflicting_labels"),
    ],
)
def test_broken_data_is_named(clean, change, code):
    assert code in smoke_test(bent(change)(*clean[0])).codes


def test_shuffled_test_labels_are_found(clean):
    images, labels = squares(1000, seed=1)
    assert smoke_test(clean[0], (images, shuffled(labels))).codes == ["test_mismatch"]


def test_noisy_training_labels_are_found(clean):
    (images, labels), test = squares(1000), clean[1]
    noisy = torch.where(torch.rand(1000) < 0.5, torch.randint(0, 4, (1000,)), labels)
    assert smoke_test((images, noisy), test).codes == ["label_noise"]


def test_softmax_before_the_loss_is_found(clean):
    model = nn.Sequential(nn.Flatten(), nn.Linear(256, 4), nn.Softmax(dim=1))
    assert "softmax_twice" in run(clean, model=model).codes


def test_nan_outside_the_sample_is_found(clean):
    images = clean[0][0].clone()
    images[:, 0, 0, 0] = torch.where(torch.arange(300) % 10 == 0, torch.nan, 0.0)
    report = smoke_test((images, clean[0][1]), max_train=2)
    assert "30장에" in report.findings[0].message


def colored(count, *, seed):
    """빨강이 파랑보다 밝고, 위에서 아래로 천천히 바뀌는 컬러 이미지입니다."""
    images, labels = squares(count, seed=seed, channels=3)
    slope = torch.linspace(-2, 2, 16)[:, None]
    shift = torch.tensor([1.0, 0.0, -1.0])[:, None, None]
    return images + slope + shift, labels


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda x, own: (x.flip(1), own), "channel_order"),
        (lambda x, own: (x.permute(0, 2, 3, 1).reshape(x.shape), own), "reshaped"),
        (lambda x, own: (own[:100].flip(3), own), "leak"),
    ],
)
def test_bent_test_images_are_found(change, code):
    (images, labels), (test_images, test_labels) = colored(300, seed=0), colored(100, seed=1)
    assert code not in smoke_test((images, labels), (test_images, test_labels)).codes
    bent_images, images = change(test_images, images)
    assert code in smoke_test((images, labels), (bent_images, test_labels)).codes


def test_an_error_in_the_given_function_is_told(clean):
    report = run(clean, predict=lambda model, images: 1 / 0)
    assert report.codes == ["error"]
    assert "ZeroDivisionError" in str(report)


# --- 받는 것 --------------------------------------------------------------------------------------


class Stream(IterableDataset):
    """길이를 아는 IterableDataset입니다."""

    def __iter__(self):
        yield from zip(*squares(60), strict=True)

    def __len__(self):
        return 60


class Pictures(Dataset):
    """torchvision처럼 PIL 이미지를 냅니다."""

    def __len__(self):
        return 60

    def __getitem__(self, row):
        pixels = np.random.default_rng(row).integers(0, 256, (12, 12, 3), dtype=np.uint8)
        return Image.fromarray(pixels), row % 3


@pytest.mark.parametrize(
    "make",
    [
        lambda: TensorDataset(*squares(60)),
        lambda: DataLoader(TensorDataset(*squares(60)), batch_size=16),
        lambda: tuple(part.numpy() for part in squares(60)),
        lambda: squares(60, channels=3, size=8),
        lambda: squares(60, size=40),
        Pictures,
        Stream,
    ],
    ids=["dataset", "loader", "arrays", "color", "large", "pil", "stream"],
)
def test_any_image_data_is_read(make):
    report = smoke_test(make())
    assert report.ok
    assert report.figures["train_samples"] == 60


def test_pil_images_are_scaled_and_said_so():
    assert any("transform" in notice for notice in smoke_test(Pictures()).notices)


@pytest.mark.parametrize(
    ("train", "word"),
    [
        ("mnist", "DataLoader"),
        ((torch.zeros(4, 2, 16, 16), torch.zeros(4)), "채널"),
        ((torch.zeros(4, 1, 6, 6), torch.zeros(4)), "8픽셀"),
        ((torch.zeros(4, 1, 16, 16), torch.zeros(3)), "수가 같고"),
        ((torch.zeros(4, 1, 16, 16), torch.full((4,), 0.5)), "정수가 아닌"),
        ([torch.zeros(1, 16, 16)] * 3, "(이미지, 레이블)"),
    ],
)
def test_unreadable_data_says_what_to_give(train, word):
    with pytest.raises(ValueError, match="십시오") as caught:
        smoke_test(train)
    assert word in str(caught.value)


def test_learning_rate_and_optimizer_are_not_both_given(clean):
    with pytest.raises(ValueError, match="하나만"):
        smoke_test(clean[0], learning_rate=0.1, optimizer=torch.optim.Adam)


# --- 계산과 보고 ----------------------------------------------------------------------------------


def test_agreement_equals_cohens_kappa():
    # 두 사람이 50번 답해 예-예 20, 예-아니요 5, 아니요-예 10, 아니요-아니요 15번이면
    # 일치 0.7, 우연 0.5 × 0.6 + 0.5 × 0.4 = 0.5, 카파 0.2 / 0.5 = 0.4입니다.
    answers = torch.tensor([1] * 25 + [0] * 25)
    labels = torch.tensor([1] * 20 + [0] * 5 + [1] * 10 + [0] * 15)
    result = agreement(answers, labels)
    assert [result[name] for name in ("accuracy", "chance", "kappa")] == pytest.approx(
        [0.7, 0.5, 0.4]
    )


def test_answering_one_class_proves_nothing():
    result = agreement(torch.zeros(1000, dtype=torch.long), torch.zeros(1000, dtype=torch.long))
    assert result["upper"] == 1


def test_few_images_that_differ_by_chance_are_not_scaled_differently():
    # 두 장씩이면 평균이 달라도 우연의 다섯 배를 넘지 않습니다.
    pair = [Sample(torch.randn(2, 1, 8, 8, generator=torch.Generator().manual_seed(s)) + shift,
                   torch.arange(2), 2, False)
            for s, shift in ((0, torch.tensor([0.0, 3.0])[:, None, None, None]),
                             (1, torch.tensor([1.0, 4.0])[:, None, None, None]))]  # fmt: skip
    assert check_same_scale(*pair, Report())


def test_lenet_fits_channels_and_classes():
    assert make_lenet(3, 7)(torch.zeros(2, 3, 32, 32)).shape == (2, 7)


def test_report_escapes_what_it_shows():
    report = Report()
    report.add("error", "<script>", "a & b")
    assert "<script>" not in report._repr_html_()
    assert "&lt;script&gt;" in report._repr_html_()
    assert "1. <script>" in str(report)
    assert not report.ok


def test_every_spelling_is_callable(clean):
    from course_utils import smoke_test as module

    assert callable(course_utils.smoke_test)
    assert module is course_utils.smoke_test
    assert isinstance(module(clean[0], max_train=40), Report)


def test_package_still_says_what_it_lacks():
    with pytest.raises(AttributeError, match="smoke_tests"):
        _ = course_utils.smoke_tests


def test_the_batch_to_memorise_takes_turns_between_classes():
    """한 클래스가 많은 배치는 그 클래스만 답하다가 멈추어 거짓 경보가 되었습니다."""
    rows, labels = torch.arange(10, 16), torch.tensor([0, 0, 0, 1, 0, 1])
    assert take_turns(rows, labels).tolist() == [10, 13, 11, 15, 12, 14]
