"""무엇을 주든 `(N, C, H, W)` 이미지와 정수 레이블의 표본으로 바꿉니다."""

import time
from dataclasses import dataclass
from itertools import chain

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, IterableDataset, default_collate

from course_utils.smoke_test.report import Report

SIDE = 32  # LeNet의 입력
SMALLEST_SIDE, MOST_CLASSES = 8, 1000
FEWEST = 200  # 느린 Dataset이라도 이만큼은 읽습니다.


@dataclass(frozen=True, eq=False)
class Sample:
    """`images`는 받은 값 그대로의 float32, `labels`는 int64, `is_pil`은 PIL로 받았는지입니다.

    `whole`은 텐서로 받았을 때의 이미지 전부, `rows`는 그 가운데 표본의 번호입니다.
    """

    images: Tensor
    labels: Tensor
    total: int | None
    is_pil: bool
    whole: Tensor | None = None
    rows: Tensor | None = None


def read_sample(source, limit: int, *, part: str, report: Report, deadline: float) -> Sample:
    """`source`에서 무작위로 `limit`개까지 꺼냅니다. 알아볼 수 없으면 ValueError입니다.

    Args:
        source: `(이미지 텐서, 레이블 텐서)`, map 방식 Dataset, DataLoader.
        part: 문장에 쓰는 이름("학습" 또는 "시험").
        deadline: `time.monotonic()`으로 잰 마감. 느린 Dataset은 이때까지만 읽습니다.
    """
    whole = rows = None
    if _is_pair(source):
        images, labels = (_as_tensor(values, part) for values in source)
        total = len(images)
        rows = torch.randperm(total)[:limit]
        whole, images, labels = images, images[rows], labels[rows]
        is_pil = False
    else:
        images, labels, total, is_pil = _read_items(source, limit, part, report, deadline)
    images = _arrange(images, part, report)
    return Sample(images, _whole_numbers(labels, part, report), total, is_pil, whole, rows)


def _is_pair(source) -> bool:
    if not isinstance(source, tuple | list) or len(source) != 2:
        return False
    images, labels = source
    if not all(isinstance(values, Tensor | np.ndarray | list) for values in source):
        return False
    if isinstance(images, list) or getattr(images, "ndim", 0) < 3:
        return False
    if len(images) != len(labels) or len(images) == 0:
        raise ValueError(
            f"이미지({len(images)}장)와 레이블({len(labels)}개)의 수가 같고 1 이상이게 하십시오."
        )
    return True


def _as_tensor(values, part: str) -> Tensor:
    try:
        tensor = values if isinstance(values, Tensor) else torch.as_tensor(np.array(values))
    except TypeError as error:
        raise ValueError(f"{part} 데이터에 수가 아닌 값이 있습니다. 수로 바꾸십시오.") from error
    if tensor.is_complex():
        raise ValueError(f"{part} 데이터가 복소수입니다. 실수 텐서로 바꾸십시오.")
    return tensor.detach().cpu()


def _read_items(source, limit, part, report, deadline):
    """Dataset이나 DataLoader에서 한 장씩 꺼냅니다. 샘플러가 고르는 것 안에서만 꺼냅니다."""
    dataset, collate = getattr(source, "dataset", source), None
    if isinstance(source, DataLoader):
        collate = None if source.collate_fn is default_collate else source.collate_fn
        if isinstance(dataset, IterableDataset):
            indices, items = None, _unbatched(source)
        elif source.batch_sampler is None:
            indices = list(source.sampler)
        else:
            indices = list(chain.from_iterable(source.batch_sampler))
    elif _is_map(source):
        dataset, indices = source, range(len(source))
    else:
        raise ValueError(
            f"{part} 데이터로 {type(source).__name__}이(가) 왔습니다. Dataset, DataLoader, "
            "(이미지 텐서, 레이블 텐서) 가운데 하나를 주십시오."
        )
    total = None
    if indices is not None:
        indices = list(dict.fromkeys(map(int, indices)))  # 복원 추출한 것은 한 번만 셉니다.
        total = len(indices)
        items = (dataset[indices[i]] for i in torch.randperm(total)[:limit].tolist())
    taken = []
    for item in items:
        taken.append(item)
        if len(taken) >= limit or (len(taken) >= FEWEST and time.monotonic() > deadline):
            break
    if not taken:
        raise ValueError(f"{part} 데이터가 비어 있습니다. 길이가 1 이상이어야 합니다.")
    if indices is not None and len(taken) < min(limit, total):
        report.notices.append(f"{part} 데이터를 읽는 것이 느려 {len(taken):,}장만 보았습니다.")
    if collate is not None and indices is not None and source.batch_sampler is not None:
        images, labels = collate(taken)[:2]
        return images, torch.as_tensor(labels), total, False
    pairs = [_split(item, part) for item in taken]
    images = [_one_image(image, part) for image, _ in pairs]
    is_pil = hasattr(pairs[0][0], "convert")
    if is_pil:
        report.notices.append(
            f"{part} Dataset이 PIL 이미지를 내므로 0~255를 평균 0, 표준편차 1로 맞추어 보았습니다. "
            "정규화까지 확인하려면 transform을 넣은 Dataset을 주십시오."
        )
    labels = _as_tensor([np.asarray(label).tolist() for _, label in pairs], part)
    return _stack(images, part, report), labels, total, is_pil


