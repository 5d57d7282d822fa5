"""활성 함수와 그 기울기를 나란히 놓고, 어디에서 기울기가 사라지는지 봅니다."""

from functools import cache

import numpy as np
import torch

from course_utils.plotting import OKABE_ITO
from course_utils.widgets.panel import Panel, choice, row, slider
from course_utils.widgets.pictures import add_axes, blank, caption, paste, to_pixels

FUNCTIONS = {"ReLU": torch.relu, "tanh": torch.tanh, "시그모이드": torch.sigmoid}
HEIGHTS = {"ReLU": (-1.0, 6.6), "tanh": (-1.25, 1.25), "시그모이드": (-0.15, 1.15)}
TICKS = {"ReLU": (0, 2, 4, 6), "tanh": (-1, 0, 1), "시그모이드": (0, 0.5, 1)}
# 기울기의 세로축은 모두 같게 두어, 시그모이드의 기울기가 0.25를 넘지 못하는 것이 보입니다.
GRADIENT_HEIGHTS, GRADIENT_TICKS = (-0.08, 1.12), (0, 0.25, 0.5, 1)
WIDTH, HEIGHT = 820, 330
LEFTS, TOP, BOX = (56, 466), 40, (330, 220)  # 두 축의 자리와 크기
REACH = 6.0
EDGES = (-REACH - 0.2, REACH + 0.2)  # 가로축의 양 끝
TANGENT = 0.9  # 접선의 반 너비. 이보다 길면 축 밖으로 나갑니다.
FLAT = 0.05  # 기울기가 이보다 작으면 포화라고 부릅니다.


def value_and_gradient(name, x):
    """활성 함수 `name`의 값과, 자동 미분으로 구한 기울기입니다. ReLU의 0에서는 0입니다."""
    x = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    value = FUNCTIONS[name](x)
    value.sum().backward()
    return value.detach().numpy(), x.grad.numpy()


def scientific(value):
    """아주 작은 수는 10의 거듭제곱으로 적은 HTML입니다."""
    if value == 0 or abs(value) >= 0.001:
        return f"{value:.3g}".replace("-", "−")
    digits, power = f"{value:.1e}".split("e")
    return f"{digits} × 10<sup>{int(power)}</sup>".replace("-", "−")


def describe(name, x):
    """값, 기울기, 10층을 지난 기울기, 포화인지를 적은 글입니다."""
    value, slope = value_and_gradient(name, x)
    if slope == 0:
        state = "<b>포화</b>: 기울기가 0이라 아무것도 배우지 못합니다"
    elif slope < FLAT:
        state = f"<b>포화</b>: 기울기가 {FLAT}보다 작습니다"
    else:
        state = "포화가 아닙니다"
    return " &nbsp;·&nbsp; ".join([
        f"f({scientific(x)}) = <b>{scientific(value)}</b>",
        f"f′({scientific(x)}) = <b>{scientific(slope)}</b>",
        f"기울기가 10층을 지나면 f′(x)<sup>10</sup> = <b>{scientific(slope**10)}</b>배 "
        "(가중치의 기여는 빼고)",
        state,
    ])  # fmt: skip


def draw_curves(name):
    """x와 상관없는 것: 함수와 기울기의 곡선, 축, 포화인 구간의 회색 바탕을 그린 Figure입니다."""
    figure = blank(WIDTH, HEIGHT)
    grid = np.linspace(-REACH, REACH, 241)  # 0.05마다 점이 있어 ReLU의 꺾인 곳을 지납니다.
    fine = np.linspace(-REACH, REACH, 1201)
    flat = fine[value_and_gradient(name, fine)[1] < FLAT]
    values, slopes = value_and_gradient(name, grid)
    sides = (
        (LEFTS[0], f"{name}: f(x)와 접선", values, HEIGHTS[name], TICKS[name]),
        (LEFTS[1], "기울기 f′(x)", slopes, GRADIENT_HEIGHTS, GRADIENT_TICKS),
    )
    for left, title, curve, heights, ticks in sides:
        axes = add_axes(figure, left, TOP, *BOX, xlim=EDGES, ylim=heights)
        axes.set(xticks=(-6, -3, 0, 3, 6), yticks=ticks)
        axes.yaxis.set_major_formatter("{x:g}")
        for part in (flat[flat <= 0], flat[flat > 0]):
            if part.size:
                axes.axvspan(part[0], part[-1], color="#DDDDDD", lw=0)
        axes.axhline(0, color="#888888", lw=0.8)
        axes.plot(grid, curve, color=OKABE_ITO["blue"])
        caption(figure, title, left, 10, fontsize=14)
    caption(figure, f"회색 바탕: 기울기가 {FLAT}보다 작은 곳(포화)", LEFTS[0], HEIGHT - 28)
    return figure


def draw_activation(name, x, background):
    """`background`(`draw_curves`의 픽셀) 위에 x의 점과 접선을 그린 Figure입니다.

    축을 그리는 데 드는 시간이 대부분이라, 이름을 바꿀 때에만 바탕을 새로 그립니다.
    """
    figure = blank(WIDTH, HEIGHT)
    paste(figure, background, 0, 0)
    value, slope = value_and_gradient(name, x)
    near = np.clip([x - TANGENT, x + TANGENT], *EDGES)
    style = {"color": OKABE_ITO["vermillion"], "clip_on": False}
    sides = ((LEFTS[0], value, HEIGHTS[name]), (LEFTS[1], slope, GRADIENT_HEIGHTS))
    for left, height, heights in sides:
        axes = add_axes(figure, left, TOP, *BOX, xlim=EDGES, ylim=heights)
        axes.set_axis_off()
        if left == LEFTS[0]:
            axes.plot(near, value + slope * (near - x), lw=1.6, **style)
        axes.plot([x, x], [0, height], ":", lw=1.2, **style)
        axes.plot(x, height, "o", ms=9, **style)
    return figure


def activation_explorer():
    """활성 함수와 x를 골라 값과 기울기, 포화를 보는 `Panel`입니다."""
    controls = {
        "name": choice("활성 함수", FUNCTIONS),
        # 0에서 시작하면 ReLU의 점이 꺾인 곳에 놓여 기울기가 보이지 않습니다.
        "x": slider("x", -REACH, REACH, value=1.0, step=0.1, width="420px"),
    }
    background = cache(lambda name: to_pixels(draw_curves(name)))
    return Panel(
        "활성 함수와 기울기",
        controls,
        lambda name, x: (describe(name, x), draw_activation(name, x, background(name))),
        alt="왼쪽은 활성 함수와 고른 x의 접선, 오른쪽은 그 기울기. 포화인 구간에 회색 바탕",
        rows=[row(*controls.values())],
    )
