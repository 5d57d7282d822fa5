"""클래스마다 폴더가 있는 이미지를, 프로세스가 몇이든 같은 순서와 같은 증강으로 내어 줍니다."""

import hashlib
import random
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from course_utils.augmentation import color_axes, shift_colors
from course_utils.data.file_trees import is_photo, readable, walk
from course_utils.data.pictures import to_pixels

SKIPPED = -100  # F.cross_entropy가 세지 않는 레이블
COLOR_SCALE = 0.1  # Krizhevsky 2012, §4.1
COLOR_IMAGES = 1000  # 색의 평균과 주성분을 측정하는 이미지 수
MOST_SKIPPED = 0.1  # 이보다 많이 읽지 못하면 폴더가 잘못된 것입니다.
Key = tuple[int, int]  # (에폭, 이미지의 번호)


class ImageTree(Dataset):
    """`folder/클래스/이미지`입니다. (에폭, 번호)로 `(이미지, 레이블, 색의 α, 번호)`를 꺼냅니다.

    이미지는 짧은 변을 `stored`로 줄이고 가운데를 자른 uint8 `(3, stored, stored)`입니다
    (Krizhevsky 2012, §2). `side`를 주면 무작위로 자르고 뒤집은 `(3, side, side)`이고 색의 α는
    N(0, 0.1)에서 뽑은 `(3,)`입니다(같은 §4.1). 무작위는 시드, 에폭, 번호로만 정해져 워커나
    프로세스의 수가 바뀌어도 같습니다. 읽지 못한 이미지는 레이블이 `SKIPPED`입니다.

    클래스 폴더가 없거나 빈 클래스가 있으면 FileNotFoundError를 냅니다.
    """

    def __init__(self, folder: Path, *, stored: int, side: int | None = None, seed: int = 0):
        self.folder, self.stored, self.side, self.seed = Path(folder), stored, side, seed
        found = [(tuple(map(readable, names)), path) for names, path in walk(self.folder)]
        photos = [(names, path) for names, path in found if path and is_photo(path.name)]
        photos = sorted(photo for photo in photos if len(photo[0]) > 1)
        self.classes = sorted({names[0] for names, path in found if path is None})
        empty = set(self.classes) - {names[0] for names, _ in photos}
        if not self.classes or empty:
            which = f"없는 클래스: {', '.join(sorted(empty)[:5])}" if empty else "폴더가 없음"
            raise FileNotFoundError(
                f"{folder}에는 클래스마다 폴더가 있고 그 안에 이미지가 있어야 합니다({which})."
            )
        self.others = ["/".join(names) for names, path in found if path and not is_photo(path.name)]
        self.names = ["/".join(names) for names, _ in photos]
        self.samples = [(path, self.classes.index(names[0])) for names, path in photos]

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, key: Key) -> tuple[Tensor, int, Tensor, int]:
        epoch, index = key
        path, label = self.samples[index]
        try:
            pixels, _ = to_pixels(path.read_bytes(), side=self.stored)
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

    def thin(self, count: int) -> None:
        """고르게 흩어진 `count`장쯤만 남깁니다."""
        keep = slice(None, None, max(1, len(self) // count))
        self.samples, self.names = self.samples[keep][:count], self.names[keep][:count]

    def contents(self) -> str:
        """어떤 이미지들인지 나타내는 짧은 글자입니다. 파일의 이름이 하나만 달라도 달라집니다."""
        digest = hashlib.sha256("\n".join(self.names).encode()).hexdigest()
        return f"{len(self)}-{digest[:16]}"


def batches(
    num_images: int, batch_size: int, *, rank: int, size: int, seed: int, epoch: int, done: int = 0
) -> list[list[Key]]:
    """스텝마다 전체 배치 가운데 이 프로세스가 맡은 `(에폭, 번호)`들입니다.

    전체 배치가 프로세스의 수와 상관없이 같아, 프로세스를 잃고 적은 수로 다시 시작해도 계산이
    같습니다. `DistributedSampler`는 배치가 프로세스 수로 나누어떨어질 때만 그렇습니다. 배치를 다
    채우지 못하는 마지막 이미지들은 그 에폭에 쓰지 않습니다. `done`은 이미 마친 스텝의 수입니다.
    """
    order = list(range(num_images))
    random.Random(f"{seed}/{epoch}").shuffle(order)
    starts = range(done * batch_size, num_images - batch_size + 1, batch_size)
    return [[(epoch, index) for index in order[start + rank : start + batch_size : size]]
            for start in starts]  # fmt: skip


def read_some(tree: ImageTree, count: int) -> Tensor:
    """고르게 흩어진 `count`장쯤의 픽셀 열여섯에 하나, uint8 `(N, 3, stored / 4, stored / 4)`입니다.

    열에 하나보다 많이 읽지 못하면 ValueError를 냅니다. 학습하기 전에 폴더를 확인하는 데도 씁니다.
    """
    plain = ImageTree(tree.folder, stored=tree.stored)
    read = [plain[0, index] for index in range(0, len(plain), max(1, len(plain) // count))]
    unread = [plain.names[index] for _, label, _, index in read if label == SKIPPED]
    if len(unread) > MOST_SKIPPED * len(read):
        raise ValueError(
            f"{tree.folder}에서 고른 이미지 {len(read):,}장 가운데 {len(unread):,}장을 읽지 "
            f"못했습니다(예: {', '.join(unread[:3])}). 이미지가 온전한지 확인하십시오."
        )
    return torch.stack([image[:, ::4, ::4] for image, label, *_ in read if label != SKIPPED])


def measure_colors(images: Tensor) -> dict:
    """`{"mean": (3,), "deviation": (), "vectors": (3, 3), "deviations": (3,)}`, 0~255의 단위입니다.

    논문은 학습 데이터 전체에서, 여기서는 `COLOR_IMAGES`장까지에서 측정합니다.
    """
    images = images.float()
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
