"""AlexNet의 224, 227, 55, 56: 출력 크기를 바꿔 가며 오른쪽 끝에서 무슨 일이 생기는지 봅니다."""

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from course_utils.anatomy import output_size
from course_utils.plotting import OKABE_ITO
from course_utils.widgets.panel import Panel, button, choice, row, slider
from course_utils.widgets.pictures import add_axes, blank, caption, enlarge, number_grid, paste

FLOOR, CEIL = "내림", "올림"
# Krizhevsky 2012, §3.5와 Fig. 2. 크기는 conv1, pool1, pool2, pool5의 순서입니다.
PAPER_SIZES = {"conv1": 55, "pool1": 27, "pool2": 13, "pool5": 6}
# 이름 → (입력, 커널, 스트라이드, 패딩, 나누어떨어지지 않을 때의 규칙)
PRESETS = {
    "논문의 글 (224, 내림)": (224, 11, 4, 0, FLOOR),
    "2012년 코드 (224, 올림)": (224, 11, 4, 0, CEIL),
    "Caffe (227)": (227, 11, 4, 0, FLOOR),
    "torchvision (224, 패딩 2)": (224, 11, 4, 2, FLOOR),
    "흔한 실수 (227, 패딩 2)": (227, 11, 4, 2, FLOOR),
}
WIDTH, HEIGHT = 960, 340
NUM_PIXELS, NUM_WINDOWS = 22, 3  # 보이는 이미지의 마지막 픽셀과 마지막 창의 수
CELL = 28
STRIP_LEFT, STRIP_TOP = 32, 134
EDGE = STRIP_LEFT + NUM_PIXELS * CELL  # 이미지의 오른쪽 끝이 놓이는 자리. 늘 같습니다.
PIXEL_COLOR, PADDING_COLOR, UNREAD_COLOR = "#DCEEF9", "#C4C4C4", OKABE_ITO["orange"]
CELL_LINE = {"edgecolor": "#777777", "lw": 0.8}
OUTSIDE = {"facecolor": "white", "edgecolor": OKABE_ITO["vermillion"], "lw": 1.6, "ls": (0, (2, 2))}


def windows(size, kernel, stride, padding, rounding):
    """`(창의 수, 마지막 창의 오른쪽에 남은 칸의 수)`입니다.

    창의 수는 출력의 한 변입니다. 남은 칸에는 패딩도 세며, 창이 밖으로 나가면 음수입니다.
    올림은 2012년 코드의 `1 + ceil((2p + n − k) / s)`입니다. PyTorch 풀링의 올림은 오른쪽 패딩에서
    시작하는 마지막 창을 버리므로, 올리는 대신 그 창이 들어갈 만큼 오른쪽을 넓힙니다.
    """
    room = size + 2 * padding - kernel
    widened = -room % stride if rounding == CEIL and room >= 0 else 0
    count = output_size(size + widened, kernel, stride, padding)
    return count, room - (count - 1) * stride


def chain(*conv1):
    """conv1, pool1, pool2, pool5의 한 변입니다. 그 사이의 conv2-conv5는 크기를 바꾸지 않습니다."""
    sides = [windows(*conv1)[0]]
    for _ in range(3):
        sides.append(windows(sides[-1], 3, 2, 0, conv1[-1])[0])  # 풀링의 창은 3×3, 스트라이드는 2
    return dict(zip(PAPER_SIZES, sides, strict=True))


def flattened(sizes):
    """FC6으로 들어가는 값의 수를 적은 식입니다."""
    side = sizes["pool5"]
    return f"256×{side}×{side} = {256 * side * side:,}"


def formula(size, kernel, stride, padding, rounding):
    """출력 크기의 식에 수를 넣어 적습니다."""
    left, right = "⌈⌉" if rounding == CEIL else "⌊⌋"
    steps = f"{(size + 2 * padding - kernel) / stride:.2f}".rstrip("0").rstrip(".")
    return "  =  ".join([
        f"{left}(N + 2P − K) / S{right} + 1",
        f"{left}({size} + 2×{padding} − {kernel}) / {stride}{right} + 1",
        f"{left}{steps}{right} + 1",
        f"{windows(size, kernel, stride, padding, rounding)[0]}",
    ])  # fmt: skip


def edge_in_words(left_over, padding):
    """오른쪽 끝에서 생긴 일을 적은 짧은 글입니다. `left_over`는 `windows`의 둘째 값입니다."""
    if left_over < 0:
        return f"마지막 창이 밖으로 {-left_over}픽셀 나갑니다"
    if not left_over:
        return "남김없이 딱 맞습니다"
    if left_over <= padding:
        return f"패딩 {left_over}픽셀을 읽지 않습니다"
    included = f"(패딩 {padding} 포함)" if padding else ""
    return f"{left_over}픽셀{included}을 읽지 않습니다"


