"""노트북 02의 그림: 연표, 데이터 크기의 곡선, 1998년의 표, 마진, 손으로 만든 특징."""

from collections.abc import Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch
from matplotlib.patheffects import withStroke
from matplotlib.transforms import offset_copy

from course_utils.plotting.style import LINE_COLORS, OKABE_ITO

KINDS = {"사실": "blue", "해석": "green", "통념": "vermillion"}  # 위에서부터의 순서
MARKERS = {"사실": "o", "해석": "s", "통념": "X"}
# 연표의 가로축: 일이 몰린 뒤쪽을 넓게 그립니다. (연도, 그 해까지의 자리)
YEARS, PLACES = (1955, 1978, 1990, 2008, 2018), (0.0, 5.0, 12.0, 33.0, 59.0)


def draw_quiet_years(ax: Axes, events: Sequence[dict]) -> Axes:
    """사건을 종류마다 한 줄씩 시간 축 위에 놓습니다. 가로축은 뒤로 갈수록 넓습니다.

    Args:
        events: `year`, `title`, `kind`와 있으면 `until`. `until`이 있으면 막대입니다.
    """
    widen_later_years(ax)
    ax.hlines(range(len(KINDS)), *YEARS[::4], color="#999999", linewidth=0.8, zorder=0)
    ticks = (1957, 1970, 1980, 1990, 1995, 2000, 2005, 2010, 2015)
    ax.set_xticks(ticks, map(str, ticks))
    ax.minorticks_off()
    ax.set_yticks(range(len(KINDS)), reversed(KINDS))
    ax.tick_params(left=False)
    ax.spines["left"].set_visible(False)
    for event, year in zip(events, spread_years(events), strict=True):
        draw_event(ax, event, year)
    return ax


def widen_later_years(ax: Axes) -> None:
    """두 축의 범위와, 뒤로 갈수록 넓은 가로축을 정합니다."""
    ax.set_xscale("function", functions=(
        lambda year: np.interp(year, YEARS, PLACES), lambda place: np.interp(place, PLACES, YEARS)
    ))  # fmt: skip
    ax.set(xlim=(YEARS[0], YEARS[-1]), ylim=(-0.2, 3))


def spread_years(events: Sequence[dict]) -> list[float]:
    """사건별 가로 자리입니다. 한 줄에 같은 해가 겹치면 반 해씩 뒤로 보냅니다."""
    taken = [(event["kind"], event["year"]) for event in events]
    return [year + 0.5 * taken[:i].count((kind, year)) for i, (kind, year) in enumerate(taken)]


def draw_event(ax: Axes, event: dict, year: float, *, picked: bool = False) -> None:
    """사건 하나를 `year`의 자리에 놓습니다. `picked`이면 이미 놓인 것 위에 굵게 덮습니다."""
    row = list(reversed(KINDS)).index(event["kind"])
    color = OKABE_ITO[KINDS[event["kind"]]]
    if "until" in event and not picked:
        ax.plot([year, event["until"]], [row, row], color=color, alpha=0.45, linewidth=12,
                solid_capstyle="butt")  # fmt: skip
    ax.plot(year, row, MARKERS[event["kind"]], color=color, markersize=13 if picked else 7,
            markeredgecolor="black", markeredgewidth=1.8 if picked else 0)  # fmt: skip
    beside = offset_copy(ax.transData, ax.figure, 2, 8, units="points")
    ax.text(year, row, event["title"], transform=beside, rotation=48, rotation_mode="anchor",
            fontsize=9.5, weight="bold" if picked else "normal",
            path_effects=[withStroke(linewidth=3, foreground="white")] * picked)  # fmt: skip


def plot_data_size(sizes: Sequence[int], curves: dict[str, Sequence[Sequence[float]]]) -> Axes:
    """학습 데이터의 크기에 따른 테스트 오류율(%)을 로그 축에 그립니다.

    Args:
        curves: 이름 → 시드별 오류율들 `(시드, 크기)`. 굵은 선은 평균, 점은 시드입니다.
    """
    _, ax = plt.subplots(figsize=(8.4, 4.6), layout="constrained")
    styles = (("-", "o"), ("--", "s"), ("-.", "^"), (":", "D"))
    for number, (name, runs) in enumerate(curves.items()):
        line, marker = styles[number % len(styles)]
        color = OKABE_ITO[LINE_COLORS[number % len(LINE_COLORS)]]
        runs = np.asarray(runs, dtype=float)
        for run in runs:
            ax.plot(sizes, run, marker, color=color, alpha=0.35, markersize=5)
        ax.plot(sizes, runs.mean(axis=0), line, marker=marker, color=color, label=name)
    ax.set(xscale="log", yscale="log", xlabel="학습에 쓴 숫자 (장)", ylabel="테스트 오류율 (%)")
    ax.set_xticks(sizes, [f"{size:,}" for size in sizes])
    ticks = [tick for tick in (0.5, 1, 2, 5, 10, 20, 50) if _inside(tick, ax.get_ylim())]
    ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    ax.legend(frameon=False)
    return ax


