"""AlexNet의 224, 227, 55, 56: 출력 크기를 바꿔 가며 오른쪽 끝에서 무슨 일이 생기는지 봅니다."""

from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from matplotlib.patches import Rectangle

from course_utils.anatomy import output_size
from course_utils.plotting import OKABE_ITO
from course_utils.widgets.panel import Panel, button, choice, row, slider
from course_utils.widgets.pictures import (
    add_axes,
    blank,
    caption,
    enlarge,
    number_grid,
    paste,
)

FLOOR, CEIL = "내림", "올림"
# Krizhevsky 2012, §3.5와 Fig. 2. 크기는 conv1, pool1, pool2, pool5의 차례입니다.
PAPER_SIZES = {"conv1": 55, "pool1": 27, "pool2": 13, "pool5": 6}
PAPER_KERNEL, PAPER_STRIDE = 11, 4
POOL_KERNEL, POOL_STRIDE = 3, 2
LAST_CHANNELS = 256
# 이름 → (입력, 커널, 스트라이드, 패딩, 나누어떨어지지 않을 때의 규칙)
PRESETS = {
    "논문의 글 (224, 내림)": (224, 11, 4, 0, FLOOR),
    "2012년 코드 (224, 올림)": (224, 11, 4, 0, CEIL),
    "Caffe (227)": (227, 11, 4, 0, FLOOR),
    "torchvision (224, 패딩 2)": (224, 11, 4, 2, FLOOR),
    "흔한 실수 (227, 패딩 2)": (227, 11, 4, 2, FLOOR),
}
WIDTH, HEIGHT = 960, 340
NUM_PIXELS = 22  # 끝에서부터 보이는 이미지의 픽셀 수
NUM_WINDOWS = 3
CELL = 28
STRIP_TOP = 134
STRIP_LEFT = 32
EDGE = STRIP_LEFT + NUM_PIXELS * CELL  # 이미지의 오른쪽 끝이 놓이는 자리. 늘 같습니다.
PIXEL_COLOR, PADDING_COLOR, UNREAD_COLOR = "#DCEEF9", "#C4C4C4", OKABE_ITO["orange"]
CELL_LINE = {"edgecolor": "#777777", "lw": 0.8}
OUTSIDE = {"facecolor": "white", "edgecolor": OKABE_ITO["vermillion"], "lw": 1.6, "ls": (0, (2, 2))}


@dataclass(frozen=True)
class Windows:
    """한 줄 위를 지나간 창들입니다. 자리는 이미지의 첫 픽셀을 0으로 세고, 패딩은 음수입니다.

    Attributes:
        count: 창의 수. 출력의 한 변입니다.
        end: 마지막 창이 끝나는 자리(그 자리는 들어가지 않음).
        unread, unread_padding: 마지막 창의 오른쪽에 남은 칸과, 그 가운데 패딩의 수.
        overhang: 마지막 창이 이미지와 패딩 밖으로 나간 칸의 수.
        skipped: 이웃한 두 창 사이에 남은 칸의 수. 스트라이드가 커널보다 클 때 생깁니다.
    """

    count: int
    end: int
    unread: int
    unread_padding: int
    overhang: int
    skipped: int


def count_windows(size, kernel, stride, padding, rounding):
    """창의 수입니다. 올림은 2012년 코드의 `1 + ceil((2p + n − k) / s)`를 따릅니다.

    PyTorch 풀링의 올림(`output_size(ceil=True)`)은 오른쪽 패딩에서 시작하는 마지막 창을 버려서,
    커널이 `패딩 + 스트라이드`보다 작으면 2012년 코드와 다를 수 있습니다. 그래서 올림 대신
    마지막 창이 들어갈 만큼 오른쪽을 넓혀서 내림합니다.
    """
    room = size + 2 * padding - kernel
    widened = -room % stride if rounding == CEIL and room >= 0 else 0
    return output_size(size + widened, kernel, stride, padding)


def windows(size, kernel, stride, padding, rounding):
    """창이 몇 개 들어가고 오른쪽 끝에서 남는지, 맞는지, 나가는지 셉니다."""
    count = count_windows(size, kernel, stride, padding, rounding)
    end = (count - 1) * stride + kernel - padding
    unread = max(size + padding - end, 0)
    return Windows(
        count=count,
        end=end,
        unread=unread,
        unread_padding=min(unread, padding),
        overhang=max(end - size - padding, 0),
        skipped=max(stride - kernel, 0),
    )


def chain(size, kernel, stride, padding, rounding):
    """conv1, pool1, pool2, pool5의 한 변입니다. 그 사이의 conv2-conv5는 크기를 바꾸지 않습니다."""
    conv1 = count_windows(size, kernel, stride, padding, rounding)
    pools = [(POOL_KERNEL, POOL_STRIDE, 0, rounding)] * 3
    sizes = accumulate(pools, lambda side, pool: count_windows(side, *pool), initial=conv1)
    return dict(zip(PAPER_SIZES, sizes, strict=True))


def flattened(side):
    """pool5의 한 변이 `side`일 때 FC6으로 들어가는 값의 수를 적은 식입니다."""
    return f"{LAST_CHANNELS}×{side}×{side} = {LAST_CHANNELS * side * side:,}"


def formula(size, kernel, stride, padding, rounding):
    """출력 크기의 식에 수를 넣어 적습니다."""
    left, right = "⌈⌉" if rounding == CEIL else "⌊⌋"
    steps = f"{(size + 2 * padding - kernel) / stride:.2f}".rstrip("0").rstrip(".")
    return "  =  ".join([
        f"{left}(N + 2P − K) / S{right} + 1",
        f"{left}({size} + 2×{padding} − {kernel}) / {stride}{right} + 1",
        f"{left}{steps}{right} + 1",
        f"{count_windows(size, kernel, stride, padding, rounding)}",
    ])  # fmt: skip


