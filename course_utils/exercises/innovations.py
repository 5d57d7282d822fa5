"""노트북 04의 연습문제: 여섯 혁신. 기대하는 값은 여기서 공식으로 따로 계산합니다."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_utils.exercises.grading import (
    EMPTY,
    Verdict,
    attempt,
    each_case,
    grade,
    random_tensor,
    right,
    wrong,
)


def check_versions(function: Callable[[int, int], int]) -> Verdict:
    """`function(big, small)`이 자르기와 뒤집기로 만드는 모습의 수를 내는지 봅니다."""
    cases = [(256, 224), (40, 32), (10, 10)]
    gaps = torch.tensor([big - small for big, small in cases])
    return grade(
        each_case(function, cases),
        (),
        2 * (gaps + 1) ** 2,
        mistakes=[
            (2 * gaps**2, "논문의 2,048이 이렇게 나옵니다. 그러나 0부터 32까지는 33곳입니다."),
            ((gaps + 1) ** 2, "뒤집은 것까지 세면 두 배입니다."),
            (2 * (gaps + 1), "가로와 세로를 따로 고르므로 자리의 수를 제곱합니다."),
        ],
        otherwise="작은 수로, 이를테면 3에서 2를 자르는 자리를 모두 적어 보십시오.",
        explanation="256에서 224를 자르면 33 × 33 × 2 = 2,178입니다.",
    )


def check_ten_crop_answer(function: Callable[[Tensor], Tensor]) -> Verdict:
    """`function(logits)`가 `(10, N, 클래스)`에서 답 `(N,)`을 고르는지 봅니다."""
    logits = 4 * random_tensor(10, 60, 5)
    votes = logits.argmax(dim=2)
    return grade(
        function,
        (logits,),
        logits.softmax(dim=2).mean(dim=0).argmax(dim=1),
        mistakes=[
            (logits.mean(dim=0).argmax(dim=1), "로짓이 아니라 소프트맥스 뒤의 확률을 평균합니다."),
            (votes.mode(dim=0).values, "다수결이 아니라 확률의 평균입니다."),
            (votes[0], "첫 번째 조각만 보았습니다. 10개를 모두 쓰십시오."),
            (logits.softmax(dim=2).mean(dim=0), "평균한 확률에서 가장 큰 클래스를 고르십시오."),
        ],
        otherwise="무엇을 먼저 하고 무엇을 나중에 하는지, 어느 차원에서 하는지 보십시오.",
        explanation="한 조각이 크게 틀려도 나머지가 바로잡습니다.",
    )


def check_judgement(function: Callable[[list[float]], str]) -> Verdict:
    """짝지은 차이의 95% 신뢰구간으로 판정하는지 봅니다(자유도 n − 1의 t)."""
    cases = {
        (-0.4, -0.1, -0.9): "가릴 수 없음",  # 부호는 모두 같지만 구간이 0을 품습니다.
        (-1.3, -1.2, -1.4): "좋아짐",
        (0.9, 1.1, 1.0): "나빠짐",
        (-2.0, 1.0, 0.5): "가릴 수 없음",
        (-0.5, -0.2, -0.6, -0.3, -0.4, -0.1, -0.5, -0.2): "좋아짐",
    }
    for changes, expected in cases.items():
        answer = attempt(function, list(changes))
        if answer is None:
            return EMPTY
        if isinstance(answer, Verdict):
            return answer
        if answer != expected:
            return wrong(f"{list(changes)}: {expected!r}을(를) 기대했는데 {answer!r}")
    return right("부호가 모두 같아도 구간이 0을 포함하면 가릴 수 없습니다.")
