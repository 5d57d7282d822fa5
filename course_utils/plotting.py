"""강의의 그림을 그립니다. 배열을 받아 Figure나 Axes를 돌려줄 뿐, 모델은 알지 못합니다."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from cycler import cycler
from matplotlib import font_manager
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

FONT_FAMILY = "Course Gothic KR"

# Okabe와 Ito(2008)의 여덟 색: 색각이 다른 사람도, 흐린 프로젝터에서도 구별합니다.
OKABE_ITO = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
}

# 노랑은 흰 바탕의 가는 선으로는 보이지 않아 선의 차례에서 뺐습니다.
LINE_COLORS = ["blue", "vermillion", "green", "purple", "orange", "sky", "black"]

COURSE_STYLE = {
    # 목록으로 적어야 ✓처럼 없는 글자를 다음 글꼴에서 찾습니다.
    "font.family": [FONT_FAMILY, "DejaVu Sans"],
    "axes.unicode_minus": True,
    "mathtext.fontset": "dejavusans",
    "font.size": 13,
    "axes.titlesize": 15,
    "axes.labelsize": 13,
    "xtick.labelsize": 12,
    "ytick.labelsize": 12,
    "legend.fontsize": 12,
    "lines.linewidth": 2.2,
    "axes.prop_cycle": cycler(color=[OKABE_ITO[name] for name in LINE_COLORS]),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "image.cmap": "gray",
    "figure.dpi": 100,
    "savefig.dpi": 100,
    "savefig.bbox": None,  # 위젯의 그림 크기가 값에 따라 흔들리지 않게 합니다.
    # 투명한 바탕이면 JupyterLab의 어두운 테마에서 검은 글자가 보이지 않습니다.
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "savefig.facecolor": "white",
    "savefig.transparent": False,
}


def use_course_style():
    """함께 담은 한글 글꼴을 등록하고 강의의 그림 모양을 켭니다. 여러 번 불러도 괜찮습니다."""
    registered = {Path(entry.fname) for entry in font_manager.fontManager.ttflist}
    for path in sorted((Path(__file__).parent / "assets").glob("CourseGothicKR-*.ttf")):
        if path not in registered:
            font_manager.fontManager.addfont(path)
    matplotlib.rcParams.update(COURSE_STYLE)


def show(drawing: Figure | Axes, *, alt: str) -> None:
    """그림을 대체 텍스트와 함께 노트북에 보이고 닫습니다. `alt`는 화면 낭독기가 읽습니다."""
    from IPython.display import display

    figure = drawing.figure if isinstance(drawing, Axes) else drawing
    display(figure, metadata={"image/png": {"alt": alt}})
    plt.close(figure)


def plot_images(
    images: np.ndarray,
    *,
    titles: Sequence[str] | None = None,
    columns: int = 10,
    rows: int | None = None,
    size: float = 1.15,
) -> Figure:
    """흑백 이미지 `(N, H, W)`를 격자로 늘어놓습니다. 밝기는 모두 같은 자로 잽니다.

    `rows`를 주면 이미지가 모자라도 그만큼의 줄을 비워 두어 그림의 크기가 늘 같습니다.
    """
    images = np.asarray(images)
    if rows is None:
        columns = min(columns, len(images))
        rows = -(-len(images) // columns)
    height = size * (1.32 if titles is not None else 1.08)
    figure, axes = plt.subplots(
        rows, columns, figsize=(columns * size, rows * height), squeeze=False, layout="constrained"
    )  # fmt: skip
    for i, ax in enumerate(axes.flat):
        ax.axis("off")
        if i < len(images):
            ax.imshow(images[i], vmin=images.min(), vmax=images.max(), interpolation="nearest")
            if titles is not None:
                ax.set_title(titles[i], fontsize=11, pad=3)
    return figure


def plot_number_grids(grids: dict[str, np.ndarray]) -> Figure:
    """이름 → 2차원 배열을 나란히 놓고 칸마다 값을 적습니다. 밝기는 모두 같은 자로 잽니다."""
    arrays = [np.asarray(grid) for grid in grids.values()]
    low, high = min(a.min() for a in arrays), max(a.max() for a in arrays)
    figure, axes = plt.subplots(
        1, len(arrays), figsize=(4 * len(arrays), 4.3), layout="constrained", squeeze=False
    )
    for ax, name, array in zip(axes[0], grids, arrays, strict=True):
        ax.imshow(array, vmin=low, vmax=high, interpolation="nearest")
        for (row, column), value in np.ndenumerate(array):
            bright = value > (low + high) / 2
            ax.text(column, row, f"{value:.0f}", ha="center", va="center", fontsize=11,
                    color="black" if bright else "white")  # fmt: skip
        ax.set_title(name)
        ax.axis("off")
    return figure


def plot_curves(
    x: np.ndarray,
    curves: dict[str, np.ndarray],
    *,
    xlabel: str,
    ylabel: str,
    marks: Sequence[tuple[float, float]] = (),
) -> Axes:
    """같은 x 위의 곡선들을 그리고, `marks`의 점에 표시를 합니다."""
    _, ax = plt.subplots(figsize=(7, 4), layout="constrained")
    for name, y in curves.items():
        ax.plot(x, y, label=name)
    for point in marks:
        ax.plot(*point, "o", color="black", markersize=7)
    ax.axhline(0, color="gray", linewidth=0.8)
    ax.axvline(0, color="gray", linewidth=0.8)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.legend(frameon=False)
    return ax


def plot_history(history: dict, *, ax: Axes | None = None) -> Axes:
    """`fit`의 기록에서 에폭마다의 학습·시험 오류율(%)을 그립니다."""
    if ax is None:
        _, ax = plt.subplots(figsize=(7, 4), layout="constrained")
    for name, label, marker in (("train", "학습", "o"), ("test", "시험", "s")):
        error = 100 * (1 - np.asarray(history[f"{name}_accuracy"]))
        if len(error):
            ax.plot(1 + np.arange(len(error)), error, marker=marker, label=label)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set(xlabel="에폭", ylabel="오류율 (%)", ylim=(0, None))
    ax.legend(frameon=False)
    return ax


def plot_runs(
    runs: Sequence[Sequence[float]], *, label: str, color: str, ax: Axes | None = None
) -> Axes:
    """여러 시드의 곡선을 옅은 선으로, 평균을 굵은 선으로 그립니다. 값은 오류율(%)입니다."""
    if ax is None:
        _, ax = plt.subplots(figsize=(8, 4.2), layout="constrained")
    runs = np.asarray(runs)
    epochs = 1 + np.arange(runs.shape[1])
    for run in runs:
        ax.plot(epochs, run, color=OKABE_ITO[color], alpha=0.3, linewidth=1)
    ax.plot(epochs, runs.mean(axis=0), color=OKABE_ITO[color], label=label)
    ax.set(xlabel="에폭", ylabel="오류율 (%)")
    ax.legend(frameon=False)
    return ax


def plot_confusion(matrix: np.ndarray, class_names: Sequence[str]) -> Axes:
    """혼동 행렬 `(정답, 예측)`입니다. 색은 틀린 칸만 칠하고, 대각선에는 맞힌 수를 적습니다."""
    matrix = np.asarray(matrix)
    wrong = matrix * (1 - np.eye(len(matrix), dtype=int))
    _, ax = plt.subplots(figsize=(6.4, 5.8), layout="constrained")
    ax.imshow(wrong, cmap="Oranges", vmin=0, vmax=max(4, wrong.max()))
    for (row, column), count in np.ndenumerate(matrix):
        if count:
            # 짙은 칸의 검은 글씨는 보이지 않습니다.
            dark = wrong[row, column] > 0.6 * max(4, wrong.max())
            ax.text(column, row, count, ha="center", va="center", fontsize=10,
                    color="white" if dark else "black")  # fmt: skip
    ticks = range(len(matrix))
    ax.set(xlabel="예측", ylabel="정답", xticks=ticks, yticks=ticks)
    ax.set_xticklabels(class_names)
    ax.set_yticklabels(class_names)
    return ax


def plot_digit_frames(image: np.ndarray) -> Axes:
    """32×32 이미지 위에 28×28과 20×20 틀을 겹쳐 그립니다."""
    _, ax = plt.subplots(figsize=(5.2, 5.2), layout="constrained")
    ax.imshow(image, extent=(0, 32, 32, 0), interpolation="nearest")
    frames = {32: ("망의 입력", "orange"), 28: ("MNIST", "sky"), 20: ("숫자", "green")}
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
    """층마다 한 줄씩 특징 맵 `(C, H, W)`을 늘어놓습니다. 밝기는 층 안에서 같은 자로 잽니다."""
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


def plot_timeline(events: Sequence[tuple[int, str, str]], *, groups: dict[str, str]) -> Axes:
    """`(연도, 이름, 묶음)`을 시간 축 위에 번갈아 놓습니다. `groups`는 묶음 → 색 이름입니다."""
    _, ax = plt.subplots(figsize=(12, 4.6), layout="constrained")
    ax.axhline(0, color="black", linewidth=1.2)
    levels = (1, -1, 2, -2, 3, -3)
    for i, (year, name, group) in enumerate(sorted(events)):
        level, color = levels[i % len(levels)], OKABE_ITO[groups[group]]
        ax.plot([year, year], [0, level], color=color, linewidth=1.2)
        ax.plot(year, 0, "o", color=color, markersize=8)
        ax.text(year, level, f"{year}\n{name}", ha="center", fontsize=11,
                va="bottom" if level > 0 else "top", linespacing=1.25)  # fmt: skip
    for group, color in groups.items():
        ax.plot([], [], "o", color=OKABE_ITO[color], label=group)
    ax.legend(frameon=False, ncols=len(groups), loc="upper left", bbox_to_anchor=(0, 1.08))
    years = [year for year, _, _ in events]
    ax.set(ylim=(-4.4, 4.6), xlim=(min(years) - 3, max(years) + 3), yticks=[], xlabel="연도")
    ax.spines["left"].set_visible(False)
    return ax
