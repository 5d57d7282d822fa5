"""노트북 02의 연습문제: 조용한 해들. 기대하는 값은 여기서 공식으로 따로 계산합니다."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_utils.exercises.grading import Verdict, each_case, grade, random_tensor

DAY = 86_400  # 초
YEAR = 365.25 * DAY


def check_margin(function: Callable[[Tensor], Tensor]) -> Verdict:
    """`function(weights)`가 경계 w·x + b = 0의 마진의 너비를 내는지 봅니다."""
    weights = 3 * random_tensor(5)
    length = weights.square().sum().sqrt()
    return grade(
        function,
        (weights,),
        2 / length,
        mistakes=[
            (1 / length, "경계에서 한쪽까지의 거리입니다. 마진은 −1에서 +1까지입니다."),
            (2 / length**2, "길이는 제곱의 합의 제곱근입니다."),
            (2 / weights.abs().sum(), "절댓값의 합이 아니라 유클리드 길이로 나눕니다."),
            (2 * length, "w가 길수록 마진은 좁아집니다. 곱하지 말고 나누십시오."),
        ],
        otherwise="w·x + b = 1과 w·x + b = −1 사이의 거리를 w의 길이로 적어 보십시오.",
        explanation="그래서 마진을 가장 넓히는 것은 |w|²을 가장 줄이는 것과 같습니다.",
    )


def check_training_years(function: Callable[[int, int, int, float], float]) -> Verdict:
    """`function(macs, num_images, num_epochs, rate)`이 학습에 걸리는 해를 내는지 봅니다.

    macs는 이미지 한 장의 순전파, rate는 초당 MAC입니다. 역전파는 순전파의 두 배로 칩니다.
    """
    cases = [(724_406_816, 1_200_000, 90, 1e6), (340_000, 60_000, 20, 4e5), (10**9, 10**6, 1, 1e9)]
    forward = torch.tensor([macs * images * epochs / rate for macs, images, epochs, rate in cases])
    return grade(
        each_case(function, cases),
        (),
        3 * forward / YEAR,
        mistakes=[
            (forward / YEAR, "역전파를 빠뜨렸습니다. 순전파 1에 역전파 2를 더해 세 배입니다."),
            (2 * forward / YEAR, "역전파만 세었습니다. 순전파도 해야 합니다."),
            (3 * forward / DAY, "날의 수입니다. 한 해는 365.25일입니다."),
            (3 * forward, "초입니다. 한 해는 365.25 × 86,400초입니다."),
        ],
        otherwise="모두 몇 번 곱하는지, 그것이 몇 초이고 몇 해인지 나누어 계산해 보십시오.",
        explanation="세 배라는 가정은 두 기계에 똑같이 들어가므로 비교할 때에는 지워집니다.",
    )


def check_word_histogram(function: Callable[[Tensor, int], Tensor]) -> Verdict:
    """`function(words, num_words)`가 단어마다 나온 비율 `(num_words,)`을 내는지 봅니다.

    `words`는 특징점마다 가장 가까운 시각 단어의 번호 `(K,)`입니다.
    """
    words, num_words = torch.tensor([3, 0, 3, 1, 3, 0, 5, 1]), 7
    counts = torch.stack([(words == word).sum() for word in range(num_words)])
    present = counts[counts > 0]
    return grade(
        function,
        (words, num_words),
        counts / len(words),
        mistakes=[
            (counts, "나온 횟수입니다. 특징점이 많은 사진과 비교하려면 비율이어야 합니다."),
            (counts.float(), "나온 횟수입니다. 특징점의 수로 나누십시오."),
            (counts / num_words, "단어의 수가 아니라 특징점의 수로 나눕니다."),
            (present / len(words), "나오지 않은 단어의 자리도 0으로 남겨야 길이가 늘 같습니다."),
            (counts[:6] / len(words), "마지막 단어의 자리가 없습니다. minlength를 주십시오."),
        ],
        otherwise="torch.bincount로 세고 특징점의 수로 나누어 보십시오.",
        explanation="특징점이 어디에 있었는지는 잊고, 무엇이 얼마나 있었는지만 남습니다.",
    )
