"""큰 커널 하나와 작은 커널 여럿을 나란히 놓고, 같은 넓이를 보는 데 드는 파라미터를 비교합니다."""

from matplotlib.collections import PatchCollection
from matplotlib.patches import Rectangle

from course_utils.plotting import OKABE_ITO
from course_utils.receptive_field import receptive_fields, stack_depth, stack_parameters
from course_utils.widgets.panel import Panel, choice, row, slider
from course_utils.widgets.pictures import add_axes, blank, caption

WIDTH, HEIGHT = 900, 320
LEFTS, TOP, BOX = (30, 470), 56, (400, 220)  # 두 그림의 자리와 크기
GAP = 0.12  # 칸 사이의 틈. 칸의 한 변은 1입니다.
SMALL_KERNELS = (3, 5)


def compare(kernel, small, channels):
    """`(쌓는 수, 쌓은 것이 보는 한 변, 큰 커널의 파라미터, 쌓은 것의 파라미터)`입니다."""
    depth = stack_depth(kernel, small)
    seen = receptive_fields([(small, 1)] * depth)[-1]
    one = stack_parameters(kernel, 1, channels=channels)
    return depth, seen, one, stack_parameters(small, depth, channels=channels)


def describe(kernel, small, channels):
    """두 가지를 비교한 글입니다."""
    depth, seen, one, many = compare(kernel, small, channels)
    if many < one:
        verdict = f"쌓은 쪽이 <b>{100 * (1 - many / one):.0f}% 적습니다</b>"
    else:
        verdict = "쌓은 쪽이 <b>적지 않습니다</b>"
    return (
        f"{kernel}×{kernel} 하나: 입력 {kernel}×{kernel}만큼 보고 파라미터 <b>{one:,}</b>개, "
        f"활성화 1번 &nbsp;·&nbsp; {small}×{small} {depth}개: 입력 {seen}×{seen}만큼 보고 파라미터 "
        f"<b>{many:,}</b>개, 활성화 {depth}번 &nbsp;·&nbsp; {verdict}"
    )


def draw_stacks(kernel, small, channels):
    """왼쪽은 큰 커널 하나, 오른쪽은 작은 커널을 쌓은 것의 단면을 그린 Figure입니다."""
    depth, across, *_ = compare(kernel, small, channels)
    figure = blank(WIDTH, HEIGHT)
    for left, side, layers in ((LEFTS[0], kernel, 1), (LEFTS[1], small, depth)):
        title = f"{side}×{side} {layers}개" if left == LEFTS[1] else f"{side}×{side} 하나"
        caption(figure, title, left, 14, fontsize=14)
        sizes = receptive_fields([(side, 1)] * layers)[::-1]  # 맨 위 한 칸이 줄마다 보는 칸의 수
        half = across / 2 + 0.5
        axes = add_axes(figure, left, TOP, *BOX, xlim=(-half, half), ylim=(-0.2, layers + 1.1))
        axes.axis("off")
        draw_pyramid(axes, sizes)
    caption(figure, "한 방향의 단면. 맨 아래가 입력, 맨 위 한 칸이 출력", LEFTS[0], HEIGHT - 30)
    return figure


def draw_pyramid(axes, sizes):
    """아래부터 칸의 수가 `sizes`인 줄들을 가운데를 맞추어 쌓고, 보는 범위를 선으로 잇습니다."""
    cells, colors = [], []
    for level, seen in enumerate(sizes):
        kind = "vermillion" if seen == 1 else "sky" if level else "blue"
        for i in range(seen):
            place = i - seen / 2 + GAP / 2, level + GAP
            cells.append(Rectangle(place, 1 - GAP, 1 - 2 * GAP))
            colors.append(OKABE_ITO[kind])
        if level:
            for side in (-0.5, 0.5):
                axes.plot([side * seen, side * sizes[level - 1]], [level + GAP, level - GAP],
                          color="#555555", lw=1)  # fmt: skip
    axes.add_collection(PatchCollection(cells, facecolors=colors, edgecolors="none"))


def kernel_stacks():
    """커널의 크기와 채널 수를 골라 비교하는 `Panel`입니다."""
    controls = {
        "kernel": slider("큰 커널", 3, 11, value=11, step=2),
        "small": choice("작은 커널", [(f"{size}×{size}", size) for size in SMALL_KERNELS]),
        "channels": slider("입력과 출력 채널", 16, 512, value=96, step=16),
    }
    return Panel(
        "큰 커널과 쌓은 커널",
        controls,
        lambda **values: (describe(**values), draw_stacks(**values)),
        alt="왼쪽은 큰 커널 하나, 오른쪽은 작은 커널을 쌓아 같은 입력을 보는 단면",
        rows=[row(*controls.values())],
    )
