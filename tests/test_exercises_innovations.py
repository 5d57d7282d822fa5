"""노트북 04의 채점: 정답은 맞다고 하고, 흔한 오답에는 그 오답의 힌트를 줍니다."""

import pytest
import torch

from course_utils import exercises

RIGHT = {
    exercises.check_inverted_dropout: lambda x, keep, p: x * keep / (1 - p),
    exercises.check_versions: lambda big, small: 2 * (big - small + 1) ** 2,
    exercises.check_color_shift: lambda vectors, deviations, amounts: (
        vectors * (amounts * deviations)
    ).sum(dim=1),
    exercises.check_ten_crop_answer: lambda logits: logits.softmax(2).sum(0).argmax(1),
}
WRONG = [
    (exercises.check_inverted_dropout, lambda x, keep, p: x * keep, "논문"),
    (exercises.check_inverted_dropout, lambda x, keep, p: x * keep / p, "1 − p"),
    (exercises.check_inverted_dropout, lambda x, keep, p: x * ~keep / (1 - p), "바뀌"),
    (exercises.check_inverted_dropout, lambda x, keep, p: x * keep * (1 - p), "시험 때"),
    (exercises.check_versions, lambda big, small: 2 * (big - small) ** 2, "33곳"),
    (exercises.check_versions, lambda big, small: (big - small + 1) ** 2, "두 배"),
    (exercises.check_versions, lambda big, small: 2 * (big - small + 1), "제곱"),
    (exercises.check_color_shift, lambda v, d, a: v.T @ (a * d), "열"),
    (exercises.check_color_shift, lambda v, d, a: v @ a, "표준편차를 곱하지"),
    (exercises.check_color_shift, lambda v, d, a: v @ (a * d * d), "분산"),
    (exercises.check_ten_crop_answer, lambda logits: logits.mean(0).argmax(1), "소프트맥스"),
    (exercises.check_ten_crop_answer, lambda logits: logits.argmax(2).mode(0).values, "다수결"),
    (exercises.check_ten_crop_answer, lambda logits: logits[0].argmax(1), "첫 번째"),
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
