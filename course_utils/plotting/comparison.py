"""두 모델과, 그 사이의 한 칸 한 칸을 비교하는 그림입니다."""

from collections.abc import Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from course_utils.plotting.style import OKABE_ITO, mark_powers


def plot_steps(steps: dict[str, Sequence[float]], *, ylabel: str = "테스트 오류율 (%)") -> Axes:
    """바꿀 때마다 값을 막대로, 시드별 값을 점으로 그리고 앞 막대와의 차이를 적습니다.

    Args:
        steps: 이름 → 시드별 값. 처음 것이 출발점이고, 낮을수록 좋은 값입니다.
    """
    _, ax = plt.subplots(figsize=(11, 0.9 + 0.62 * len(steps)), layout="constrained")
    before = None
    for place, values in enumerate(steps.values()):
        mean = float(np.mean(values))
        color = OKABE_ITO["sky"] if before is None or mean <= before else OKABE_ITO["orange"]
        ax.barh(place, mean, height=0.66, color=color)
        ax.plot(values, [place] * len(values), "o", color="black", markersize=4)
        change = "" if before is None else f"  ({mean - before:+.1f})".replace("-", "−")
        ax.annotate(f"{mean:.1f}{change}", (max(values), place), xytext=(8, 0),
                    textcoords="offset points", va="center", fontsize=12)  # fmt: skip
        before = mean
    ax.set_yticks(range(len(steps)), steps, fontsize=12)
    ax.tick_params(axis="y", length=0)
    ax.set(xlabel=ylabel, ylim=(len(steps) - 0.5, -0.5))
    ax.margins(x=0.16)
    return ax


def plot_ratios(ratios: dict[str, float]) -> Axes:
    """무엇이 몇 배가 되었는지를 로그 축의 막대로 그립니다."""
    if smallest := [name for name, ratio in ratios.items() if ratio <= 0]:
        raise ValueError(f"배수는 0보다 커야 합니다: {', '.join(smallest)}")
    _, ax = plt.subplots(figsize=(10, 1 + 0.62 * len(ratios)), layout="constrained")
    bars = ax.barh(range(len(ratios)), ratios.values(), height=0.66, color=OKABE_ITO["sky"])
    labels = [f"{ratio:,.0f}배" if ratio >= 10 else f"{ratio:.1f}배" for ratio in ratios.values()]
    ax.bar_label(bars, labels, padding=6, fontsize=12)
    ax.set_yticks(range(len(ratios)), ratios, fontsize=12)
    ax.tick_params(axis="y", length=0)
    ax.set(xscale="log", xlabel="LeNet-5의 몇 배인가 (로그 축)", ylim=(len(ratios) - 0.5, -0.5))
    ax.set_xlim(min(1, *ratios.values()), 12 * max(ratios.values()))
    mark_powers(ax.xaxis)
    return ax
