"""이미지와 특징 맵처럼 2차원 배열을 그대로 보이는 그림입니다."""

from collections.abc import Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from course_utils.plotting.style import OKABE_ITO


def plot_images(
    images: np.ndarray,
    *,
    titles: Sequence[str] | None = None,
    columns: int = 10,
    rows: int | None = None,
    size: float = 1.15,
) -> Axes:
    """흑백 `(N, H, W)`나 0~1인 컬러 `(N, H, W, 3)` 이미지를 `size`인치의 칸에 늘어놓습니다.

    흑백의 밝기는 눈금이 모두 같습니다.

    `rows`를 주면 이미지가 모자라도 그만큼의 줄을 비워 두어 그림의 크기가 늘 같습니다.
    """
    images = np.asarray(images)
    if rows is None:
        columns = min(columns, len(images))
        rows = -(-len(images) // columns)
    darkest, brightest = images.min(), images.max()
    head = 0.05 if titles is None else 0.28
    width, height = columns * size, rows * (size + head)
    figure = plt.figure(figsize=(width, height))
    # 이미지마다 축을 만들면 스무 장에 0.3초가 걸립니다. 축 하나에 인치로 자리를 정해 놓습니다.
    ax = figure.add_axes((0, 0, 1, 1))
    scale = 0.95 * size / max(images.shape[1:3])
    high, wide = (scale * side for side in images.shape[1:3])
    for i, image in enumerate(images[: rows * columns]):
        row, column = divmod(i, columns)
        left = column * size + (size - wide) / 2
        top = row * (size + head) + head
        ax.imshow(image, vmin=darkest, vmax=brightest, interpolation="nearest",
                  aspect="auto", extent=(left, left + wide, top + high, top))  # fmt: skip
        if titles is not None:
            ax.text(left + wide / 2, top - 0.05, str(titles[i]), ha="center", va="bottom",
                    fontsize=11)  # fmt: skip
    ax.set(xlim=(0, width), ylim=(height, 0))
    ax.axis("off")
    return ax


def plot_digit_frames(image: np.ndarray) -> Axes:
    """32×32 이미지 위에 28×28과 20×20 틀을 겹쳐 그립니다."""
    _, ax = plt.subplots(figsize=(5.2, 5.2), layout="constrained")
    ax.imshow(image, extent=(0, 32, 32, 0), interpolation="nearest")
    frames = {32: ("모델의 입력", "orange"), 28: ("MNIST", "sky"), 20: ("숫자", "green")}
    for side, (label, color) in frames.items():
        corner = (32 - side) / 2
        ax.add_patch(Rectangle((corner, corner), side, side, fill=False, linewidth=2.5,
                               edgecolor=OKABE_ITO[color]))  # fmt: skip
        ax.text(corner + 0.4, corner + 0.3, f"{label} {side}×{side}", color=OKABE_ITO[color],
                fontsize=10, va="top")  # fmt: skip
    ax.set(xlim=(-0.3, 32.3), ylim=(32.3, -0.3))
    ax.axis("off")
    return ax


def plot_layer_maps(maps: dict[str, np.ndarray]) -> Figure:
    """층마다 한 줄씩 특징 맵 `(C, H, W)`을 늘어놓습니다. 밝기는 층 안에서 눈금이 같습니다."""
    figure, axes = plt.subplots(
        len(maps), 1, figsize=(11, 1.35 * len(maps)), squeeze=False, layout="constrained"
    )
    for ax, (name, stack) in zip(axes[:, 0], maps.items(), strict=True):
        stack = np.asarray(stack)
        gap = np.full((stack.shape[1], max(1, stack.shape[2] // 12)), np.nan)
        strip = np.hstack([part for one in stack for part in (one, gap)][:-1])
        ax.imshow(strip, interpolation="nearest", aspect="equal")
        shape = "×".join(map(str, stack.shape))
        ax.set_title(f"{name}  {shape}", loc="left", fontsize=12, pad=3)
        ax.axis("off")
    return figure