def verdict(size, kernel, stride, padding, rounding):
    """논문의 크기와 비교한 판정입니다. 아는 답을 찾지 않고 층마다 계산한 크기로 정합니다."""
    sizes = chain(size, kernel, stride, padding, rounding)
    conv1, pool1 = sizes["conv1"], sizes["pool1"]
    if sizes["pool5"] != PAPER_SIZES["pool5"]:
        text = (
            f"<b>FC6에서 오류가 납니다.</b> FC6은 {flattened(PAPER_SIZES)}개를 기다리는데 "
            f"{flattened(sizes)}개가 옵니다."
        )
    elif conv1 == PAPER_SIZES["conv1"]:
        text = "<b>맞습니다.</b> conv1은 55×55, 마지막은 6×6입니다."
    else:
        hidden = "pool1부터는 논문과 같은 27×27이라 알아채기 어렵습니다."
        seen = f"pool1도 27×27이 아니라 {pool1}×{pool1}입니다."
        text = (
            "<b>맞아 보이지만 틀립니다.</b> 마지막이 6×6이라 오류 없이 실행되지만, conv1은 "
            f"55×55가 아니라 {conv1}×{conv1}입니다. "
        ) + (hidden if pool1 == PAPER_SIZES["pool1"] else seen)
    _, left_over = windows(size, kernel, stride, padding, rounding)
    text += f" 오른쪽 끝: {edge_in_words(left_over, padding)}."
    if stride > kernel:
        text += f" 창과 창 사이에서도 {stride - kernel}픽셀씩 건너뜁니다."
    if (kernel, stride) != (11, 4):
        text += " 다만 논문의 커널은 11×11, 스트라이드는 4입니다."
    return text


def draw_sizes(size, kernel, stride, padding, rounding):
    """식, 오른쪽 끝의 창들, 풀링까지 이어지는 크기를 그린 Figure입니다."""
    figure = blank(WIDTH, HEIGHT)
    # 왼쪽 위가 (0, 0)인 픽셀 자리를 그대로 쓰는, 눈금 없는 Axes입니다.
    axes = add_axes(figure, 0, 0, WIDTH, HEIGHT, xlim=(0, WIDTH), ylim=(HEIGHT, 0))
    axes.set_axis_off()
    values = size, kernel, stride, padding, rounding
    caption(figure, formula(*values), WIDTH / 2, 10, ha="center", fontsize=15)
    draw_strip(axes, *values)
    draw_chain(axes, chain(*values), rounding)
    return figure


def draw_strip(axes, size, kernel, stride, padding, rounding):
    """이미지의 오른쪽 끝 한 줄과, 그 위의 마지막 창들을 그립니다."""
    count, left_over = windows(size, kernel, stride, padding, rounding)
    places = np.arange(size - NUM_PIXELS, size + padding + max(-left_over, 0))
    nearest = np.minimum((places + padding) // stride, count - 1)  # 칸에 닿을 수 있는 마지막 창
    is_read = places + padding - nearest * stride < kernel
    paste(axes.figure, strip_pixels(places, is_read, size, padding), STRIP_LEFT, STRIP_TOP)
    for outside in range(padding, padding - left_over):
        draw_box(axes, EDGE + outside * CELL, STRIP_TOP, CELL, CELL, **OUTSIDE)
    draw_windows(axes, count, kernel, stride, EDGE + (padding - left_over) * CELL)
    axes.plot([EDGE, EDGE], [STRIP_TOP - 8, STRIP_TOP + CELL + 26], color="black", lw=2.5)
    under = STRIP_TOP + CELL + 7
    caption(axes.figure, "이미지의 끝", EDGE - 8, under, ha="right")
    style = {"color": OKABE_ITO["vermillion" if left_over else "blue"], "weight": "bold"}
    caption(axes.figure, edge_in_words(left_over, padding), EDGE + 8, under, fontsize=13, **style)
    legend = {
        "패딩": {"facecolor": PADDING_COLOR} | CELL_LINE,
        "읽지 않음": {"facecolor": UNREAD_COLOR} | CELL_LINE,
        "이미지와 패딩의 밖": OUTSIDE,
    }
    left = STRIP_LEFT
    for name, style in legend.items():
        draw_box(axes, left, under + 2, 14, 14, **style)
        caption(axes.figure, name, left + 21, under)
        left += 44 + 14 * len(name)


def strip_pixels(places, is_read, size, padding):
    """`places`의 칸들입니다. 픽셀에는 1부터 센 번호, 패딩에는 0을 적고 밖은 비웁니다."""
    inside, filled = places < size, places < size + padding
    labels = [str(place + 1) if place < size else "0" for place in places]
    cells = {"cell": CELL, "low": 0, "high": 255, "filled": filled[None], "size": 13}
    pixels = number_grid(np.full((1, len(places)), 255), labels=[labels], **cells)
    colors = np.where(inside[:, None], to_rgb(PIXEL_COLOR), to_rgb(PADDING_COLOR))
    colors[~is_read] = to_rgb(UNREAD_COLOR)
    colors[~filled] = 1
    # 흰 칸에 색을 곱하면 검은 글씨와 회색 선은 그대로 남습니다.
    return (pixels * enlarge(colors[None], CELL)).astype(np.uint8)


def draw_windows(axes, count, kernel, stride, end):
    """`end`에서 끝나는 마지막 창과 그 앞의 창들의 괄호입니다. 마지막 창이 가장 굵습니다."""
    for level in range(min(NUM_WINDOWS, count)):
        right = end - level * stride * CELL
        start = right - kernel * CELL
        left, y = max(start, STRIP_LEFT), STRIP_TOP - 20 - 26 * level
        if right <= left:
            return
        last = level == 0
        name = f"{count - level}번째 창" + ("(마지막)" if last else "")
        color, width = (OKABE_ITO["blue"], 3) if last else ("#666666", 1.6)
        axes.plot([left + 1, right - 1], [y, y], color=color, lw=width, solid_capstyle="butt")
        ticks = [right - 1] if start < STRIP_LEFT else [left + 1, right - 1]
        axes.vlines(ticks, y, STRIP_TOP - 2, color=color, lw=width if last else 0.8)
        if right - left > 13 * len(name) + 30:
            x, align = (left + right) / 2, "center"
        else:  # 이름이 괄호보다 길면 옆에 적습니다.
            x, align = (right + 6, "left") if left < STRIP_LEFT + 150 else (left - 6, "right")
        axes.text(x, y, name, ha=align, va="center", fontsize=12, color=color,
                  weight="bold" if last else "normal",
                  bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5})  # fmt: skip


