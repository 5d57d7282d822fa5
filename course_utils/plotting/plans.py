"""학습의 계획을 세우는 그림입니다: 메모리의 한도와 학습률의 일정."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullLocator

# 겹친 선도 보이도록 아래에 놓일 선일수록 굵습니다.
LINE_SHAPES = ((3.8, "-"), (2.4, "--"), (2.0, "-."), (1.8, ":"))
MARK_HEIGHT = 0.075  # 축의 높이에 대한 글 한 줄의 비율


def plot_budget(
    batch_sizes: Sequence[int],
    curves: dict[str, Sequence[float]],
    *,
    limit: float,
    limit_label: str,
    ylabel: str = "메모리 (GB)",
    crossings: bool = True,
) -> Axes:
    """배치 크기에 따른 메모리를 한도와 함께 그립니다.

    Args:
        batch_sizes: 작은 것부터 늘어놓은 배치 크기.
        curves: 이름 → 배치 크기별 메모리. 배치에 비례해 늘므로 사이의 값도 비례로 잇습니다.
        crossings: 한도와 만나는 점을 찍고, 한도에 드는 가장 큰 배치를 범례에 적습니다.
    """
    _, ax = plt.subplots(figsize=(8, 4.8), layout="constrained")
    # 로그 축에서 비례 관계는 곡선이므로 촘촘히 그립니다.
    x = np.union1d(np.geomspace(batch_sizes[0], batch_sizes[-1], 200), batch_sizes)
    ax.axhline(limit, color="black", linestyle="--", linewidth=1.5)
    ax.annotate(limit_label, (batch_sizes[0], limit), xytext=(0, 4), textcoords="offset points")
    markers = "osD^v"[: len(curves)]
    for (name, values), marker in zip(curves.items(), markers, strict=True):
        line, = ax.plot(x, np.interp(x, batch_sizes, values), label=name, marker=marker,
                        markevery=np.isin(x, batch_sizes))  # fmt: skip
        if crossings and values[0] <= limit < values[-1]:
            most = np.interp(limit, values, batch_sizes)
            ax.plot(most, limit, "o", color="black", markersize=9)
            line.set_label(f"{name}: {math.floor(most + 1e-9)}장까지")
    ax.set_xscale("log", base=2)
    ax.set_xticks(batch_sizes, map(str, batch_sizes))
    ax.minorticks_off()
    ax.margins(y=0.12)  # 한도가 가장 높을 때 그 이름이 놓일 자리입니다.
    ax.set(xlabel="배치 크기", ylabel=ylabel, ylim=(0, None))
    ax.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return ax


def plot_schedule(
    schedules: dict[str, Sequence[tuple[float, float]]],
    *,
    end: float,
    xlabel: str = "에폭",
    ylabel: str = "학습률",
    marks: Sequence[tuple[float, str]] = (),
) -> Axes:
    """학습률의 일정을 계단으로 그립니다.

    Args:
        schedules: 이름 → `(시작, 값)`들. 값 0은 로그 축에 없으므로 그 자리에서 ×로 끝냅니다.
        end: 마지막 값이 끝나는 자리.
        marks: `(자리, 글)`. 글이 서로 겹치지 않도록 높이를 다르게 놓습니다. 줄을 바꿔도 됩니다.
    """
    _, ax = plt.subplots(figsize=(10, 4.8), layout="constrained")
    ax.set_yscale("log")
    ax.yaxis.set_major_formatter(FuncFormatter(_decimal))
    ax.yaxis.set_minor_locator(NullLocator())
    shapes = LINE_SHAPES[: len(schedules)]
    for (name, steps), (width, style) in zip(schedules.items(), shapes, strict=True):
        stops = [start for start, value in steps if value == 0]
        steps = [step for step in steps if step[1] > 0]
        x, y = zip(*steps, (stops[0] if stops else end, steps[-1][1]), strict=True)
        (line,) = ax.plot(
            x, y, drawstyle="steps-post", linewidth=width, linestyle=style, label=name
        )
        if stops:
            ax.plot(x[-1], y[-1], "X", color=line.get_color(), markersize=11)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=3)
    _write_marks(ax, marks)
    return ax


def _decimal(value: float, _: int) -> str:
    """10⁻⁵보다 0.00001이 읽기 쉽습니다."""
    return np.format_float_positional(float(f"{value:.6g}"), trim="-")


def _write_marks(ax: Axes, marks: Sequence[tuple[float, str]]) -> None:
    """위쪽을 비워 세로 점선과 글을 놓습니다. 왼쪽 글일수록 높아 다른 점선을 가로지르지 않습니다."""
    marks = sorted(marks, reverse=True)
    texts = [ax.text(x, 1, " " + text.replace("\n", "\n "), transform=ax.get_xaxis_transform(),
                     va="top", fontsize=11, linespacing=1.35) for x, text in marks]  # fmt: skip
    ax.figure.draw_without_rendering()  # 글의 너비는 그려 보아야 압니다.
    floors = []
    for text in texts:
        right = ax.transData.inverted().transform(text.get_window_extent().padded(6))[1, 0]
        under = [floor for (x, _), floor in zip(marks, floors, strict=False) if x <= right]
        floors.append(1 + text.get_text().count("\n") + max(under, default=0))
    low, high = ax.get_ylim()
    ax.set_yticks([tick for tick in ax.get_yticks() if low <= tick <= high])
    empty = MARK_HEIGHT * max(floors, default=0)
    ax.set_ylim(low, low * (high / low) ** (1 / (1 - empty)))
    for (x, _), text, floor in zip(marks, texts, floors, strict=True):
        top = 1 - empty + MARK_HEIGHT * floor
        text.set_y(top)
        ax.axvline(x, ymax=top, color="black", linestyle=":", linewidth=1.2)
