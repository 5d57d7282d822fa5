"""연습문제를 채점합니다. 기대하는 값은 여기서 공식으로 따로 계산합니다."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

# 채점에 쓰는 입력은 늘 같아야 같은 답이 같은 판정을 받습니다.
_GENERATOR_SEED = 1998


@dataclass(frozen=True)
class Verdict:
    """채점 결과입니다. 셀의 마지막 줄에 두면 한 문장으로 보입니다."""

    passed: bool
    message: str

    def __repr__(self) -> str:
        return self.message


EMPTY = Verdict(False, "… 아직 비어 있습니다. 함수 안을 채우고 이 셀을 다시 실행하십시오.")


def _right(explanation: str) -> Verdict:
    return Verdict(True, f"✓ 맞습니다. {explanation}")


def _wrong(hint: str) -> Verdict:
    return Verdict(False, f"✗ 아직 아닙니다. {hint}")


def _attempt(function: Callable, *arguments) -> object:
    """학생의 함수를 부릅니다. 오류가 나면 그 오류를 설명하는 Verdict를 돌려줍니다."""
    try:
        return function(*arguments)
    except Exception as error:  # 학생의 코드에서는 무엇이든 날 수 있고, 그대로 알려 줍니다.
        return _wrong(f"함수가 오류를 냈습니다: {type(error).__name__}: {error}")


def _close(value: object, expected: Tensor) -> bool:
    """값과 모양이 같은지 봅니다. 정수여야 할 자리의 실수는 값이 같아도 다릅니다."""
    if isinstance(value, Tensor):
        same_kind = value.is_floating_point() == expected.is_floating_point()
        same_shape = value.shape == expected.shape
        return same_kind and same_shape and torch.allclose(
            value.double(), expected.double(), rtol=1e-4, atol=1e-5
        )  # fmt: skip
    return expected.ndim == 0 and isinstance(value, int | float) and math.isclose(
        value, expected.item(), rel_tol=1e-4, abs_tol=1e-5
    )  # fmt: skip


def _grade(
    function: Callable,
    arguments: tuple,
    expected: Tensor,
    *,
    mistakes: list[tuple[Tensor, str]],
    otherwise: str,
    explanation: str,
) -> Verdict:
    """정답이면 설명을, 흔한 실수와 값이 같으면 그 실수의 힌트를, 그 밖에는 `otherwise`를 줍니다."""
    value = _attempt(function, *arguments)
    if value is None:
        return EMPTY
    if isinstance(value, Verdict):
        return value
    if _close(value, expected):
        return _right(explanation)
    for wrong, hint in mistakes:
        if _close(value, wrong):
            return _wrong(hint)
    if isinstance(value, Tensor) and value.shape != expected.shape:
        return _wrong(
            f"모양이 {tuple(expected.shape)}이어야 하는데 {tuple(value.shape)}입니다. {otherwise}"
        )
    return _wrong(otherwise)


def _random(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(_GENERATOR_SEED))


def check_output_size(function: Callable[[int, int, int, int], int]) -> Verdict:
    """`function(size, kernel, stride, padding)`이 합성곱의 출력 크기를 내는지 봅니다."""
    cases = torch.cartesian_prod(*map(torch.tensor, ([8, 11, 32], [3, 5], [1, 2, 3], [0, 2])))
    size, kernel, stride, padding = cases.T

    def every_case(*_):
        values = [function(*case) for case in cases.tolist()]
        return None if None in values else torch.tensor(values)

    covered = size + 2 * padding - kernel
    return _grade(
        every_case,
        (),
        covered.div(stride, rounding_mode="floor") + 1,
        mistakes=[
            (covered.div(stride, rounding_mode="floor"), "마지막에 1을 더하지 않았습니다."),
            (
                (covered - padding).div(stride, rounding_mode="floor") + 1,
                "패딩은 양쪽에 붙으므로 2를 곱해야 합니다.",
            ),
            (covered / stride + 1, "나누어떨어지지 않으면 버림(//)을 해야 합니다."),
        ],
        otherwise="floor((N + 2P − K) / S) + 1을 옮겨 보십시오.",
        explanation=f"입력 크기와 스트라이드를 바꾼 {len(cases)}가지 경우가 모두 같습니다.",
    )


def check_sizes(answer: dict[str, int | None], *, input_size: int, kernel: int) -> Verdict:
    """합성곱(C)과 2×2 풀링(S)을 차례로 지난 한 변의 크기를 층마다 채웠는지 봅니다."""
    if None in answer.values():
        empty = ", ".join(name for name, size in answer.items() if size is None)
        return Verdict(False, f"… 아직 비어 있습니다: {empty}. 수를 채우고 다시 실행하십시오.")
    before = input_size
    for name, size in answer.items():
        after = before - kernel + 1 if name.startswith("C") else before // 2
        if size != after:
            if name.startswith("S") and size == before - 1:
                return _wrong(f"{name}: 풀링의 스트라이드는 1이 아니라 2입니다.")
            if name.startswith("C") and size == before:
                return _wrong(f"{name}: 패딩이 없으므로 크기가 줄어듭니다.")
            if name.startswith("C") and size == before - kernel:
                return _wrong(f"{name}: 마지막에 1을 더하지 않았습니다.")
            return _wrong(f"{name}: 바로 앞의 크기 {before}을(를) 공식에 넣어 보십시오.")
        before = after
    return _right(" → ".join(map(str, [input_size, *answer.values()])))


def check_same_padding(function: Callable[[int], int]) -> Verdict:
    """`function(kernel)`이 스트라이드 1에서 크기를 지키는 패딩을 내는지 봅니다."""
    kernels = torch.tensor([1, 3, 5, 7, 11])

    def every_kernel(*_):
        values = [function(kernel) for kernel in kernels.tolist()]
        return None if None in values else torch.tensor(values)

    return _grade(
        every_kernel,
        (),
        (kernels - 1) // 2,
        mistakes=[
            (kernels - 1, "한쪽에 붙는 양을 구해야 합니다. 2P = K − 1에서 P는 그 절반입니다."),
            ((kernels - 1) / 2, "값은 맞지만 패딩은 정수여야 합니다. //를 쓰십시오."),
            ((kernels + 1) // 2, "K = 3으로 확인해 보십시오: 한 줄씩만 붙이면 충분합니다."),
        ],
        otherwise="N = (N + 2P − K) + 1을 P에 대해 풀어 보십시오.",
        explanation="홀수 커널은 (K − 1) / 2만큼 붙이면 크기가 그대로입니다.",
    )


def check_table_parameters(function: Callable[[tuple], int]) -> Verdict:
    """`function(table)`이 5×5 커널을 쓰는 연결표 합성곱의 파라미터 수를 내는지 봅니다."""
    tables = [((0, 1), (2,), (0, 1, 2)), ((0,),), tuple((i, (i + 1) % 6) for i in range(6))]
    links = torch.tensor([sum(map(len, table)) for table in tables])
    maps = torch.tensor([len(table) for table in tables])
    inputs = torch.tensor([1 + max(max(sources) for sources in table) for table in tables])

    def every_table(*_):
        values = [function(table) for table in tables]
        return None if None in values else torch.tensor(values)

    return _grade(
        every_table,
        (),
        25 * links + maps,
        mistakes=[
            (26 * links, "편향은 연결마다가 아니라 출력 맵마다 하나입니다."),
            (25 * links, "출력 맵마다 하나인 편향을 빠뜨렸습니다."),
            (25 * maps * inputs + maps, "모든 맵을 연결했습니다. 표에 있는 연결만 세십시오."),
        ],
        otherwise="연결 하나에 5×5 커널 하나, 출력 맵 하나에 편향 하나입니다.",
        explanation="연결마다 25개, 출력 맵마다 편향 1개입니다.",
    )


def check_scaled_tanh(function: Callable[[Tensor], Tensor]) -> Verdict:
    """`function(x)`가 1.7159·tanh(2x/3)인지 봅니다."""
    x = _random(4, 5)
    return _grade(
        function,
        (x,),
        1.7159 * torch.tanh(2 * x / 3),
        mistakes=[
            (torch.tanh(x), "이것은 보통의 tanh입니다. 두 배율 1.7159와 2/3이 있어야 합니다."),
            (1.7159 * torch.tanh(x), "안쪽 배율 2/3이 빠졌습니다."),
            (torch.tanh(2 * x / 3), "바깥쪽 배율 1.7159가 빠졌습니다."),
        ],
        otherwise="f(x) = 1.7159 · tanh(2x / 3)입니다.",
        explanation="f(1)이 거의 1이 됩니다.",
    )


def check_rbf_penalties(function: Callable[[Tensor, Tensor], Tensor]) -> Verdict:
    """`function(features, codes)`가 벌점 `(N, 클래스)`, 곧 거리의 제곱을 내는지 봅니다."""
    features, codes = _random(4, 84), _random(10, 84).sign()
    difference = features[:, None, :] - codes
    return _grade(
        function,
        (features, codes),
        difference.square().sum(dim=2),
        mistakes=[
            (difference.abs().sum(dim=2), "차이의 절댓값이 아니라 제곱을 더해야 합니다."),
            (difference.square().mean(dim=2), "84개 값의 평균이 아니라 합입니다."),
            (difference.square().sum(dim=2).sqrt(), "제곱근을 씌우지 않은 값이 벌점입니다."),
            (features @ codes.T, "내적은 유사도입니다. 벌점은 차이에서 나옵니다."),
        ],
        otherwise="y_i = Σ_j (x_j − w_ij)²입니다. features[:, None, :] − codes부터 만드십시오.",
        explanation="코드와 똑같은 F6은 벌점이 0입니다.",
    )


def check_rubbish_logits(function: Callable[[Tensor, float], Tensor]) -> Verdict:
    """`function(penalties, j)`가 식 9를 교차 엔트로피로 만드는 로짓 `(N, 11)`을 내는지 봅니다."""
    penalties, j = _random(4, 10).square() * 20, 7.0
    column = torch.full((4, 1), j)
    return _grade(
        function,
        (penalties, j),
        torch.cat([-penalties, -column], dim=1),
        mistakes=[
            (-penalties, "쓰레기 클래스의 로짓 하나를 마지막 열에 더하십시오."),
            (
                torch.cat([penalties, column], dim=1),
                "벌점이 작을수록 답이므로 부호를 뒤집어야 합니다.",
            ),
            (
                torch.cat([-penalties, column], dim=1),
                "쓰레기 클래스의 로짓은 +j가 아니라 −j입니다.",
            ),
        ],
        otherwise="로짓은 −벌점 열 개와 −j 하나입니다.",
        explanation="이 로짓에 교차 엔트로피를 쓰면 식 9와 값이 같습니다.",
    )
