"""무엇을 바꾸었을 때 얼마나 달라졌는지 비교하는 그림입니다."""

from collections.abc import Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from course_utils.plotting.style import OKABE_ITO


def plot_effects(effects: Sequence[tuple[str, Sequence[float], float | None]]) -> Axes:
    """바꾼 것마다 오류율의 변화(%p)를 한 축에 놓습니다. 왼쪽일수록 좋아진 것입니다.

    Args:
        effects: `(이름, 시드별 변화, 논문의 변화)`. 논문에 값이 없으면 None입니다.
    """
    _, ax = plt.subplots(figsize=(9, 1.4 + 0.72 * len(effects)), layout="constrained")
    ax.axvline(0, color="black", linewidth=1.2)
    for row, (_, ours, paper) in enumerate(effects):
        ax.plot([min(ours), max(ours)], [row, row], color=OKABE_ITO["blue"], linewidth=3, alpha=0.4)
        ax.plot(ours, [row] * len(ours), "o", color=OKABE_ITO["blue"], markersize=6, alpha=0.6)
        mean = float(np.mean(ours))
        ax.plot(mean, row, "|", color=OKABE_ITO["blue"], markersize=22, markeredgewidth=3)
        ax.annotate(f"{mean:+.1f}".replace("-", "−"), (mean, row), xytext=(0, 13),
                    textcoords="offset points", ha="center", fontsize=11)  # fmt: skip
        if paper is not None:
            ax.plot(paper, row, "D", color=OKABE_ITO["vermillion"], markersize=9, mfc="white",
                    markeredgewidth=2)  # fmt: skip
    ax.set_yticks(range(len(effects)), [name for name, *_ in effects])
    ax.set(xlabel="오류율의 변화 (%p), 왼쪽이 좋아진 것", ylim=(len(effects) - 0.4, -0.8))
    ax.margins(x=0.08)
    keys = [
        Line2D([], [], color=OKABE_ITO["blue"], marker="o", label="우리: 시드마다, 막대는 평균"),
        Line2D([], [], color=OKABE_ITO["vermillion"], marker="D", mfc="white", linestyle="none",
               label="논문 (ImageNet)"),
    ]  # fmt: skip
    ax.legend(handles=keys, frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return ax
