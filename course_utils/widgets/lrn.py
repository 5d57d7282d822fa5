"""지역 응답 정규화(LRN): 한 자리의 채널들이 이웃의 크기에 따라 얼마나 줄어드는지 봅니다."""

import numpy as np
import torch
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from course_utils.plotting import OKABE_ITO
from course_utils.widgets.kernels import fit
from course_utils.widgets.panel import Panel, row, slider
from course_utils.widgets.pictures import add_axes, blank, caption, frame, paste, shade

WIDTH, HEIGHT = 960, 340
MAP, TOP = 240, 40  # 평균 맵의 한 변과 위치
CHART_LEFT, CHART_WIDTH = 350, 590


def check_activations(activations):
    """`(C, H, W)` 텐서나 배열을 float64 배열로 바꿉니다."""
    activations = torch.as_tensor(activations).detach().cpu().double().numpy()
    if activations.ndim != 3 or not activations.size:
        shape = activations.shape
        raise ValueError(f"활성값은 이미지 한 장의 (C, H, W)여야 하는데 {shape}이(가) 왔습니다.")
    if not np.isfinite(activations).all():
        raise ValueError("활성값에 유한하지 않은 값이 있습니다.")
    return activations


def window_sums(vector, n):
    """채널마다 자기를 가운데 둔 `n`개 채널의 제곱을 더합니다. 끝을 넘은 이웃은 0입니다."""
    start = (n - 1) // 2
    return np.convolve(vector**2, np.ones(n))[start : start + len(vector)]


def divisors(vector, n, k, alpha, beta):
    """채널마다 나누는 수 `(k + α / n × 제곱의 합)^β`입니다 (Krizhevsky 2012, §3.3).

    논문의 식은 α를 n으로 나누지 않지만, 2012년 코드와 PyTorch는 나눕니다.
    """
    return (k + alpha / n * window_sums(vector, n)) ** beta


def write(value):
    return f"{value:.4g}".replace("-", "−")


def describe(vector, *, n, k, log_alpha, beta):
    """가장 큰 채널의 앞뒤와 그 식, 나눈 수의 범위를 적은 글입니다."""
    best = int(vector.argmax())
    by = divisors(vector, n, k, 10**log_alpha, beta)
    before, after = write(vector[best]), write(vector[best] / by[best])
    alpha, total = f"10<sup>{write(log_alpha)}</sup>", write(window_sums(vector, n)[best])
    return (
        f"가장 큰 채널은 {best}번: <b>{before} → {after}</b> &nbsp;·&nbsp; 채널마다 나눈 수는 "
        f"{write(by.min())}에서 {write(by.max())}까지, 비는 <b>{write(by.max() / by.min())}</b>"
        f"<br>{before} / ({k:g} + {alpha} / {n} × {total})<sup>{beta:g}</sup> "
        f"= {before} / {write(by[best])} = {after}"
    )


def draw_lrn(activations, mean_map, *, n, k, log_alpha, beta, row, column):
    """평균 맵에서 고른 자리와, 그 자리의 채널들을 정규화 앞뒤로 그린 Figure입니다."""
    figure = blank(WIDTH, HEIGHT)
    pixels = fit(shade(mean_map, low=mean_map.min(), high=mean_map.max()), MAP)
    paste(figure, frame(pixels), 20, TOP)
    caption(figure, f"채널의 평균 맵, ({row}, {column})", 20, 12)
    # 큰 맵은 줄여서 그리므로 칸의 크기가 정수가 아닐 수 있습니다.
    tall, wide = pixels.shape[0] / mean_map.shape[0], pixels.shape[1] / mean_map.shape[1]
    corner = (20 + column * wide) / WIDTH, 1 - (TOP + 2 + (row + 1) * tall) / HEIGHT
    size = (wide + 2) / WIDTH, (tall + 2) / HEIGHT  # 칸을 가리지 않게 한 픽셀씩 넓힙니다.
    figure.add_artist(Rectangle(corner, *size, fill=False, ec=OKABE_ITO["vermillion"], lw=1.8))
    vector = activations[:, row, column]
    draw_channels(figure, vector, vector / divisors(vector, n, k, 10**log_alpha, beta), n)
    return figure


