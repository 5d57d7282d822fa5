"""노트북 02의 채점: 정답은 맞다고 하고, 흔한 오답에는 그 오답의 힌트를 줍니다."""

import pytest
import torch

from course_utils.exercises import EMPTY
from course_utils.exercises.quiet_years import (
    check_margin,
    check_training_years,
    check_word_histogram,
)

YEAR = 365.25 * 24 * 60 * 60
RIGHT = {
    check_margin: lambda weights: 2 / weights.norm(),
    check_training_years: lambda macs, images, epochs, rate: 3 * macs * images * epochs / rate
    / YEAR,
    check_word_histogram: lambda words, count: torch.bincount(words, minlength=count) / len(words),
}  # fmt: skip
WRONG = [
    (check_margin, lambda weights: 1 / weights.norm(), "한쪽"),
    (check_margin, lambda weights: 2 / weights.dot(weights), "제곱근"),
    (check_margin, lambda weights: 2 / weights.abs().sum(), "유클리드"),
    (check_margin, lambda weights: 2 * weights.norm(), "나누"),
    (check_training_years, lambda m, i, e, r: m * i * e / r / YEAR, "역전파를 빠뜨"),
    (check_training_years, lambda m, i, e, r: 2 * m * i * e / r / YEAR, "순전파도"),
    (check_training_years, lambda m, i, e, r: 3 * m * i * e / r / 86_400, "날의 수"),
    (check_training_years, lambda m, i, e, r: 3 * m * i * e / r, "초입니다"),
    (check_training_years, lambda m, i, e, r: 3 * m * i / r, "에폭"),
    (check_word_histogram, lambda words, count: torch.bincount(words, minlength=count), "비율"),
    (
        check_word_histogram,
        lambda words, count: torch.bincount(words, minlength=count) / count,
        "특징점의 수",
    ),
    (check_word_histogram, lambda words, count: words.unique(return_counts=True)[1] / 8, "0으로"),
    (check_word_histogram, lambda words, count: torch.bincount(words) / len(words), "minlength"),
]


@pytest.mark.parametrize(("check", "answer"), RIGHT.items(), ids=lambda value: value.__name__)
def test_right_answer_passes(check, answer):
    assert check(answer).passed


@pytest.mark.parametrize(("check", "answer", "hint"), WRONG)
def test_typical_mistake_gets_its_own_hint(check, answer, hint):
    verdict = check(answer)
    assert not verdict.passed
    assert hint in verdict.message


@pytest.mark.parametrize("check", RIGHT, ids=lambda value: value.__name__)
def test_unfilled_stub_is_called_empty(check):
    assert check(lambda *arguments: None) == EMPTY


@pytest.mark.parametrize("check", RIGHT, ids=lambda value: value.__name__)
def test_an_error_in_the_answer_is_told(check):
    assert "오류" in check(lambda *arguments: 1 / 0).message
