"""합성곱을 한 칸씩 밟아 봅니다: 사진 조각 위를 커널이 지나가고, 곱과 합이 식으로 적힙니다."""

from functools import partial

import numpy as np
import torch
from torch.nn import functional as F

from course_utils.anatomy import output_size
from course_utils.plotting import OKABE_ITO
from course_utils.widgets.panel import Panel, button, choice, row, slider
from course_utils.widgets.pictures import blank, caption, number, number_grid, outline, paste, shade

# 이름 → (정수 커널, 나누는 수). 정수로 적어야 곱과 합을 눈으로 따라갈 수 있습니다.
KERNELS = {
    "세로 에지": (((-1, 0, 1), (-1, 0, 1), (-1, 0, 1)), 1),
    "가로 에지": (((-1, -1, -1), (0, 0, 0), (1, 1, 1)), 1),
    "흐리게": (((1, 1, 1), (1, 1, 1), (1, 1, 1)), 9),
    "선명하게": (((0, -1, 0), (-1, 5, -1), (0, -1, 0)), 1),
}
PATCH = (60, 130, 160)  # 사진에서 조각의 위, 왼쪽, 한 변(픽셀): 하늘을 등진 머리
PATCH_SIZE = 10
WIDTH, HEIGHT = 960, 452
CELL, SMALL_CELL = 28, 38


def photo_patch(photo, top, left, side):
    """사진의 정사각형 조각을 10×10칸의 평균 밝기(0-255 정수)로 줄입니다."""
    step = side // PATCH_SIZE
    piece = photo[top : top + side, left : left + side].astype(np.float32)
    blocks = piece.reshape(PATCH_SIZE, step, PATCH_SIZE, step).mean(axis=(1, 3))
    return blocks.round().astype(int)


def draw_step(patch, photo, *, kernel, stride, padding, position):
    """합성곱 한 칸을 그리고, 읽어 줄 글과 함께 돌려줍니다."""
    weights, divisor = (np.array(part) for part in KERNELS[kernel])
    tensors = (torch.tensor(part[None, None], dtype=torch.float64) for part in (patch, weights))
    output = F.conv2d(*tensors, stride=stride, padding=padding)[0, 0].numpy() / divisor
    padded = np.pad(patch, padding)
    rows, columns = output.shape
    position = min(position, output.size - 1)
    at = divmod(position, columns)
    top, left = at[0] * stride, at[1] * stride
    window = padded[top : top + len(weights), left : left + len(weights)]  # 커널을 뒤집지 않습니다.

    figure = blank(WIDTH, HEIGHT)
    _draw_input(figure, padded, padding, top, left)
    _draw_products(figure, window, weights, divisor)
    _draw_output(figure, output, position)
    _draw_photo(figure, photo)
    terms, result = sum_in_words(window, weights, divisor)
    caption(figure, f"{terms} = {result}", WIDTH / 2, 384, ha="center", fontsize=11.5)
    formula = size_formula(len(patch), len(weights), stride, padding)
    caption(figure, f"출력 크기: {formula}", WIDTH / 2, 416, ha="center", fontsize=13)
    text = (
        f"출력 {at[0] + 1}행 {at[1] + 1}열 = <b>{number(output[at])}</b>"
        f" &nbsp;·&nbsp; 출력 크기 <b>{rows}×{columns}</b>"
        f" &nbsp;·&nbsp; {position + 1} / {output.size}번째 자리"
    )
    return text, figure


def sum_in_words(window, weights, divisor):
    """곱의 합을 적은 식과 결과입니다. 예: `("12×(–1) + 45×0", "–12")`."""
    pairs = list(zip(window.flat, weights.flat, strict=True))
    result = number((window * weights).sum() / divisor)
    if divisor != 1:
        return f"({' + '.join(str(value) for value, _ in pairs)}) ÷ {divisor}", result
    terms = [f"{v}×({number(w)})" if w < 0 else f"{v}×{number(w)}" for v, w in pairs]
    return " + ".join(terms), result


def size_formula(size, kernel, stride, padding):
    """출력 크기의 식에 수를 넣어 적습니다."""
    result = output_size(size, kernel, stride, padding)
    numbers = f"⌊({size} + 2×{padding} − {kernel}) / {stride}⌋ + 1"
    return f"⌊(N + 2P − K) / S⌋ + 1  =  {numbers}  =  {result}"