def draw_chain(axes, sizes, rounding):
    """층별 한 변을 논문의 값 위에 놓고, 같은지 다른지 적습니다."""
    columns = [(name, f"{side}×{side}", f"{PAPER_SIZES[name]}×{PAPER_SIZES[name]}", 104)
               for name, side in sizes.items()]  # fmt: skip
    columns.append(("FC6의 입력", flattened(sizes), flattened(PAPER_SIZES), 262))
    figure, left, top = axes.figure, 118, 232
    for name, y in (("이 계산", top + 20), ("논문", top + 78)):
        caption(figure, name, STRIP_LEFT, y, va="center", fontsize=13, weight="bold")
    title = {"va": "center", "fontsize": 11, "color": "#444444"}
    caption(figure, f"풀링 3/2, {rounding}", STRIP_LEFT, top - 16, **title)
    for name, ours, theirs, width in columns:
        same, middle = ours == theirs, left + width / 2
        bold = {"weight": "bold", "color": OKABE_ITO["blue" if same else "vermillion"]}
        line = {"edgecolor": bold["color"], "lw": 2 if same else 3.5}
        draw_box(axes, left, top, width, 40, facecolor="white", **line)
        texts = [
            (name, -16, {"fontsize": 13}),
            (ours, 20, {"fontsize": 15} | bold),
            ("=" if same else "≠", 53, {"fontsize": 17} | bold),
            (theirs, 78, {"fontsize": 14}),
        ]
        for text, down, style in texts:
            caption(figure, text, middle, top + down, ha="center", va="center", **style)
        if left > 118:
            caption(figure, "→", left - 17, top + 20, ha="center", va="center", fontsize=16)
        left += width + 34


def draw_box(axes, left, top, width, height, **style):
    axes.add_artist(Rectangle((left, top), width, height, **style))


def size_calculator():
    """conv1의 크기를 정하는 다섯 가지를 바꾸며 AlexNet의 55를 찾는 `Panel`입니다.

    처음 값은 논문의 글을 그대로 읽은 것입니다: 224×224, 11×11, 스트라이드 4 (§3.5).
    """
    controls = {
        "size": slider("입력", 220, 230, value=224, width="260px"),
        "kernel": slider("커널", 1, 15, value=11, width="260px"),
        "stride": slider("스트라이드", 1, 6, value=4, width="260px"),
        "padding": slider("패딩", 0, 5, value=0, width="260px"),
        "rounding": choice("나누어떨어지지 않으면", [FLOOR, CEIL]),
    }

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
        "conv1에서 pool5와 FC6까지의 크기를 논문과 비교한 표",
        rows=[row(*buttons), row(*sliders[:3]), row(*sliders[3:])],
    )
    return panel
