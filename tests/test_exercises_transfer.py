"""노트북 06의 채점: 정답은 맞다고 하고, 흔한 오답에는 그 오답의 힌트를 줍니다."""

import pytest
import torch

from course_utils.exercises import EMPTY
from course_utils.exercises import transfer as exercises


def freeze(model, learning):
    """이름이 `learning`으로 시작하는 파라미터만 배우게 합니다."""
    for name, weight in model.named_parameters():
        weight.requires_grad_(name.startswith(learning))
    return model


def freeze_by_attribute(model):
    model.requires_grad = False  # 모델에는 이런 속성이 없어 아무 일도 하지 않습니다.
    return model


RIGHT = {
    exercises.check_head_parameters: lambda inputs, classes: (inputs + 1) * classes,
    exercises.check_normalize: lambda x, mean, std: (
        (x.permute(0, 2, 3, 1) - mean) / std
    ).permute(0, 3, 1, 2),
    exercises.check_freeze: lambda model: freeze(model, "classifier.2"),
}
WRONG = [
    (exercises.check_head_parameters, lambda i, c: i * c, "빠뜨렸"),
    (exercises.check_head_parameters, lambda i, c: i * c + 1, "하나가 아니라"),
    (exercises.check_head_parameters, lambda i, c: (c + 1) * i, "입력이 아니라"),
    (exercises.check_normalize, lambda x, mean, std: (x - mean) / std, "너비"),
    (exercises.check_normalize, lambda x, mean, std: x - mean[:, None, None], "나누지 않"),
    (exercises.check_normalize, lambda x, mean, std: (x - mean[:, None, None]) * std[:, None, None],
     "곱하지"),
    (exercises.check_normalize,
     lambda x, mean, std: (x - mean[:, None, None]) / std[:, None, None] ** 2, "분산"),
    (exercises.check_normalize, lambda x, mean, std: x * std[:, None, None] + mean[:, None, None],
     "거꾸로"),
    (exercises.check_freeze, lambda model: model.requires_grad_(False), "머리까지"),
    (exercises.check_freeze, freeze_by_attribute, "아무것도"),
    (exercises.check_freeze, lambda model: freeze(model, "classifier"), "앞쪽 층"),
    (exercises.check_freeze, lambda model: freeze(model, ("features", "classifier.0")), "거꾸로"),
    (exercises.check_freeze, lambda model: 3, "모델을 돌려주어야"),
]  # fmt: skip


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


def test_checking_does_not_move_the_random_numbers():
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    exercises.check_freeze(lambda model: model)
    assert torch.equal(torch.rand(1), expected)
