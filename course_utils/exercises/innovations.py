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


def check_inverted_dropout(function: Callable[[Tensor, Tensor, float], Tensor]) -> Verdict:
    """`function(x, keep, p)`가 학습할 때의 뒤집은 드롭아웃인지 봅니다. p는 지우는 비율입니다."""
    x, p = random_tensor(4, 6), 0.2
    keep = random_tensor(6, 4).T > -0.8
    return grade(
        function,
        (x, keep, p),
        torch.where(keep, x / (1 - p), torch.zeros(())),
        mistakes=[
            (x * keep, "논문의 방법입니다. 뒤집은 드롭아웃은 학습할 때 미리 키워 둡니다."),
            (x * keep * (1 - p), "줄이는 것은 논문의 시험 때입니다. 학습할 때는 나누어 키웁니다."),
            (x * keep / p, "나누는 수는 지우는 비율이 아니라 남기는 비율 1 − p입니다."),
            (x * ~keep / (1 - p), "남길 것과 지울 것이 바뀌었습니다."),
        ],
        otherwise="남긴 값은 1 − p로 나누고, 지운 값은 0입니다.",
        explanation="평균이 처음 값과 같으므로 시험할 때는 아무것도 하지 않아도 됩니다.",
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
        otherwise="한 방향의 자리는 큰 변 − 작은 변 + 1곳입니다.",
        explanation="256에서 224를 자르면 33 × 33 × 2 = 2,178입니다.",
    )


def check_color_shift(function: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Verdict:
    """`function(vectors, deviations, amounts)`가 RGB에 더할 값 `(3,)`을 내는지 봅니다."""
    vectors = torch.linalg.qr(random_tensor(3, 3))[0]
    deviations, amounts = torch.tensor([0.4, 0.1, 0.05]), torch.tensor([0.12, -0.2, 0.07])
    return grade(
        function,
        (vectors, deviations, amounts),
        sum(amounts[i] * deviations[i] * vectors[:, i] for i in range(3)),
        mistakes=[
            (vectors.T @ (amounts * deviations), "고유 벡터는 행이 아니라 열에 있습니다."),
            (vectors @ amounts, "주축마다의 표준편차를 곱하지 않았습니다."),
            (vectors @ (amounts * deviations**2), "표준편차 대신 분산(고윳값)을 곱했습니다."),
        ],
        otherwise="[p₁ p₂ p₃]에 [α₁σ₁, α₂σ₂, α₃σ₃]을 곱합니다.",
        explanation="이 세 값을 그 이미지의 모든 픽셀에 더합니다.",
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
            (votes[0], "첫 번째 조각만 보았습니다. 열 개를 모두 쓰십시오."),
            (logits.softmax(dim=2).mean(dim=0), "평균한 확률에서 가장 큰 클래스를 고르십시오."),
        ],
        otherwise="조각마다 softmax(dim=2), 조각끼리 평균, 클래스에서 argmax입니다.",
        explanation="한 조각이 크게 틀려도 나머지가 바로잡습니다.",
    )


def check_judgement(function: Callable[[list[float]], str]) -> Verdict:
    """짝지은 차이의 95 % 신뢰구간으로 판정하는지 봅니다(자유도 n − 1의 t)."""
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
    return right("부호가 모두 같아도 구간이 0을 품으면 가릴 수 없습니다.")
