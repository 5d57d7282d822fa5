"""막대로 비교하는 그림입니다."""

from collections.abc import Sequence

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch

from course_utils.plotting.style import OKABE_ITO

# 밝은 색부터 씁니다: 검은 빗금이 보여야 합니다.
BAR_COLORS = [OKABE_ITO[name] for name in ("orange", "sky", "green", "purple", "yellow")]
# 묶음마다 한 색의 짙고 옅은 단계를 씁니다. 파랑과 주홍은 색각이 달라도 섞이지 않습니다.
FAMILIES = [OKABE_ITO[name] for name in ("blue", "vermillion", "green", "purple")]
PALEST = 0.6  # 가장 옅은 단계에 섞는 하양의 비율
MIN_LABELED = 4  # %. 이보다 좁은 칸에는 층의 이름이 들어가지 않습니다.


def plot_contest(results: Sequence[tuple[int, str, float, str, bool]]) -> Axes:
    """대회의 top-5 오류율을 연도마다 나란히 세웁니다.

    Args:
        results: `(연도, 이름, 오류율 %, 방법, 추가 데이터)`. 색은 방법을, 빗금은 추가 데이터를
            뜻합니다. 이름에는 줄바꿈을 넣을 수 있습니다.
    """
    results = sorted(results, key=lambda result: result[0])
    years = [year for year, *_ in results]
    # 해가 바뀔 때마다 조금 비웁니다.
    places = [i + 0.35 * len(set(years[: i + 1])) for i in range(len(years))]
    methods = list(dict.fromkeys(method for *_, method, _ in results))
    colors = dict(zip(methods, BAR_COLORS[: len(methods)], strict=True))
    width = max(6, 1.2 + 0.92 * places[-1])  # 막대마다 이름 한 줄이 들어갈 너비를 줍니다.
    _, ax = plt.subplots(figsize=(width, 5), layout="constrained")
    for place, (_, name, error, method, extra_data) in zip(places, results, strict=True):
        ax.bar(place, error, width=0.86, color=colors[method], edgecolor="black",
               hatch="//" if extra_data else None)  # fmt: skip
        for text, height, weight in ((f"{error:.3g}", 3, "bold"), (name, 18, "normal")):
            ax.annotate(text, (place, error), xytext=(0, height), textcoords="offset points",
                        ha="center", fontsize=11, weight=weight)  # fmt: skip
    groups = {year: [p for p, y in zip(places, years, strict=True) if y == year] for year in years}
    ax.set_xticks([sum(group) / len(group) for group in groups.values()], map(str, groups))
    ax.tick_params(axis="x", length=0)
    keys = [Patch(facecolor=colors[method], edgecolor="black", label=method) for method in methods]
    if any(extra_data for *_, extra_data in results):
        keys.append(Patch(facecolor="white", edgecolor="black", hatch="//", label="추가 데이터"))
    ax.legend(handles=keys, frameon=False, loc="upper right")
    ax.set(xlabel="연도", ylabel="top-5 오류율 (%)")
    ax.margins(x=0.02, y=0.2)  # 위쪽은 가장 높은 막대의 이름 자리입니다.
    return ax


def plot_shares(shares: dict[str, dict[str, float]], *, groups: dict[str, Sequence[str]]) -> Axes:
    """막대마다 층의 비율을 이어 붙여 100%로 만들고, 묶음의 비율을 막대 위에 적습니다.

    Args:
        shares: 막대 이름 → 층 → 양. 막대마다 단위가 달라도 됩니다.
        groups: 묶음 이름 → 층. 묶음마다 한 색의 짙고 옅은 단계로 칠합니다.
    """
    _, ax = plt.subplots(figsize=(12, 0.8 + 1.2 * len(shares)), layout="constrained")
    last = list(groups)[-1]
    for row, amounts in enumerate(shares.values()):
        _check_layers(amounts, groups)
        left, total = 0, sum(amounts.values())
        for (group, layers), color in zip(groups.items(), FAMILIES[: len(groups)], strict=True):
            parts = [100 * amounts[layer] / total for layer in layers]
            # 좁은 묶음의 글도 막대 밖으로 나가지 않게 마지막 묶음은 오른쪽 끝에 맞춥니다.
            x, side = (100, "right") if group == last else (left, "left")
            ax.text(x, row - 0.36, f"{group} {sum(parts):.1f}%", ha=side, weight="bold",
                    color=_blend(color, "black", 0.25))  # fmt: skip
            for step, (layer, part) in enumerate(zip(layers, parts, strict=True)):
                shade = _blend(color, "white", PALEST * step / max(1, len(layers) - 1))
                _draw_segment(ax, row, left, part, layer, shade)
                left += part
    ax.set_yticks(range(len(shares)), shares, fontsize=13)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set(xlabel="비율 (%)", xlim=(0, 100), ylim=(len(shares) - 0.6, -0.7))
    return ax


def _check_layers(amounts: dict[str, float], groups: dict[str, Sequence[str]]) -> None:
    grouped = {layer for layers in groups.values() for layer in layers}
    if difference := sorted(grouped ^ set(amounts)):
        raise ValueError(
            f"groups와 shares의 층이 다릅니다: {', '.join(difference)}. "
            "모든 층을 한 묶음에 한 번씩 넣으십시오."
        )


def _draw_segment(ax: Axes, row: int, left: float, part: float, layer: str, color: tuple) -> None:
    """막대의 한 칸을 그리고, 넓으면 가운데에 층의 이름을 적습니다."""
    ax.barh(row, part, left=left, height=0.6, color=color, edgecolor="white", linewidth=0.8)
    if part >= MIN_LABELED:
        # WCAG의 상대 휘도가 0.18을 넘으면 흰 글씨보다 검은 글씨가 잘 보입니다.
        dark = _luminance(color) < 0.18
        ax.text(left + part / 2, row, layer, ha="center", va="center", fontsize=11,
                color="white" if dark else "black")  # fmt: skip


def _blend(color: str, other: str, share: float) -> tuple[float, ...]:
    """두 색을 섞습니다. `share`는 둘째 색의 비율입니다."""
    pairs = zip(to_rgb(color), to_rgb(other), strict=True)
    return tuple((1 - share) * a + share * b for a, b in pairs)


def _luminance(color: tuple[float, ...]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color]
    return sum(a * b for a, b in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def plot_traffic(rows: Sequence[tuple[str, float, float]]) -> Axes:
    """층마다 이미지 한 장에 주고받는 양을 순전파와 역전파로 나누어 그립니다.

    Args:
        rows: `(층, 순전파 바이트, 역전파 바이트)`. 그림의 단위는 kB(1,000바이트)입니다.
    """
    _, ax = plt.subplots(figsize=(9, 1.3 + 0.85 * len(rows)), layout="constrained")
    names = [name for name, _, _ in rows]
    passes = (("순전파", -0.2, "blue"), ("역전파", 0.2, "orange"))
    for column, (label, shift, color) in enumerate(passes, start=1):
        bars = ax.barh([i + shift for i in range(len(rows))], [row[column] / 1000 for row in rows],
                       height=0.38, color=OKABE_ITO[color], label=label)  # fmt: skip
        ax.bar_label(bars, fmt="%.1f", padding=4, fontsize=11)
    ax.set_yticks(range(len(rows)), names)
    ax.set(xlabel="이미지 한 장에 주고받는 양 (kB)", ylim=(len(rows) - 0.5, -0.5))
    ax.margins(x=0.1)
    ax.legend(frameon=False, loc="lower right")
    return ax