def draw_channels(figure, vector, after, n):
    """채널별 앞뒤 막대, 가장 큰 채널의 표시와 그 이웃 `n`개의 노란 바탕을 그립니다."""
    count, best = len(vector), int(vector.argmax())
    low, high = min(0.0, vector.min(), after.min()), max(0.0, vector.max(), after.max())
    high = high if high > low else 1.0
    margin = 0.1 * (high - low)  # 맨 위의 세모가 들어갈 자리
    floor, top = low - margin * (low < 0), high + margin
    left, right = -0.8, count - 0.2
    limits = {"xlim": (left, right), "ylim": (floor, top)}
    axes = add_axes(figure, CHART_LEFT, TOP, CHART_WIDTH, MAP, **limits)
    axes.set_axis_off()  # Axes의 눈금은 나머지 그림보다 오래 걸려서 글로 적습니다.
    for tick in MaxNLocator(6, integer=True).tick_values(0, right):
        x = CHART_LEFT + CHART_WIDTH * (tick - left) / (right - left)
        if 0 <= tick <= right:
            caption(figure, f"{tick:.0f}", x, TOP + MAP + 6, ha="center", fontsize=11)
    for tick in MaxNLocator(4).tick_values(floor, top):
        y = TOP + MAP * (top - tick) / (top - floor)
        if floor <= tick <= top:
            caption(figure, write(tick), CHART_LEFT - 8, y, ha="right", va="center", fontsize=11)
    axes.axvspan(best - n / 2, best + n / 2, color=OKABE_ITO["yellow"], alpha=0.45, lw=0)
    # 막대 수백 개를 하나씩 그리면 느려서, 굵은 선의 묶음 둘로 그립니다.
    thick = max(0.36 * CHART_WIDTH / (count + 0.6) * 0.72, 0.5)  # 픽셀을 포인트로
    bars = ((vector, "blue", "LRN 앞"), (after, "vermillion", "LRN 뒤"))
    for side, (values, name, title) in enumerate(bars):
        places = np.arange(count) + 0.4 * side - 0.2
        axes.vlines(places, 0, values, color=OKABE_ITO[name], lw=thick)
        caption(figure, title, CHART_LEFT + 64 * side, 12, color=OKABE_ITO[name])
    axes.plot([left, left, right], [top, 0, 0], color="#333333", lw=1.2, clip_on=False)
    axes.plot(best, max(vector[best], after[best], 0) + margin / 2, "v", color="black")
    caption(figure, f"▼ 가장 큰 채널 · 노란 바탕은 그 이웃(n = {n})", CHART_LEFT + 132, 12)
    caption(figure, "채널", CHART_LEFT + CHART_WIDTH / 2, HEIGHT - 28, ha="center")


def lrn_explorer(activations):
    """자리와 n, k, α, β를 바꾸며 지역 응답 정규화의 앞뒤를 보는 `Panel`입니다.

    Args:
        activations: conv1과 ReLU를 지난 이미지 한 장의 출력 `(C, H, W)`.

    처음 값은 논문의 n = 5, k = 2, α = 10⁻⁴, β = 0.75이고, 처음 자리는 값이 가장 큰 곳입니다.
    """
    activations = check_activations(activations)
    mean_map = activations.mean(axis=0)
    _, height, width = activations.shape
    top, left = np.unravel_index(activations.max(axis=0).argmax(), (height, width))
    controls = {
        "n": slider("n", 1, 15, value=5, step=2, width="280px"),
        "k": slider("k", 0.5, 5.0, value=2.0, step=0.5, width="280px"),
        "log_alpha": slider("log₁₀ α", -5.0, 0.0, value=-4.0, step=0.5, width="280px"),
        "beta": slider("β", 0.0, 1.5, value=0.75, step=0.25, width="280px"),
        "row": slider("세로 자리", 0, height - 1, value=int(top), width="280px"),
        "column": slider("가로 자리", 0, width - 1, value=int(left), width="280px"),
    }

    def draw(row, column, **settings):
        figure = draw_lrn(activations, mean_map, row=row, column=column, **settings)
        return describe(activations[:, row, column], **settings), figure

    parts = list(controls.values())
    return Panel(
        "지역 응답 정규화",
        controls,
        draw,
        alt="왼쪽은 채널을 평균한 맵과 고른 자리, 오른쪽은 그 자리의 채널마다 정규화 앞과 뒤의 값을"
        " 나란히 놓은 막대",
        rows=[row(*parts[:3]), row(*parts[3:])],
    )
