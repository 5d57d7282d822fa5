"""채점의 뼈대입니다: 정답인지, 흔한 실수인지, 아직 비어 있는지 가립니다."""

import math
from collections.abc import Callable, Iterable
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


def right(explanation: str) -> Verdict:
    return Verdict(True, f"✓ 맞습니다. {explanation}")


def wrong(hint: str) -> Verdict:
    return Verdict(False, f"✗ 아직 아닙니다. {hint}")


def attempt(function: Callable, *arguments) -> object:
    """학생의 함수를 부릅니다. 오류가 나면 그 오류를 설명하는 Verdict를 돌려줍니다."""
    try:
        return function(*arguments)
    except Exception as error:  # 학생의 코드에서는 무엇이든 날 수 있고, 그대로 알려 줍니다.
        return wrong(f"함수가 오류를 냈습니다: {type(error).__name__}: {error}")


def close(value: object, expected: Tensor) -> bool:
    """값과 모양이 같은지 봅니다. 정수여야 할 자리의 실수는 값이 같아도 다릅니다."""
    if isinstance(value, Tensor):
        same_kind = value.is_floating_point() == expected.is_floating_point()
        same_shape = value.shape == expected.shape
        # 정수는 꼭 같아야 합니다: 파라미터 백만 개에서 1e-4는 백 개입니다.
        rtol, atol = (1e-4, 1e-5) if expected.is_floating_point() else (0, 0)
        return same_kind and same_shape and torch.allclose(
            value.double(), expected.double(), rtol=rtol, atol=atol
        )  # fmt: skip
    return expected.ndim == 0 and isinstance(value, int | float) and math.isclose(
        value, expected.item(), rel_tol=1e-4, abs_tol=1e-5
    )  # fmt: skip


def grade(
    function: Callable,
    arguments: tuple,
    expected: Tensor,
    *,
    mistakes: list[tuple[Tensor, str]],
    otherwise: str,
    explanation: str,
) -> Verdict:
    """정답이면 설명을, 흔한 실수와 값이 같으면 그 실수의 힌트를, 그 밖에는 `otherwise`를 줍니다."""
    value = attempt(function, *arguments)
    if value is None:
        return EMPTY
    if isinstance(value, Verdict):
        return value
    if close(value, expected):
        return right(explanation)
    for mistaken, hint in mistakes:
        if close(value, mistaken):
            return wrong(hint)
    if isinstance(value, Tensor) and value.shape != expected.shape:
        return wrong(
            f"모양이 {tuple(expected.shape)}이어야 하는데 {tuple(value.shape)}입니다. {otherwise}"
        )
    return wrong(otherwise)


def each_case(function: Callable, cases: Iterable[tuple]) -> Callable[[], Tensor | None]:
    """경우마다 `function`을 불러 정수들을 모으는 함수입니다. 하나라도 비었으면 None을 냅니다."""

    def every_case() -> Tensor | None:
        values = [function(*case) for case in cases]
        return None if None in values else torch.tensor(values)

    return every_case


def find_blanks(answer: dict[str, int | None]) -> Verdict | None:
    """채우지 않은 칸이 있으면 그 이름을 알리는 Verdict입니다."""
    empty = ", ".join(name for name, value in answer.items() if value is None)
    if not empty:
        return None
    return Verdict(False, f"… 아직 비어 있습니다: {empty}. 수를 채우고 다시 실행하십시오.")


def random_tensor(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(_GENERATOR_SEED))
