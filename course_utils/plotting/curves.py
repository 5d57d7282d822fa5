"""x를 따라 이어지는 값을 선으로 그립니다."""

from collections.abc import Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from course_utils.plotting.style import OKABE_ITO


def plot_curves(
    x: np.ndarray,
    curves: dict[str, np.ndarray],
    *,
    xlabel: str,
    ylabel: str,
    marks: Sequence[tuple[float, float]] = (),
) -> Axes:
    """같은 x 위의 곡선들을 그리고, `marks`의 점에 표시를 합니다. x가 0을 지나면 축도 긋습니다."""
    _, ax = plt.subplots(figsize=(7, 4), layout="constrained")
    for name, y in curves.items():
        ax.plot(x, y, label=name)
    for point in marks:
        ax.plot(*point, "o", color="black", markersize=7)
    if min(x) < 0 < max(x):
        ax.axhline(0, color="gray", linewidth=0.8)
        ax.axvline(0, color="gray", linewidth=0.8)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    # 곡선이 어디로 지나든 가리지 않도록 밖에 둡니다.
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
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
