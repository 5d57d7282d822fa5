"""노트북 05의 연습문제: 수용 영역, 쌓은 커널, 학습의 연산. 기대하는 값은 공식으로 구합니다."""

from collections.abc import Callable, Sequence

import torch

from course_utils.exercises.grading import Verdict, each_case, grade


def check_receptive_field(function: Callable[[Sequence[tuple[int, int]]], int]) -> Verdict:
    """`function([(커널, 스트라이드), …])`이 출력 한 칸이 보는 입력의 한 변을 내는지 봅니다."""
    cases = [[(3, 1), (3, 1)], [(11, 4), (3, 2)], [(5, 1), (2, 2), (5, 1)], [(3, 2), (3, 2)]]
    # 손으로 센 값입니다: 3+2, 11+2·4, 5+1+4·2, 3+2·2
    expected = torch.tensor([5, 19, 14, 7])
    sums = torch.tensor([sum(kernel for kernel, _ in case) for case in cases])
    no_stride = torch.tensor([1 + sum(kernel - 1 for kernel, _ in case) for case in cases])
    own_stride = torch.tensor([1 + sum((k - 1) * s for k, s in case) for case in cases])
    return grade(
        each_case(function, [(case,) for case in cases]),
        (),
        expected,
        mistakes=[
            (sums, "커널을 그냥 더했습니다. 이웃한 창은 겹치므로 커널 − 1만큼만 넓어집니다."),
            (no_stride, "스트라이드가 빠졌습니다. 앞 층들의 스트라이드를 곱한 만큼 넓어집니다."),
            (own_stride, "자기 층이 아니라 **앞 층들**의 스트라이드를 곱합니다."),
        ],
        otherwise="뒤의 층에서 한 칸 옆은 입력에서 몇 칸 옆인지 생각해 보십시오.",
        explanation="AlexNet의 conv1과 pool1을 지나면 한 칸이 19×19를 봅니다.",
    )


def check_stack_parameters(function: Callable[[int, int, int, int], int]) -> Verdict:
    """`function(kernel, depth, inputs, channels)`이 쌓은 합성곱의 파라미터 수인지 봅니다."""
    cases = [(3, 2, 3, 96), (3, 5, 96, 96), (11, 1, 3, 96)]

    def total(first_inputs: bool = True, biases: int = 1) -> torch.Tensor:
        return torch.tensor([
            k * k * c * ((n if first_inputs else c) + c * (depth - 1)) + biases * c * depth
            for k, depth, n, c in cases
        ])

    return grade(
        each_case(function, cases),
        (),
        total(),
        mistakes=[
            (total(biases=0), "편향이 빠졌습니다. 층마다 출력 채널의 수만큼 있습니다."),
            (total(first_inputs=False), "첫 층의 입력 채널은 `channels`가 아니라 `inputs`입니다."),
            (total(False, 0), "첫 층의 입력 채널은 `inputs`이고, 편향도 세어야 합니다."),
        ],
        otherwise="첫 층과 다음 층의 입력 채널이 같은지부터 보십시오.",
        explanation="컬러 이미지를 바로 보는 11×11 하나는 34,944개로, 쌓은 3×3보다 적습니다.",
    )
