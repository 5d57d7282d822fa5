"""데이터 세트 하나를 담는 그릇입니다."""

from dataclasses import dataclass, field

import torch


@dataclass(frozen=True, eq=False)
class ImageData:
    """데이터 세트 하나입니다. 이미지는 float32 (N, C, 32, 32), 레이블은 int64 (N,)입니다.

    숫자는 한 채널이고 `normalize`를 지난 값(-0.1~1.175), 사진은 세 채널이고 0~1입니다.
    """

    train_images: torch.Tensor = field(repr=False)
    train_labels: torch.Tensor = field(repr=False)
    test_images: torch.Tensor = field(repr=False)
    test_labels: torch.Tensor = field(repr=False)
    class_names: tuple[str, ...] = field(repr=False)
    name: str
    source: str
    note: str = field(repr=False)
