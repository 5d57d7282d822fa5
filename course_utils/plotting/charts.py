"""혼동 행렬과 연표입니다."""

from collections.abc import Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from course_utils.plotting.style import OKABE_ITO


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