def _is_map(source) -> bool:
    readable = hasattr(source, "__getitem__") and hasattr(source, "__len__")
    return readable and not isinstance(source, str | bytes | dict)


def _unbatched(loader):
    for batch in loader:
        yield from zip(batch[0], batch[1], strict=True)


def _split(item, part: str):
    if not isinstance(item, tuple | list) or len(item) < 2:
        raise ValueError(
            f"{part} 데이터의 한 항목이 (이미지, 레이블)이 아니라 {type(item).__name__}입니다. "
            "(이미지, 레이블)을 내는 Dataset으로 감싸십시오."
        )
    return item[0], item[1]


def _one_image(image, part: str) -> Tensor:
    """PIL 이미지는 uint8 `(C, H, W)`로, 나머지는 받은 모양 그대로 텐서로 바꿉니다."""
    if hasattr(image, "convert"):
        image = image.convert("L" if image.mode in ("1", "L", "I;16", "I", "F") else "RGB")
        pixels = torch.from_numpy(np.array(image))
        return pixels[None] if pixels.ndim == 2 else pixels.permute(2, 0, 1)
    if not isinstance(image, Tensor | np.ndarray):
        raise ValueError(
            f"{part} 데이터의 이미지가 {type(image).__name__}입니다. 텐서나 PIL 이미지여야 합니다."
        )
    return _as_tensor(image, part)


def _stack(images: list[Tensor], part: str, report: Report) -> Tensor:
    if len({image.shape for image in images}) == 1:
        return torch.stack(images)
    if any(image.ndim != 3 for image in images) or len({len(image) for image in images}) > 1:
        raise ValueError(f"{part} 이미지마다 차원이나 채널의 수가 다릅니다. 같게 맞추십시오.")
    report.notices.append(f"{part} 이미지의 크기가 서로 달라 모두 {SIDE}×{SIDE}로 맞추었습니다.")
    return torch.cat([resize(image[None].float()) for image in images])


def resize(images: Tensor) -> Tensor:
    """`(N, C, 32, 32)`로 바꿉니다."""
    if images.shape[-2:] == (SIDE, SIDE):
        return images
    return F.interpolate(images, size=(SIDE, SIDE), mode="bilinear", antialias=True)


def _arrange(images: Tensor, part: str, report: Report) -> Tensor:
    """float32 `(N, C, H, W)`로 바꿉니다."""
    shape = tuple(images.shape)
    if images.ndim == 3:
        images = images[:, None]
        report.notices.append(f"{part} 이미지에 채널 차원이 없어 더했습니다: {shape}")
    elif images.ndim == 4 and shape[1] not in (1, 3) and shape[3] in (1, 3):
        images = images.permute(0, 3, 1, 2)
        report.add(
            "channels_last",
            f"{part} 이미지가 (N, 높이, 너비, 채널) 순서입니다: {shape}",
            "images.permute(0, 3, 1, 2)로 채널을 앞으로 옮기십시오.",
        )
    if images.ndim != 4 or images.shape[1] not in (1, 3) or min(images.shape[2:]) < SMALLEST_SIDE:
        raise ValueError(
            f"{part} 이미지는 (N, 1 또는 3, 높이, 너비)이고 변이 {SMALLEST_SIDE}픽셀 이상이어야 "
            f"하는데 {shape}이(가) 왔습니다. 채널을 1개나 3개로 고르고 차원의 순서를 맞추십시오."
        )
    return images.float()


def _whole_numbers(labels: Tensor, part: str, report: Report) -> Tensor:
    """int64 `(N,)`로 바꿉니다."""
    if labels.ndim == 2 and labels.shape[1] > 1:
        report.notices.append(f"{part} 레이블이 원-핫으로 보여 가장 큰 칸의 번호로 바꾸었습니다.")
        return labels.argmax(dim=1)
    if labels.ndim != 1:
        shape = tuple(labels.shape)
        report.add(
            "label_type",
            f"{part} 레이블의 모양이 (N,)이 아니라 {shape}입니다.",
            "labels.flatten()으로 한 이미지에 번호 하나가 되게 하십시오.",
        )
        labels = labels.reshape(len(labels), -1)[:, 0]
    if labels.is_floating_point():
        if not torch.equal(labels, labels.round()):  # NaN도 여기서 걸립니다.
            raise ValueError(f"{part} 레이블에 정수가 아닌 값이 있습니다. 번호로 바꾸십시오.")
        report.add(
            "label_type",
            f"{part} 레이블이 정수가 아니라 {labels.dtype}입니다.",
            "labels.long()으로 바꾸십시오. 교차 엔트로피는 정수 번호를 받습니다.",
        )
    if len(labels.unique()) > MOST_CLASSES:
        raise ValueError(f"{part} 클래스가 {MOST_CLASSES:,}개를 넘습니다. 나누어 확인하십시오.")
    return labels.long()
