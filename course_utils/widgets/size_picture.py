"""출력 크기 계산기의 그림: 오른쪽 끝의 픽셀과 창, 층마다의 크기를 논문과 견준 칸들."""

import numpy as np
from matplotlib.patches import Rectangle

from course_utils.plotting import OKABE_ITO
from course_utils.widgets.pictures import add_axes, caption, enlarge, number_grid, paste, size_of

NUM_PIXELS = 22  # 끝에서부터 보이는 이미지의 픽셀 수
NUM_WINDOWS = 3
CELL = 28
STRIP_TOP = 134
STRIP_LEFT = 32
EDGE = STRIP_LEFT + NUM_PIXELS * CELL  # 이미지의 오른쪽 끝이 놓이는 자리. 늘 같습니다.
PIXEL_COLOR, PADDING_COLOR, UNREAD_COLOR = "#DCEEF9", "#C4C4C4", OKABE_ITO["orange"]
CELL_LINE = {"edgecolor": "#777777", "lw": 0.8}
OUTSIDE = {"facecolor": "white", "edgecolor": OKABE_ITO["vermillion"], "lw": 1.6, "ls": (0, (2, 2))}


def canvas(figure):
    """왼쪽 위가 (0, 0)인 픽셀 자리를 그대로 쓰는, 눈금 없는 Axes입니다."""
    width, height = size_of(figure)
    axes = add_axes(figure, 0, 0, width, height)
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    return axes