def edge_in_words(fit):
    """오른쪽 끝에서 생긴 일을 적은 짧은 글입니다."""
    if fit.overhang:
        return f"마지막 창이 밖으로 {fit.overhang}픽셀 나갑니다"
    if not fit.unread:
        return "남김없이 딱 맞습니다"
    if fit.unread == fit.unread_padding:
        return f"패딩 {fit.unread}픽셀을 읽지 않습니다"
    included = f"(패딩 {fit.unread_padding} 포함)" if fit.unread_padding else ""
    return f"{fit.unread}픽셀{included}을 읽지 않습니다"


def verdict(size, kernel, stride, padding, rounding):
    """논문의 크기와 견준 판정입니다. 아는 답을 찾지 않고 층마다 계산한 크기로 정합니다."""
    try:
        sizes = chain(size, kernel, stride, padding, rounding)
    except ValueError as error:
        return f"<b>계산할 수 없습니다.</b> {error}"
    fit = windows(size, kernel, stride, padding, rounding)
    sentences = [*_judgement(sizes), f"오른쪽 끝: {edge_in_words(fit)}."]
    if fit.skipped:
        sentences.append(f"창과 창 사이에서도 {fit.skipped}픽셀씩 건너뜁니다.")
    if (kernel, stride) != (PAPER_KERNEL, PAPER_STRIDE):
        sentences.append(
            f"다만 논문의 커널은 {PAPER_KERNEL}×{PAPER_KERNEL}, 스트라이드는 {PAPER_STRIDE}입니다."
        )
    return " ".join(sentences)


def _judgement(sizes):
    conv1, pool1, end = sizes["conv1"], sizes["pool1"], sizes["pool5"]
    if end != PAPER_SIZES["pool5"]:
        expected = flattened(PAPER_SIZES["pool5"])
        yield f"<b>FC6에서 오류가 납니다.</b> FC6은 {expected}개를 기다리는데"
        yield f"{flattened(end)}개가 옵니다."
    elif conv1 != PAPER_SIZES["conv1"]:
        yield "<b>맞아 보이지만 틀립니다.</b> 마지막이 6×6이라 오류 없이 실행되지만, conv1은"
        yield f"55×55가 아니라 {conv1}×{conv1}입니다."
        if pool1 == PAPER_SIZES["pool1"]:
            yield "pool1부터는 논문과 같은 27×27이라 알아채기 어렵습니다."
        else:
            yield f"pool1도 27×27이 아니라 {pool1}×{pool1}입니다."
    else:
        yield "<b>맞습니다.</b> conv1은 55×55, 마지막은 6×6입니다."


def draw_sizes(size, kernel, stride, padding, rounding):
    """식, 오른쪽 끝의 창들, 풀링까지 이어지는 크기를 그린 Figure입니다."""
    figure = blank(WIDTH, HEIGHT)
    place = {"left": WIDTH / 2, "top": 10, "ha": "center", "fontsize": 15}
    try:
        sizes = chain(size, kernel, stride, padding, rounding)
    except ValueError:
        text = f"입력 {size}, 패딩 {padding}에는 커널 {kernel}이나 뒤의 풀링이 들어가지 않습니다."
        caption(figure, text, **place, color=OKABE_ITO["vermillion"])
        return figure
    fit = windows(size, kernel, stride, padding, rounding)
    # 왼쪽 위가 (0, 0)인 픽셀 자리를 그대로 쓰는, 눈금 없는 Axes입니다.
    axes = add_axes(figure, 0, 0, WIDTH, HEIGHT, xlim=(0, WIDTH), ylim=(HEIGHT, 0))
    axes.set_axis_off()
    caption(figure, formula(size, kernel, stride, padding, rounding), **place)
    draw_strip(axes, fit, size, kernel, stride, padding, note=edge_in_words(fit))
    ends = [flattened(side["pool5"]) for side in (sizes, PAPER_SIZES)]
    pooling = f"풀링 {POOL_KERNEL}/{POOL_STRIDE}, {rounding}"
    draw_chain(axes, sizes, PAPER_SIZES, ends, title=pooling)
    return figure


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


def size_calculator(*, size=224, kernel=11, stride=4, padding=0, rounding=FLOOR):
    """conv1의 크기를 정하는 다섯 가지를 바꾸며 AlexNet의 55를 찾는 `Panel`입니다.

    처음 값은 논문의 글을 그대로 읽은 것입니다: 224×224, 11×11, 스트라이드 4 (§3.5).
    """
    controls = {
        "size": slider("입력", 220, 230, value=size, width="260px"),
        "kernel": slider("커널", 1, 15, value=kernel, width="260px"),
        "stride": slider("스트라이드", 1, 6, value=stride, width="260px"),
        "padding": slider("패딩", 0, 5, value=padding, width="260px"),
        "rounding": choice("나누어떨어지지 않으면", [FLOOR, CEIL]),
    }
    controls["rounding"].value = rounding

    def load(values):
        with panel.together():
            for control, value in zip(controls.values(), values, strict=True):
                control.value = value

    buttons = [button(name, lambda v=values: load(v)) for name, values in PRESETS.items()]
    sliders = list(controls.values())
    panel = Panel(
        "출력 크기 계산기",
        controls,
        lambda **values: (verdict(**values), draw_sizes(**values)),
        alt="출력 크기의 식, 이미지 오른쪽 끝의 픽셀과 마지막 세 창, "
        "conv1에서 pool5와 FC6까지의 크기를 논문과 견준 표",
        rows=[row(*buttons), row(*sliders[:3]), row(*sliders[3:])],
    )
    return panel
