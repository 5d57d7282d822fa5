"""노트북 00의 연습문제: 합성곱의 크기. 기대하는 값은 여기서 공식으로 따로 계산합니다."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from course_utils.exercises.grading import Verdict, each_case, grade, random_tensor


def check_output_size(function: Callable[[int, int, int, int], int]) -> Verdict:
    """`function(size, kernel, stride, padding)`이 합성곱의 출력 크기를 내는지 봅니다."""
    cases = torch.cartesian_prod(*map(torch.tensor, ([8, 11, 32], [3, 5], [1, 2, 3], [0, 2])))
    size, kernel, stride, padding = cases.T
    covered = size + 2 * padding - kernel
    return grade(
        each_case(function, cases.tolist()),
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
        otherwise="창을 놓을 수 있는 자리를 종이에 그려 세어 보십시오.",
        explanation=f"입력 크기와 스트라이드를 바꾼 {len(cases)}가지 경우가 모두 같습니다.",
    )


def check_convolution(function: Callable[[Tensor, Tensor, Tensor, int], Tensor]) -> Verdict:
    """`function(image, weight, bias, stride)`가 `F.conv2d`와 같은지 스트라이드마다 봅니다."""
    image, weight, bias = random_tensor(2, 7, 7), random_tensor(3, 2, 3, 3), random_tensor(3)
    for stride in (1, 2, 3):
        expected = F.conv2d(image[None], weight, bias, stride)[0]
        plain = F.conv2d(image[None], weight, stride=stride)[0]
        verdict = grade(
            function, (image, weight, bias, stride), expected,
            mistakes=[
                (plain, "편향을 더하지 않았습니다."),
                (plain + weight.shape[1] * bias[:, None, None], "편향을 입력 채널마다 더했습니다."),
                (F.conv2d(image[None, :1], weight[:, :1], bias, stride)[0],
                 "첫 번째 입력 채널만 더했습니다."),
                (F.conv2d(image[None], weight, bias)[0], "스트라이드를 쓰지 않았습니다."),
            ],
            otherwise=f"stride={stride}에서 F.conv2d와 값이 다릅니다.",
            explanation="스트라이드 1, 2, 3에서 모두 F.conv2d와 같습니다.",
        )  # fmt: skip
        if not verdict.passed:
            break
    return verdict


def check_same_padding(function: Callable[[int], int]) -> Verdict:
    """`function(kernel)`이 스트라이드 1에서 크기를 지키는 패딩을 내는지 봅니다."""
    kernels = torch.tensor([1, 3, 5, 7, 11])
    return grade(
        each_case(function, kernels[:, None].tolist()),
        (),
        (kernels - 1) // 2,
        mistakes=[
            (kernels - 1, "양쪽에 붙는 양을 더한 것입니다. 한쪽에 붙는 양을 구해야 합니다."),
            (kernels, "커널만큼 붙이면 출력이 입력보다 커집니다."),
            ((kernels + 1) // 2, "K = 3으로 확인해 보십시오: 한 줄씩만 붙이면 충분합니다."),
        ],
        otherwise="작은 커널에서 크기가 몇 줄 줄어드는지부터 세어 보십시오.",
        explanation="홀수 커널은 (K − 1) / 2만큼 붙이면 크기가 그대로입니다.",
    )
