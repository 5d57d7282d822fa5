"""노트북 05의 연습문제: 정답은 통과하고, 흔한 오답마다 그에 맞는 힌트를 줍니다."""

import pytest

from course_utils import exercises
from course_utils.receptive_field import receptive_fields, stack_parameters

RIGHT = [
    (exercises.check_receptive_field, lambda layers: receptive_fields(layers)[-1]),
    (exercises.check_stack_parameters,
     lambda k, depth, inputs, c: stack_parameters(k, depth, channels=c, in_channels=inputs)),
    (exercises.check_training_operations, lambda macs, images, epochs: 6 * macs * images * epochs),
]  # fmt: skip


@pytest.mark.parametrize(("check", "answer"), RIGHT)
def test_right_answer_passes(check, answer):
    verdict = check(answer)
    assert verdict.passed
    assert "맞습니다" in repr(verdict)


@pytest.mark.parametrize(("check", "answer"), RIGHT)
def test_empty_answer_is_called_empty(check, answer):
    assert check(lambda *_: None) == exercises.EMPTY


WRONG = [
    (exercises.check_receptive_field, lambda layers: sum(k for k, _ in layers), "그냥 더했"),
    (exercises.check_receptive_field, lambda layers: 1 + sum(k - 1 for k, _ in layers), "빠졌"),
    (exercises.check_receptive_field, lambda layers: 1 + sum((k - 1) * s for k, s in layers), "앞"),
    (exercises.check_receptive_field, lambda layers: 0, "1에서 시작"),
    (exercises.check_stack_parameters, lambda k, d, n, c: k * k * c * (n + c * (d - 1)), "편향"),
    (exercises.check_stack_parameters, lambda k, d, n, c: d * (k * k * c * c + c), "첫 층"),
    (exercises.check_stack_parameters, lambda k, d, n, c: d * k * k * c * c, "편향도"),
    (exercises.check_stack_parameters, lambda k, d, n, c: k * k, "커널²"),
    (exercises.check_training_operations, lambda m, n, e: m * n * e, "순전파의 MAC만"),
    (exercises.check_training_operations, lambda m, n, e: 2 * m * n * e, "역전파가 빠졌"),
    (exercises.check_training_operations, lambda m, n, e: 3 * m * n * e, "곱하기와 더하기"),
    (exercises.check_training_operations, lambda m, n, e: 4 * m * n * e, "두 배입니다"),
    (exercises.check_training_operations, lambda m, n, e: 1 / 0, "ZeroDivisionError"),
]


@pytest.mark.parametrize(("check", "answer", "hint"), WRONG)
def test_typical_mistake_gets_its_own_hint(check, answer, hint):
    verdict = check(answer)
    assert not verdict.passed
    assert hint in repr(verdict)
