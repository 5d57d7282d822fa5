"""채점기: 정답은 통과하고, 흔한 오답 셋은 저마다 다른 힌트를 받습니다."""

import pytest
import torch

from course_utils import exercises
from course_utils.lenet import ScaledTanh


def softly(sources):
    return sum(map(len, sources))


CASES = {
    exercises.check_output_size: (
        lambda n, k, s, p: (n + 2 * p - k) // s + 1,
        [
            lambda n, k, s, p: (n + 2 * p - k) // s,
            lambda n, k, s, p: (n + p - k) // s + 1,
            lambda n, k, s, p: (n + 2 * p - k) / s + 1,
        ],
    ),
    exercises.check_same_padding: (
        lambda k: k // 2,
        [lambda k: k - 1, lambda k: (k - 1) / 2, lambda k: (k + 1) // 2],
    ),
    exercises.check_table_parameters: (
        lambda table: 25 * softly(table) + len(table),
        [
            lambda table: 26 * softly(table),
            lambda table: 25 * softly(table),
            lambda table: 25 * len(table) * (1 + max(map(max, table))) + len(table),
        ],
    ),
    exercises.check_scaled_tanh: (
        ScaledTanh(),
        [torch.tanh, lambda x: 1.7159 * torch.tanh(x), lambda x: torch.tanh(2 / 3 * x)],
    ),
    exercises.check_rbf_penalties: (
        lambda x, codes: torch.cdist(x, codes) ** 2,
        [
            lambda x, codes: torch.cdist(x, codes, p=1),
            lambda x, codes: torch.cdist(x, codes) ** 2 / 84,
            lambda x, codes: torch.cdist(x, codes),
        ],
    ),
    exercises.check_rubbish_logits: (
        lambda y, j: torch.nn.functional.pad(-y, (0, 1), value=-j),
        [
            lambda y, j: -y,
            lambda y, j: torch.nn.functional.pad(y, (0, 1), value=j),
            lambda y, j: torch.nn.functional.pad(-y, (0, 1), value=j),
        ],
    ),
}
CHECKS = pytest.mark.parametrize("check", CASES, ids=lambda check: check.__name__)


@CHECKS
def test_right_answer_passes(check):
    verdict = check(CASES[check][0])
    assert verdict.passed
    assert repr(verdict).startswith("✓ 맞습니다.")


@CHECKS
def test_three_typical_mistakes_get_three_different_hints(check):
    verdicts = [check(wrong) for wrong in CASES[check][1]]
    assert not any(verdict.passed for verdict in verdicts)
    assert len({verdict.message for verdict in verdicts}) == 3


@CHECKS
def test_typical_mistake_is_recognised_and_not_only_refused(check):
    # 알아보지 못한 오답은 모두 같은 말(otherwise)을 듣습니다.
    unrecognised = check(lambda *arguments: 12_345.678).message
    assert all(check(wrong).message != unrecognised for wrong in CASES[check][1])


@CHECKS
def test_empty_answer_is_not_called_wrong(check):
    verdict = check(lambda *arguments: None)
    assert not verdict.passed
    assert "아직 비어 있습니다" in verdict.message


@CHECKS
def test_error_in_the_answer_is_shown_not_raised(check):
    verdict = check(lambda *arguments: 1 / 0)
    assert not verdict.passed
    assert "ZeroDivisionError" in verdict.message


LENET_SIZES = {"C1": 28, "S2": 14, "C3": 10, "S4": 5, "C5": 1}


def test_layer_sizes_of_lenet_pass():
    assert exercises.check_sizes(LENET_SIZES, input_size=32, kernel=5).passed


@pytest.mark.parametrize(
    ("name", "size", "hint"),
    [
        ("C1", 32, "패딩이 없으므로"),
        ("C1", 27, "1을 더하지"),
        ("S2", 27, "스트라이드는"),
        ("C3", 11, "바로 앞의 크기 14"),
        ("S4", None, "비어 있습니다: S4"),
    ],
)
def test_layer_size_mistakes_get_their_own_hint(name, size, hint):
    verdict = exercises.check_sizes(LENET_SIZES | {name: size}, input_size=32, kernel=5)
    assert not verdict.passed
    assert hint in verdict.message


def test_wrong_shape_is_named():
    verdict = exercises.check_rbf_penalties(lambda x, codes: torch.zeros(10, 4))
    assert "(4, 10)" in verdict.message
    assert "(10, 4)" in verdict.message
