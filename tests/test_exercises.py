"""채점기: 정답은 통과하고, 흔한 오답 셋은 저마다 다른 힌트를 받습니다."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_utils import exercises
from course_utils.exercises.grading import grade


def softly(sources):
    return sum(map(len, sources))


def count_parameters(c_in, c_out, k, groups):
    """PyTorch가 실제로 만드는 파라미터의 수입니다."""
    return sum(p.numel() for p in nn.Conv2d(c_in, c_out, k, groups=groups).parameters())


def respond(a, *, alpha=1e-4, beta=0.75, k=2.0):
    return F.local_response_norm(a[None], 5, alpha, beta, k)[0]


def unread_pixels(n, k, s, p):
    """창을 하나씩 놓아 읽은 자리를 표시하고 남은 자리를 셉니다."""
    read = torch.zeros(n + 2 * p, dtype=torch.bool)
    for start in range(0, n + 2 * p - k + 1, s):
        read[start : start + k] = True
    return int((~read).sum())


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
        [lambda k: k - 1, lambda k: k, lambda k: (k + 1) // 2],
    ),
    exercises.check_table_parameters: (
        lambda table: 25 * softly(table) + len(table),
        [
            lambda table: 26 * softly(table),
            lambda table: 25 * softly(table),
            lambda table: 25 * len(table) * (1 + max(map(max, table))) + len(table),
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
    exercises.check_grouped_parameters: (
        count_parameters,
        [
            lambda i, o, k, g: count_parameters(i, o, k, 1),
            lambda i, o, k, g: k * k * (i // g) * o + o * g,
            lambda i, o, k, g: k * k * (i // g) * (o // g) + o,
        ],
    ),
    exercises.check_local_response_norm: (
        respond,
        [
            lambda a: respond(a, alpha=5e-4),
            lambda a: respond(a, k=1.0),
            lambda a: respond(torch.cat([a[-2:], a, a[:2]]))[2:-2],
        ],
    ),
    exercises.check_exchange_bytes: (
        lambda c, side: torch.zeros(c, side, side).numpy().nbytes,
        [
            lambda c, side: torch.zeros(2 * c, side, side).numpy().nbytes,
            lambda c, side: c * side * side,
            lambda c, side: c * side * 4,
        ],
    ),
    exercises.check_leftover: (
        unread_pixels,
        [
            lambda n, k, s, p: (n + p - k) % s,
            lambda n, k, s, p: (n + 2 * p) % s,
            lambda n, k, s, p: (n + 2 * p - k) // s + 1,
        ],
    ),
}
# 셋 말고도 알아보는 실수들입니다.
MORE_MISTAKES = {
    exercises.check_grouped_parameters: [
        (lambda i, o, k, g: k * k * (i // g) * o, "편향을 빠뜨"),
        (lambda i, o, k, g: k * k * (i // g) * o + o // g, "하나씩 남습니다"),
    ],
    exercises.check_local_response_norm: [
        (lambda a: respond(a, beta=1.0), "β = 0.75"),
        (lambda a: a * respond(a.sqrt()) / a.sqrt(), "제곱하지 않고"),
        (
            lambda a: a / (2 + 1e-4 * F.avg_pool3d(
                a.square()[None], (5, 1, 1), 1, (2, 0, 0), count_include_pad=False
            )[0]) ** 0.75,
            "늘 5로",
        ),
    ],
    exercises.check_exchange_bytes: [(lambda c, side: 32 * c * side**2, "비트")],
    exercises.check_leftover: [(lambda n, k, s, p: (n - k) % s, "패딩을 빠뜨")],
}  # fmt: skip
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


@pytest.mark.parametrize(
    ("check", "wrong", "hint"),
    [(check, *mistake) for check, mistakes in MORE_MISTAKES.items() for mistake in mistakes],
)
def test_further_mistake_gets_its_own_hint(check, wrong, hint):
    verdict = check(wrong)
    assert not verdict.passed
    assert hint in verdict.message


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


def test_removed_blanks_are_still_blank():
    verdict = exercises.check_sizes({"C1": 28}, input_size=32, kernel=5)
    assert not verdict.passed
    assert "비어 있습니다: S2, C3, S4, C5" in verdict.message


ALEXNET_SIZES = {
    "conv1": 55, "pool1": 27, "conv2": 27, "pool2": 13, "conv3": 13, "conv4": 13, "conv5": 13,
    "pool5": 6,
}  # fmt: skip


def test_layer_sizes_of_alexnet_pass():
    verdict = exercises.check_alexnet_sizes(ALEXNET_SIZES)
    assert verdict.passed
    assert "227 → 55 → 27 → 27 → 13 → 13 → 13 → 13 → 6" in verdict.message


@pytest.mark.parametrize(
    ("name", "size", "hint"),
    [
        ("conv1", 56, "패딩이 없습니다"),
        ("conv1", 54, "224가 아니라 227"),
        ("pool1", 26, "1을 더하지"),
        ("pool1", 28, "55 / 2를 올렸습니다"),
        ("pool1", 53, "스트라이드는"),
        ("pool1", 18, "2픽셀씩"),
        ("conv2", 23, "양쪽에 2픽셀씩"),
        ("conv2", 25, "양쪽에 셌는지"),
        ("conv3", 11, "양쪽에 1픽셀씩"),
        ("conv4", 12, "1을 더했는지"),
        ("pool5", 7, "13 / 2를 올렸습니다"),
        ("pool5", 99, "바로 앞의 크기 13"),
        ("pool2", None, "비어 있습니다: pool2"),
    ],
)
def test_alexnet_size_mistakes_get_their_own_hint(name, size, hint):
    verdict = exercises.check_alexnet_sizes(ALEXNET_SIZES | {name: size})
    assert not verdict.passed
    assert name in verdict.message
    assert hint in verdict.message


def test_missing_layer_of_alexnet_counts_as_empty():
    verdict = exercises.check_alexnet_sizes({"conv1": 55})
    assert "비어 있습니다: pool1, conv2" in verdict.message


def test_one_parameter_too_many_is_wrong():
    # conv3의 885,120개에서 하나는 1e-4보다 작은 차이입니다.
    verdict = exercises.check_grouped_parameters(
        lambda *case: count_parameters(*case) + (case == (256, 384, 3, 1))
    )
    assert not verdict.passed


def test_answer_that_changes_its_input_is_still_graded():
    def normalise_in_place(a):
        return a.copy_(respond(a))

    assert exercises.check_local_response_norm(normalise_in_place).passed


def test_wrong_shape_is_named():
    verdict = exercises.check_rubbish_logits(lambda penalties, j: torch.zeros(11, 4))
    assert "(4, 11)" in verdict.message
    assert "(11, 4)" in verdict.message


def check_five(function):
    """정답이 5인 문제입니다."""
    return grade(function, (), torch.tensor(5), mistakes=[], otherwise="", explanation="")


@pytest.mark.parametrize(
    "right", [5, 5.0, np.int64(5), np.float32(5), np.array(5), torch.tensor(5)]
)
def test_whatever_is_right_passes(right):
    assert check_five(lambda: right).passed


@pytest.mark.parametrize("wrong", [5.5, 6, [5], "5", True, torch.tensor([5]), 5 + 1j])
def test_what_is_not_right_does_not_pass(wrong):
    assert not check_five(lambda: wrong).passed


def test_a_forgotten_return_is_not_called_empty():
    def no_return():
        total = 2 + len("세 글자")
        total += 1

    def still_empty():
        return None  # 여기를 채우십시오.

    assert "return이 없어" in check_five(no_return).message
    assert "아직 비어" in check_five(still_empty).message


def test_the_case_that_failed_is_named():
    def my_output_size(size, kernel, stride, padding):
        return (size + 2 * padding - kernel) // stride

    message = exercises.check_output_size(my_output_size).message
    assert "size=8, kernel=3, stride=1, padding=0: 기대한 값은 6, 나온 값은 5입니다" in message
    assert "floor" not in message