def _inside(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value <= limits[1]


def plot_error_table(rows: Sequence[dict], *, highlight: Sequence[str] = ()) -> Axes:
    """`name`, `error`(%), `group`, `distorted`인 행들을 오류율 순서로 놓은 점 그림입니다.

    변형한 숫자로 학습한 것은 빈 점이고, 이름이 `highlight`에 있으면 굵게 씁니다.
    """
    rows = sorted(rows, key=lambda row: -row["error"])
    groups = list(dict.fromkeys(row["group"] for row in sorted(rows, key=lambda r: r["group"])))
    colors = {group: OKABE_ITO[LINE_COLORS[i]] for i, group in enumerate(groups)}
    _, ax = plt.subplots(figsize=(8.4, 0.27 * len(rows) + 1), layout="constrained")
    for place, row in enumerate(rows):
        color = colors[row["group"]]
        ax.plot([0, row["error"]], [place, place], color=color, linewidth=1, alpha=0.5)
        ax.plot(row["error"], place, "o", color=color, markersize=8, markeredgewidth=2,
                markerfacecolor="white" if row["distorted"] else color)  # fmt: skip
        ax.annotate(f"{row['error']:g}", (row["error"], place), xytext=(8, 0), fontsize=10,
                    textcoords="offset points", va="center")  # fmt: skip
    names = [f"{row['name']}{' [변형]' * row['distorted']}" for row in rows]
    ax.set_yticks(range(len(rows)), names, fontsize=10)
    for label, row in zip(ax.get_yticklabels(), rows, strict=True):
        label.set_weight("bold" if row["name"] in highlight else "normal")
    for group in groups:
        ax.plot([], [], "o", color=colors[group], label=group)
    ax.plot([], [], "o", color="black", markerfacecolor="white", label="변형한 숫자를 더함")
    ax.set(xlabel="MNIST 테스트 오류율 (%)", xlim=(0, 1.1 * rows[0]["error"]),
           ylim=(-0.8, len(rows) - 0.2))  # fmt: skip
    ax.legend(frameon=False, loc="center right", fontsize=11)
    return ax


def plot_margin(
    points: np.ndarray,
    labels: np.ndarray,
    *,
    weights: np.ndarray,
    bias: float,
    support: np.ndarray,
    ax: Axes | None = None,
) -> Axes:
    """2차원 점 `(N, 2)`와 경계 w·x + b = 0, 마진 w·x + b = ±1, 서포트 벡터를 그립니다."""
    if ax is None:
        _, ax = plt.subplots(figsize=(5.6, 4.4), layout="constrained")
    for value, color, marker in ((0, "blue", "o"), (1, "vermillion", "^")):
        ax.plot(*points[labels == value].T, marker, color=OKABE_ITO[color], markersize=7)
    ax.plot(*points[support].T, "o", markersize=15, markerfacecolor="none",
            markeredgecolor="black", label="서포트 벡터")  # fmt: skip
    low, high = points.min(axis=0) - 0.5, points.max(axis=0) + 0.5
    # 경계가 세로에 가까우면 y를, 아니면 x를 따라 그립니다.
    main = int(abs(weights[0]) > abs(weights[1]))
    along = np.array([low[main], high[main]])
    for level, style in ((0, "-"), (-1, "--"), (1, "--")):
        across = (level - bias - weights[main] * along) / weights[1 - main]
        line = (across, along) if main else (along, across)
        ax.plot(*line, style, color="black", linewidth=2 if level == 0 else 1.2)
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), xlabel="특징 1", ylabel="특징 2")
    ax.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1))
    return ax


def plot_pictures(pictures: dict[str, np.ndarray], *, height: float = 2.3) -> Figure:
    """이름 → 이미지(흑백 또는 컬러)를 나란히 놓습니다. 밝기는 그림마다 따로 맞춥니다."""
    figure, axes = plt.subplots(
        1, len(pictures), figsize=(height * len(pictures), height * 1.1), squeeze=False,
        layout="constrained",
    )  # fmt: skip
    for ax, (name, picture) in zip(axes[0], pictures.items(), strict=True):
        ax.imshow(picture)
        ax.set_title(name, fontsize=12)
        ax.axis("off")
    return figure


def plot_matches(
    first: np.ndarray, second: np.ndarray, ends: tuple[np.ndarray, np.ndarray], *, good: np.ndarray
) -> Figure:
    """두 이미지의 짝지은 점 `(M, 2)`(행, 열)들을 선으로 잇습니다. `good`이 거짓인 짝은 붉습니다."""
    figure, axes = plt.subplots(1, 2, figsize=(6.8, 2.4), layout="constrained")
    for ax, image, points in zip(axes, (first, second), ends, strict=True):
        ax.imshow(image)
        ax.plot(points[:, 1], points[:, 0], "o", color=OKABE_ITO["orange"], markersize=3)
        ax.axis("off")
    for (row, column), (other_row, other_column), right in zip(*ends, good, strict=True):
        figure.add_artist(ConnectionPatch(
            (column, row), (other_column, other_row), "data", "data", axesA=axes[0], axesB=axes[1],
            color=OKABE_ITO["sky" if right else "vermillion"], linewidth=0.8,
        ))  # fmt: skip
    return figure


def plot_words(histograms: dict[str, np.ndarray]) -> Figure:
    """이름 → 시각 단어의 비율 `(단어 수,)`를 위아래로 놓습니다. 세로축이 모두 같습니다."""
    figure, axes = plt.subplots(
        len(histograms), 1, figsize=(8.4, 1.2 * len(histograms) + 0.5), squeeze=False,
        layout="constrained",
    )  # fmt: skip
    top = 1.05 * max(np.max(shares) for shares in histograms.values())
    for number, (ax, (name, shares)) in enumerate(zip(axes[:, 0], histograms.items(), strict=True)):
        edges = np.arange(len(shares) + 1) - 0.5  # 막대 하나하나를 그리는 bar보다 빠릅니다.
        ax.stairs(shares, edges, fill=True, color=OKABE_ITO[LINE_COLORS[number % 7]])
        ax.set(ylim=(0, top))  # sharey는 축마다 두 번 그려 느립니다.
        ax.tick_params(labelbottom=number == len(histograms) - 1)
        ax.set_title(name, loc="left", fontsize=12, pad=2)
    axes[-1, 0].set_xlabel("시각 단어의 번호 (세로: 비율)")
    return figure
