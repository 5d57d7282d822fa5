"""노트북 01의 연습문제: LeNet-5. 기대하는 값은 여기서 공식으로 따로 계산합니다."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_utils.exercises.grading import (
    Verdict,
    each_case,
    find_blanks,
    grade,
    random_tensor,
    right,
    wrong,
)

SIZED_LAYERS = ("C1", "S2", "C3", "S4", "C5")


def check_sizes(answer: dict[str, int | None], *, input_size: int, kernel: int) -> Verdict:
    """합성곱(C)과 2×2 풀링(S)을 차례로 지난 한 변의 크기를 층마다 채웠는지 봅니다."""
    answer = {name: answer.get(name) for name in SIZED_LAYERS}  # 칸을 지우면 빈칸입니다.
    if blanks := find_blanks(answer):
        return blanks
    before = input_size
    for name, size in answer.items():
        after = before - kernel + 1 if name.startswith("C") else before // 2
        if size != after:
            if name.startswith("S") and size == before - 1:
                return wrong(f"{name}: 풀링의 스트라이드는 1이 아니라 2입니다.")
            if name.startswith("C") and size == before:
                return wrong(f"{name}: 패딩이 없으므로 크기가 줄어듭니다.")
            if name.startswith("C") and size == before - kernel:
                return wrong(f"{name}: 마지막에 1을 더하지 않았습니다.")
            return wrong(f"{name}: 바로 앞의 크기 {before}을(를) 공식에 넣어 보십시오.")
        before = after
    return right(" → ".join(map(str, [input_size, *answer.values()])))


def check_table_parameters(function: Callable[[tuple], int]) -> Verdict:
    """`function(table)`이 5×5 커널을 쓰는 연결표 합성곱의 파라미터 수를 내는지 봅니다."""
    tables = [((0, 1), (2,), (0, 1, 2)), ((0,),), tuple((i, (i + 1) % 6) for i in range(6))]
    links = torch.tensor([sum(map(len, table)) for table in tables])
    maps = torch.tensor([len(table) for table in tables])
    inputs = torch.tensor([1 + max(max(sources) for sources in table) for table in tables])
    return grade(
        each_case(function, [(table,) for table in tables]),
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
    x = random_tensor(4, 5)
    return grade(
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
    features, codes = random_tensor(4, 84), random_tensor(10, 84).sign()
    difference = features[:, None, :] - codes
    return grade(
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
    penalties, j = random_tensor(4, 10).square() * 20, 7.0
    column = torch.full((4, 1), j)
    return grade(
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