def draw_strip(axes, fit, size, kernel, stride, padding, *, note):
    """이미지의 오른쪽 끝 한 줄과, 그 위의 마지막 창들을 그립니다."""
    first, last = size - NUM_PIXELS, max(size + padding, fit.end)
    indices = [min((pixel + padding) // stride, fit.count - 1) for pixel in range(first, last)]
    is_read = [pixel + padding - index * stride < kernel
               for pixel, index in zip(range(first, last), indices, strict=True)]  # fmt: skip
    paste(axes.figure, strip_pixels(first, is_read, size, padding), STRIP_LEFT, STRIP_TOP)
    for pixel in range(size + padding, last):
        _box(axes, EDGE + (pixel - size) * CELL, STRIP_TOP, CELL, CELL, **OUTSIDE)
    for level in range(min(NUM_WINDOWS, fit.count)):
        _draw_window(axes, fit, size, kernel, stride, level)
    axes.plot([EDGE, EDGE], [STRIP_TOP - 8, STRIP_TOP + CELL + 26], color="black", lw=2.5)
    under = STRIP_TOP + CELL + 7
    caption(axes.figure, "이미지의 끝", EDGE - 8, under, ha="right")
    color = OKABE_ITO["vermillion" if fit.overhang or fit.unread else "blue"]
    caption(axes.figure, note, EDGE + 8, under, color=color, fontsize=13, weight="bold")
    _draw_legend(axes, STRIP_TOP + CELL + 8)


def strip_pixels(first, is_read, size, padding):
    """`first`번 픽셀부터의 칸들입니다. 픽셀은 1부터 센 번호, 패딩은 0을 적고 밖은 비웁니다."""
    positions = np.arange(first, first + len(is_read))
    inside, filled = positions < size, positions < size + padding
    labels = [str(pixel + 1) if pixel < size else "0" for pixel in positions]
    white = np.full((1, len(positions)), 255)
    cells = {"cell": CELL, "low": 0, "high": 255, "filled": filled[None], "size": 13}
    pixels = number_grid(white, labels=[labels], **cells)
    colors = np.where(inside[:, None], _rgb(PIXEL_COLOR), _rgb(PADDING_COLOR))
    colors[~np.array(is_read)] = _rgb(UNREAD_COLOR)
    colors[~filled] = 255
    # 흰 칸에 색을 곱하면 검은 글씨와 회색 선은 그대로 남습니다.
    return (pixels * (enlarge(colors[None], CELL) / 255)).astype(np.uint8)


def _draw_window(axes, fit, size, kernel, stride, level):
    """끝에서 `level`번째 창의 괄호입니다. 마지막 창이 줄에 가장 가깝고 굵습니다."""
    right = EDGE + (fit.end - level * stride - size) * CELL
    start = right - kernel * CELL
    left = max(start, STRIP_LEFT)
    if right <= left:
        return
    y, last = STRIP_TOP - 20 - 26 * level, level == 0
    style = {"color": OKABE_ITO["blue"] if last else "#666666", "lw": 3 if last else 1.6}
    axes.plot([left + 1, right - 1], [y, y], **style, solid_capstyle="butt")
    ticks = [right - 1] if start < STRIP_LEFT else [left + 1, right - 1]
    axes.vlines(ticks, y, STRIP_TOP - 2, color=style["color"], lw=style["lw"] if last else 0.8)
    name = f"{fit.count - level}번째 창" + ("(마지막)" if last else "")
    wide = right - left > 13 * len(name) + 30
    x, align = ((left + right) / 2, "center") if wide else (left - 6, "right")
    if not wide and left < STRIP_LEFT + 150:
        x, align = right + 6, "left"
    axes.text(x, y, name, ha=align, va="center", fontsize=12, color=style["color"],
              weight="bold" if last else "normal",
              bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5})  # fmt: skip


def _draw_legend(axes, top):
    entries = [
        ("패딩", {"facecolor": PADDING_COLOR} | CELL_LINE),
        ("읽지 않음", {"facecolor": UNREAD_COLOR} | CELL_LINE),
        ("이미지와 패딩의 밖", OUTSIDE),
    ]
    left = STRIP_LEFT
    for name, style in entries:
        _box(axes, left, top + 1, 14, 14, **style)
        caption(axes.figure, name, left + 21, top - 1)
        left += 44 + 14 * len(name)


def draw_chain(axes, sizes, paper, ends, *, title):
    """층마다의 한 변을 논문의 값 위에 놓고, 같은지 다른지 적습니다.

    Args:
        sizes, paper: 층 이름 → 한 변. 차례가 같아야 합니다.
        ends: FC6으로 들어가는 값의 수를 적은 글 두 개(계산, 논문).
    """
    columns = [(name, f"{sizes[name]}×{sizes[name]}", f"{paper[name]}×{paper[name]}")
               for name in sizes]  # fmt: skip
    columns.append(("FC6의 입력", *ends))
    left, top = 118, 232
    for name, y in (("이 계산", top + 20), ("논문", top + 78)):
        caption(axes.figure, name, STRIP_LEFT, y, va="center", fontsize=13, weight="bold")
    caption(axes.figure, title, STRIP_LEFT, top - 16, va="center", fontsize=11, color="#444444")
    for index, (name, ours, theirs) in enumerate(columns):
        width = 104 if index < len(sizes) else 262
        _draw_pair(axes, name, ours, theirs, left, top, width)
        left += width + 34
        if index < len(sizes):
            caption(axes.figure, "→", left - 17, top + 20, ha="center", va="center", fontsize=16)


def _draw_pair(axes, name, ours, theirs, left, top, width):
    same, middle = ours == theirs, left + width / 2
    color = OKABE_ITO["blue" if same else "vermillion"]
    _box(axes, left, top, width, 40, facecolor="white", edgecolor=color, lw=2 if same else 3.5)
    bold = {"weight": "bold", "color": color}
    texts = [
        (name, -16, {"fontsize": 13}),
        (ours, 20, {"fontsize": 15} | bold),
        ("=" if same else "≠", 53, {"fontsize": 17} | bold),
        (theirs, 78, {"fontsize": 14}),
    ]
    for text, down, style in texts:
        caption(axes.figure, text, middle, top + down, ha="center", va="center", **style)


def _box(axes, left, top, width, height, **style):
    axes.add_artist(Rectangle((left, top), width, height, **style))


def _rgb(color):
    return tuple(int(color[i : i + 2], 16) for i in (1, 3, 5))
