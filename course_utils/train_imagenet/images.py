"""클래스마다 폴더가 있는 이미지를, 프로세스가 몇이든 같은 차례와 같은 증강으로 내어 줍니다."""

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler
from torchvision.datasets import ImageFolder

from course_utils.augmentation import color_axes, shift_colors
from course_utils.data.pictures import to_pixels

SKIPPED = -100  # F.cross_entropy가 세지 않는 레이블
COLOR_SCALE = 0.1  # Krizhevsky 2012, §4.1
COLOR_IMAGES = 1000  # 색의 평균과 주축을 재는 이미지 수
Key = tuple[int, int]  # (에폭, 이미지의 번호)


class ImageTree(Dataset):
    """`folder/클래스/이미지`입니다. (에폭, 번호)로 `(이미지, 레이블, 색의 α, 번호)`를 꺼냅니다.

    이미지는 짧은 변을 `stored`로 줄이고 가운데를 자른 uint8 `(3, stored, stored)`입니다
    (Krizhevsky 2012, §2). `side`를 주면 무작위로 자르고 뒤집은 `(3, side, side)`이고 색의 α는
    N(0, 0.1)에서 뽑은 `(3,)`입니다(같은 §4.1). 무작위는 시드, 에폭, 번호로만 정해져 일꾼이나
    프로세스의 수가 바뀌어도 같습니다. 읽지 못한 이미지는 레이블이 `SKIPPED`입니다.

    클래스 폴더가 없거나 빈 클래스가 있으면 FileNotFoundError를 냅니다.
    """

    def __init__(self, folder: Path, *, stored: int, side: int | None = None, seed: int = 0):
        try:
            tree = ImageFolder(folder)
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f"{folder}에는 클래스마다 폴더가 있고 그 안에 이미지가 있어야 합니다({error})."
            ) from error
        self.folder, self.classes, self.samples = Path(folder), tree.classes, tree.samples
        self.stored, self.side, self.seed = stored, side, seed

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, key: Key) -> tuple[Tensor, int, Tensor, int]:
        epoch, index = key
        path, label = self.samples[index]
        try:
            pixels, _ = to_pixels(Path(path).read_bytes(), side=self.stored)
        except Exception:  # 상한 파일은 무엇이든 낼 수 있습니다.
            pixels, label = np.zeros((self.stored, self.stored, 3), dtype=np.uint8), SKIPPED
        colors = torch.zeros(3)
        if self.side:
            chance = random.Random(f"{self.seed}/{epoch}/{index}")
            top, left = (chance.randint(0, self.stored - self.side) for _ in range(2))
            pixels = pixels[top : top + self.side, left : left + self.side]
            if chance.random() < 0.5:
                pixels = pixels[:, ::-1]
            colors = torch.tensor([chance.gauss(0, COLOR_SCALE) for _ in range(3)])
        return torch.from_numpy(pixels.transpose(2, 0, 1).copy()), label, colors, index

    def name(self, index: int) -> str:
        """알릴 때 쓰는 짧은 경로입니다. 예: `클래스/이미지.jpg`"""
        return Path(self.samples[index][0]).relative_to(self.folder).as_posix()

    def contents(self) -> str:
        """어떤 이미지들인지 나타내는 짧은 글자입니다. 파일의 이름이 하나만 달라도 달라집니다."""
        names = "\n".join(self.name(index) for index in range(len(self)))
        return f"{len(self)}-{hashlib.sha256(names.encode()).hexdigest()[:16]}"


class GlobalBatchSampler(Sampler):
    """걸음마다 전체 배치 가운데 이 프로세스가 맡은 `(에폭, 번호)`들입니다.

    전체 배치가 프로세스의 수와 상관없이 같아, 프로세스를 잃고 적은 수로 다시 시작해도 계산이
    같습니다. `DistributedSampler`는 배치가 프로세스 수로 나누어떨어질 때만 그렇습니다. 배치를 다
    채우지 못하는 마지막 이미지들은 그 에폭에 쓰지 않습니다. `done`은 이미 마친 걸음의 수입니다.
    """

    def __init__(self, num_images: int, batch_size: int, *, rank: int, size: int, seed: int,
                 epoch: int, done: int = 0) -> None:  # fmt: skip
        self.num_images, self.batch_size, self.rank, self.size = num_images, batch_size, rank, size
        self.seed, self.epoch, self.done = seed, epoch, done

    def __len__(self) -> int:
        return self.num_images // self.batch_size - self.done

    def __iter__(self) -> Iterator[list[Key]]:
        order = list(range(self.num_images))
        random.Random(f"{self.seed}/{self.epoch}").shuffle(order)
        for step in range(self.done, self.num_images // self.batch_size):
            whole = order[step * self.batch_size : (step + 1) * self.batch_size]
            yield [(self.epoch, index) for index in whole[self.rank :: self.size]]


def measure_colors(tree: ImageTree) -> dict:
    """`{"mean": (3,), "deviation": (), "vectors": (3, 3), "deviations": (3,)}`, 0~255의 단위입니다.

    고르게 흩어진 이미지 1,000장까지의 픽셀 열여섯에 하나로 잽니다(논문은 학습 데이터 전체).
    한 장도 읽지 못하면 ValueError를 냅니다.
    """
    plain = ImageTree(tree.folder, stored=tree.stored)
    step = max(1, len(plain) // COLOR_IMAGES)
    read = (plain[0, index] for index in range(0, len(plain), step))
    thinned = [image[:, ::4, ::4] for image, label, *_ in read if label != SKIPPED]
    if not thinned:
        raise ValueError(f"{tree.folder}에서 이미지를 한 장도 읽지 못했습니다.")
    images = torch.stack(thinned).float()
    vectors, deviations = color_axes(images)
    return {"mean": images.mean(dim=(0, 2, 3)), "deviation": images.std(), "vectors": vectors,
            "deviations": deviations}  # fmt: skip


def normalize(
    images: Tensor, amounts: Tensor, colors: dict, *, standardized: bool, dtype: torch.dtype
) -> Tensor:
    """uint8 `(N, 3, H, W)`의 색을 옮기고 평균을 뺍니다(정하면 표준편차로 나눕니다)."""
    shifted = shift_colors(images.to(dtype), (colors["vectors"], colors["deviations"]), amounts)
    centered = shifted - colors["mean"].to(shifted)[:, None, None]
    return centered / colors["deviation"].to(shifted) if standardized else centered


def crops(images: Tensor, side: int, *, count: int) -> Iterator[Tensor]:
    """가운데 하나(`count=1`), 또는 네 모서리와 가운데와 그 거울상 열 개를 차례로 냅니다 (§4.1)."""
    last = images.shape[-1] - side
    corners = [(0, 0), (0, last), (last, 0), (last, last), (last // 2, last // 2)]
    for top, left in corners if count == 10 else corners[-1:]:
        crop = images[..., top : top + side, left : left + side]
        yield crop
        if count == 10:
            yield crop.flip(-1)

