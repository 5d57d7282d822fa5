"""노트북 02, 04, 05, 06의 채점: 정답은 맞다고 하고, 흔한 오답에는 그 오답의 힌트를 줍니다."""

import pytest
import torch

from course_utils import exercises
from course_utils.exercises import quiet_years, transfer
from course_utils.receptive_field import receptive_fields, stack_parameters

YEAR = 365.25 * 24 * 60 * 60


def freeze(model, learning):
    """이름이 `learning`으로 시작하는 파라미터만 배우게 합니다."""
    for name, weight in model.named_parameters():
        weight.requires_grad_(name.startswith(learning))
    return model


def freeze_by_attribute(model):
    model.requires_grad = False  # 모델에는 이런 속성이 없어 아무 일도 하지 않습니다.
    return model


RIGHT = {
    # 02
    quiet_years.check_margin: lambda weights: 2 / weights.norm(),
    quiet_years.check_training_years: lambda macs, images, epochs, rate: (
        3 * macs * images * epochs / rate / YEAR
    ),
    quiet_years.check_word_histogram: lambda words, count: (
        torch.bincount(words, minlength=count) / len(words)
    ),
    # 04
    exercises.check_versions: lambda big, small: 2 * (big - small + 1) ** 2,
    exercises.check_ten_crop_answer: lambda logits: logits.softmax(2).sum(0).argmax(1),
    # 05
    exercises.check_receptive_field: lambda layers: receptive_fields(layers)[-1],
    exercises.check_stack_parameters: lambda k, depth, inputs, c: stack_parameters(
        k, depth, channels=c, in_channels=inputs
    ),
    # 06
    transfer.check_normalize: lambda x, mean, std: ((x.permute(0, 2, 3, 1) - mean) / std).permute(
        0, 3, 1, 2
    ),
    transfer.check_freeze: lambda model: freeze(model, "classifier.2"),
}
WRONG = [
    # 02
    (quiet_years.check_margin, lambda weights: 1 / weights.norm(), "한쪽"),
    (quiet_years.check_margin, lambda weights: 2 / weights.dot(weights), "제곱근"),
    (quiet_years.check_margin, lambda weights: 2 / weights.abs().sum(), "유클리드"),
    (quiet_years.check_margin, lambda weights: 2 * weights.norm(), "나누"),
    (quiet_years.check_training_years, lambda m, i, e, r: m * i * e / r / YEAR, "역전파를 빠뜨"),
    (quiet_years.check_training_years, lambda m, i, e, r: 2 * m * i * e / r / YEAR, "순전파도"),
    (quiet_years.check_training_years, lambda m, i, e, r: 3 * m * i * e / r / 86_400, "날의 수"),
    (quiet_years.check_training_years, lambda m, i, e, r: 3 * m * i * e / r, "초입니다"),
    (quiet_years.check_training_years, lambda m, i, e, r: 3 * m * i / r, "몇 초이고 몇 해"),
    (
        quiet_years.check_word_histogram,
        lambda words, count: torch.bincount(words, minlength=count),
        "비율",
    ),
    (
        quiet_years.check_word_histogram,
        lambda words, count: torch.bincount(words, minlength=count) / count,
        "특징점의 수",
    ),
    (
        quiet_years.check_word_histogram,
        lambda words, count: words.unique(return_counts=True)[1] / 8,
        "0으로",
    ),
    (
        quiet_years.check_word_histogram,
        lambda words, count: torch.bincount(words) / len(words),
        "minlength",
    ),
    # 04
    (exercises.check_versions, lambda big, small: 2 * (big - small) ** 2, "33곳"),
    (exercises.check_versions, lambda big, small: (big - small + 1) ** 2, "두 배"),
    (exercises.check_versions, lambda big, small: 2 * (big - small + 1), "제곱"),
    (exercises.check_ten_crop_answer, lambda logits: logits.mean(0).argmax(1), "소프트맥스"),
    (exercises.check_ten_crop_answer, lambda logits: logits.argmax(2).mode(0).values, "다수결"),
    (exercises.check_ten_crop_answer, lambda logits: logits[0].argmax(1), "첫 번째"),
    # 05
    (exercises.check_receptive_field, lambda layers: sum(k for k, _ in layers), "그냥 더했"),
    (exercises.check_receptive_field, lambda layers: 1 + sum(k - 1 for k, _ in layers), "빠졌"),
    (exercises.check_receptive_field, lambda layers: 1 + sum((k - 1) * s for k, s in layers), "앞"),
    (exercises.check_receptive_field, lambda layers: 0, "layers=[(3, 1), (3, 1)]: 기대한 값은"),
    (exercises.check_stack_parameters, lambda k, d, n, c: k * k * c * (n + c * (d - 1)), "편향"),
    (exercises.check_stack_parameters, lambda k, d, n, c: d * (k * k * c * c + c), "첫 층"),
    (exercises.check_stack_parameters, lambda k, d, n, c: d * k * k * c * c, "편향도"),
    (exercises.check_stack_parameters, lambda k, d, n, c: k * k, "기대한 값은 85728, 나온"),
    # 06
    (transfer.check_normalize, lambda x, mean, std: (x - mean) / std, "너비"),
    (transfer.check_normalize, lambda x, mean, std: x - mean[:, None, None], "나누지 않"),
    (
        transfer.check_normalize,
        lambda x, mean, std: (x - mean[:, None, None]) * std[:, None, None],
        "곱하지",
    ),
    (
        transfer.check_normalize,
        lambda x, mean, std: (x - mean[:, None, None]) / std[:, None, None] ** 2,
        "분산",
    ),
    (
        transfer.check_normalize,
        lambda x, mean, std: x * std[:, None, None] + mean[:, None, None],
        "거꾸로",
    ),
    (transfer.check_freeze, lambda model: model.requires_grad_(False), "머리까지"),
    (transfer.check_freeze, freeze_by_attribute, "아무것도"),
    (transfer.check_freeze, lambda model: freeze(model, "classifier"), "앞쪽 층"),
    (transfer.check_freeze, lambda model: freeze(model, ("features", "classifier.0")), "거꾸로"),
    (transfer.check_freeze, lambda model: 3, "모델을 돌려주어야"),
]


