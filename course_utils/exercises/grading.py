"""채점의 뼈대입니다: 정답인지, 흔한 실수인지, 아직 비어 있는지 가립니다."""

import dis
import functools
import inspect
from collections.abc import Callable, Sequence
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
NO_RETURN = Verdict(False, "✗ 아직 아닙니다. 함수 끝에 return이 없어 값을 돌려주지 않습니다.")


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
    """값과 모양이 같은지 봅니다. NumPy의 값과, 정수를 실수로 적은 것(3.0)도 받습니다."""
    try:
        value = torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError):
        return False
    # 정수는 꼭 같아야 합니다: 파라미터 백만 개에서 1e-4는 백 개입니다.
    rtol, atol = (1e-4, 1e-5) if expected.is_floating_point() else (0, 0)
    return value.shape == expected.shape and not value.is_complex() and torch.allclose(
        value.detach().double(), expected.double(), rtol=rtol, atol=atol
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
    """정답이면 설명을, 흔한 실수와 값이 같으면 그 실수의 힌트를, 그 밖에는 `otherwise`를 줍니다.

    `each_case`로 만든 함수이면 처음으로 틀린 경우의 입력과 기대한 값, 나온 값도 알립니다.
    """
    value = attempt(function, *arguments)
    if value is None:
        return EMPTY if is_empty(function) else NO_RETURN
    if isinstance(value, Verdict):
        return value
    if close(value, expected):
        return right(explanation)
    hint = next((hint for mistaken, hint in mistakes if close(value, mistaken)), otherwise)
    shape = getattr(value, "shape", expected.shape)
    if tuple(shape) != tuple(expected.shape):
        return wrong(f"모양이 {tuple(expected.shape)}이어야 하는데 {tuple(shape)}입니다. {hint}")
    if cases := getattr(function, "cases", None):
        i = next(i for i, want in enumerate(expected) if not close(value[i], want))
        hint = f"{cases[i]}: 기대한 값은 {expected[i]:.6g}, 나온 값은 {value[i]:.6g}입니다. {hint}"
    return wrong(hint)


def is_empty(function: Callable) -> bool:
    """감싼 것을 벗긴 몸통이 `return None`뿐이면 참입니다. 몸통을 볼 수 없는 것도 참입니다."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    trivial = {"RESUME", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST"}
    return code is None or {step.opname for step in dis.get_instructions(code)} <= trivial


def each_case(function: Callable, cases: Sequence[Sequence]) -> Callable[[], Tensor | None]:
    """경우마다 `function`을 불러 수들을 모으는 함수입니다. 하나라도 비었으면 None을 냅니다."""

    @functools.wraps(function)
    def every_case() -> Tensor | None:
        values = [function(*case) for case in cases]
        return None if any(value is None for value in values) else torch.tensor(values)

    every_case.cases = [name_case(function, case) for case in cases]
    return every_case


def name_case(function: Callable, case: Sequence) -> str:
    """`size=8, kernel=3`처럼 인자의 이름과 함께 적습니다. 이름을 모르면 값만 적습니다."""
    code = getattr(function, "__code__", None)
    if code is None or code.co_argcount != len(case):
        return ", ".join(map(str, case))
    return ", ".join(map("{}={}".format, code.co_varnames, case))


def find_blanks(answer: dict[str, int | None]) -> Verdict | None:
    """채우지 않은 칸이 있으면 그 이름을 알리는 Verdict입니다."""
    empty = ", ".join(name for name, value in answer.items() if value is None)
    if not empty:
        return None
    return Verdict(False, f"… 아직 비어 있습니다: {empty}. 수를 채우고 다시 실행하십시오.")


def random_tensor(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(_GENERATOR_SEED))
