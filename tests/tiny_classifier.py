"""여러 테스트가 함께 쓰는 작은 분류기입니다."""

from types import SimpleNamespace

import torch
from torch import nn


def tiny_classifier():
    """32×32 사진을 여섯 클래스로 가르는, 학습하지 않은 분류기입니다."""
    torch.manual_seed(0)
    return SimpleNamespace(
        model=nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 6)).eval(),
        transform=SimpleNamespace(mean=[0.5] * 3, std=[0.25] * 3), label="클래스 {}".format,
    )  # fmt: skip