@pytest.mark.parametrize(("check", "answer"), RIGHT.items(), ids=lambda value: value.__name__)
def test_right_answer_passes(check, answer):
    verdict = check(answer)
    assert verdict.passed
    assert "맞습니다" in repr(verdict)


@pytest.mark.parametrize(("check", "answer", "hint"), WRONG)
def test_typical_mistake_gets_its_own_hint(check, answer, hint):
    verdict = check(answer)
    assert not verdict.passed
    assert hint in verdict.message


@pytest.mark.parametrize("check", RIGHT, ids=lambda value: value.__name__)
def test_unfilled_stub_is_called_empty(check):
    assert check(lambda *arguments: None) == exercises.EMPTY


@pytest.mark.parametrize("check", RIGHT, ids=lambda value: value.__name__)
def test_an_error_in_the_answer_is_told(check):
    assert "오류" in check(lambda *arguments: 1 / 0).message


def test_ten_crop_mistakes_differ_from_the_answer():
    # 오답의 값이 정답과 같다면 틀린 풀이가 통과합니다.
    logits = 4 * torch.randn(10, 60, 5, generator=torch.Generator().manual_seed(1998))
    answer = logits.softmax(2).mean(0).argmax(1)
    assert not torch.equal(answer, logits.mean(0).argmax(1))
    assert not torch.equal(answer, logits.argmax(2).mode(0).values)


def test_checking_does_not_move_the_random_numbers():
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    transfer.check_freeze(lambda model: model)
    assert torch.equal(torch.rand(1), expected)