def _draw_input(figure, padded, padding, top, left):
    pixels = number_grid(padded, cell=CELL, low=0, high=255)
    border = np.ones(pixels.shape[:2], dtype=bool)
    inner = slice(padding * CELL, len(pixels) - padding * CELL)
    border[inner, inner] = False
    pixels[border & (pixels[..., 0] < 60)] = (38, 70, 96)  # 사진의 검정과 패딩의 0을 구별합니다.
    outline(pixels, top, left, cell=CELL, rows=3, columns=3, color=OKABE_ITO["vermillion"])
    corner = 16 + CELL * (1 - padding)
    paste(figure, pixels, corner, 18 + corner)
    note = " + 둘레의 패딩 0" if padding else ""
    caption(figure, f"입력 {PATCH_SIZE}×{PATCH_SIZE}{note}", corner, corner - 8)


def _draw_products(figure, window, weights, divisor):
    grids = [
        ("창 속의 값", window, (0, 255), 386, 34 + CELL),
        (f"커널 ÷ {divisor}" if divisor != 1 else "커널", weights, (-2, 2), 528, 34 + CELL),
        ("자리마다 곱", window * weights, (-510, 510), 386, 230),
    ]
    for title, values, (low, high), left, top in grids:
        paste(figure, number_grid(values, cell=SMALL_CELL, low=low, high=high, size=14), left, top)
        caption(figure, title, left, top - 26)
    caption(figure, "×", 514, 34 + CELL + 57, ha="center", va="center", fontsize=18)


def _draw_output(figure, output, position):
    rows, columns = output.shape
    filled = np.arange(output.size).reshape(output.shape) <= position
    labels = [[f"{round(value)}".replace("-", "–") for value in line] for line in output]
    low, high = min(0, output.min()), max(255, output.max())
    pixels = number_grid(output, cell=CELL, low=low, high=high, filled=filled, labels=labels)
    at = divmod(position, columns)
    outline(pixels, *at, cell=CELL, color=OKABE_ITO["vermillion"])
    paste(figure, pixels, 666, 34 + CELL)
    caption(figure, f"출력 {rows}×{columns}", 666, 36)


def _draw_photo(figure, photo):
    factor = len(photo) / 114
    index = (np.arange(114) * factor).astype(int)
    pixels = shade(photo[np.ix_(index, index)], low=0, high=255)
    top, left, side = (round(value / factor) for value in PATCH)
    part = pixels[top : top + side, left : left + side]
    outline(part, 0, 0, cell=side, color=OKABE_ITO["vermillion"], thickness=2)
    paste(figure, pixels, 528, 230)
    caption(figure, "사진에서의 자리", 528, 204)


def convolution_stepper():
    """커널, 스트라이드, 패딩, 위치를 바꾸며 합성곱 한 칸을 보는 `Panel`입니다."""
    from skimage.data import camera  # scikit-image에 든 사진(CC0). 네트워크를 쓰지 않습니다.

    photo = camera()
    patch = photo_patch(photo, *PATCH)
    controls = {
        "kernel": choice("커널", KERNELS),
        "stride": choice("스트라이드", [1, 2]),
        "padding": choice("패딩", [0, 1]),
        "position": slider("위치", 0, 63, value=0, width="420px"),
    }

    def limit(change):
        if change.new is None:  # 낡은 브라우저 탭이 선택을 지웠습니다.
            return
        size = output_size(PATCH_SIZE, 3, controls["stride"].value, controls["padding"].value)
        with panel.quiet():  # 스트라이드나 패딩이 바뀐 것을 panel도 보고 곧 그립니다.
            controls["position"].max = size * size - 1

    def move(step):
        position = controls["position"]
        position.value = min(max(position.value + step, 0), position.max)

    for name in ("stride", "padding"):
        controls[name].observe(limit, names="value")
    rows = [
        row(controls["kernel"], controls["stride"], controls["padding"]),
        row(
            controls["position"],
            button("◀ 이전", lambda: move(-1), tooltip="한 칸 앞으로"),
            button("다음 ▶", lambda: move(1), tooltip="한 칸 뒤로"),
        ),
    ]
    draw = partial(draw_step, patch, photo)
    panel = Panel(
        "합성곱 한 칸씩",
        controls,
        draw,
        alt="사진 조각 위의 3×3 창, 커널, 자리마다 곱한 값, 지금까지 채운 출력 맵과 합을 적은 식",
        rows=rows,
        # 멈춘 그림에서는 몇 줄이 채워진 뒤의 모습이 더 많은 것을 보여 줍니다.
        static=lambda **values: draw(**(values | {"position": 27}))[1],
    )
    return panel
