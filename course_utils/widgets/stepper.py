"""합성곱과 풀링을 한 칸씩 밟아 봅니다: 사진 조각 위를 창이 지나가고, 계산이 식으로 적힙니다."""

from functools import partial

import numpy as np
import torch
from torch.nn import functional as F

from course_utils.anatomy import output_size
from course_utils.plotting import OKABE_ITO
from course_utils.widgets.panel import Panel, button, choice, play_button, row, slider
from course_utils.widgets.pictures import blank, caption, number, number_grid, outline, paste, shade

# 이름 → (정수 커널, 나누는 수). 정수로 적어야 곱과 합을 눈으로 따라갈 수 있습니다.
KERNELS = {
    "세로 에지": (((-1, 0, 1), (-1, 0, 1), (-1, 0, 1)), 1),
    "가로 에지": (((-1, -1, -1), (0, 0, 0), (1, 1, 1)), 1),
    "흐리게": (((1, 1, 1), (1, 1, 1), (1, 1, 1)), 9),
    "선명하게": (((0, -1, 0), (-1, 5, -1), (0, -1, 0)), 1),
}
POOLINGS = {"최대": F.max_pool2d, "평균": F.avg_pool2d}
PATCH = (60, 80, 160)  # 사진에서 조각의 위, 왼쪽, 한 변(픽셀): 고른 하늘과 머리의 가장자리
PATCH_SIZE = 10
WIDTH, HEIGHT = 960, 452
CELL, SMALL_CELL = 28, 38
OUTPUT = (666, 34 + CELL)  # 출력 격자의 왼쪽과 위


def camera_patch():
    """scikit-image에 든 사진(CC0)과 그 조각입니다. 네트워크를 쓰지 않습니다."""
    from skimage.data import camera

    photo = camera()
    return photo, photo_patch(photo, *PATCH)


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
    position = min(position, output.size - 1)
    top, left = (stride * place for place in divmod(position, output.shape[1]))
    window = padded[top : top + len(weights), left : left + len(weights)]  # 커널을 뒤집지 않습니다.

    figure = blank(WIDTH, HEIGHT)
    _draw_input(figure, padded, padding, top, left, len(weights))
    _draw_products(figure, window, weights, divisor)
    _draw_output(figure, output, position)
    _draw_photo(figure, photo)
    terms, result = sum_in_words(window, weights, divisor)
    _write_formulas(figure, f"{terms} = {result}", len(patch), len(weights), stride, padding)
    return _place_in_words(output, position), figure


def draw_pooling(patch, photo, *, method, size, stride, position):
    """풀링 한 칸을 그리고, 읽어 줄 글과 함께 돌려줍니다."""
    maps = torch.tensor(patch[None], dtype=torch.float64)
    output = POOLINGS[method](maps, size, stride)[0].numpy()
    position = min(position, output.size - 1)
    top, left = (stride * place for place in divmod(position, output.shape[1]))
    window = patch[top : top + size, left : left + size]
    figure = blank(WIDTH, HEIGHT)
    _draw_input(figure, patch, 0, top, left, size)
    pixels = number_grid(window, cell=SMALL_CELL, low=0, high=255, size=14)
    if method == "최대":
        largest = np.unravel_index(window.argmax(), window.shape)
        outline(pixels, *largest, cell=SMALL_CELL, color=OKABE_ITO["vermillion"])
    paste(figure, pixels, 386, OUTPUT[1])
    caption(figure, "창 속의 값", 386, OUTPUT[1] - 26)
    _draw_output(figure, output, position)
    _draw_photo(figure, photo)
    values = [number(value) for value in window.flat]
    terms = (f"max({', '.join(values)})" if method == "최대"
             else f"({' + '.join(values)}) ÷ {window.size}")  # fmt: skip
    result = number(output.flat[position])
    _write_formulas(figure, f"{terms} = {result}", len(patch), size, stride, 0)
    return _place_in_words(output, position), figure


def _write_formulas(figure, terms, size, kernel, stride, padding):
    caption(figure, terms, WIDTH / 2, 384, ha="center", fontsize=11.5)
    formula = size_formula(size, kernel, stride, padding)
    caption(figure, f"출력 크기: {formula}", WIDTH / 2, 416, ha="center", fontsize=13)


def _place_in_words(output, position):
    (rows, columns), value = output.shape, number(output.flat[position])
    at = divmod(position, columns)
    return (
        f"출력 {at[0] + 1}행 {at[1] + 1}열 = <b>{value}</b>"
        f" &nbsp;·&nbsp; 출력 크기 <b>{rows}×{columns}</b>"
        f" &nbsp;·&nbsp; {position + 1} / {output.size}번째 자리"
    )


def sum_in_words(window, weights, divisor):
    """곱의 합을 적은 식과 결과입니다. 예: `("12×(−1) + 45×0", "−12")`."""
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


def _draw_input(figure, padded, padding, top, left, size):
    pixels = number_grid(padded, cell=CELL, low=0, high=255)
    border = np.ones(pixels.shape[:2], dtype=bool)
    inner = slice(padding * CELL, len(pixels) - padding * CELL)
    border[inner, inner] = False
    pixels[border & (pixels[..., 0] < 60)] = (38, 70, 96)  # 사진의 검정과 패딩의 0을 구별합니다.
    outline(pixels, top, left, cell=CELL, rows=size, columns=size, color=OKABE_ITO["vermillion"])
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
    labels = [[f"{round(value)}".replace("-", "−") for value in line] for line in output]
    low, high = min(0, output.min()), max(255, output.max())
    pixels = number_grid(output, cell=CELL, low=low, high=high, filled=filled, labels=labels)
    at = divmod(position, columns)
    outline(pixels, *at, cell=CELL, color=OKABE_ITO["vermillion"])
    paste(figure, pixels, *OUTPUT)
    caption(figure, f"출력 {rows}×{columns}", OUTPUT[0], 36)


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
    controls = {
        "kernel": choice("커널", KERNELS),
        "stride": choice("스트라이드", [1, 2]),
        "padding": choice("패딩", [0, 1]),
    }
    return _stepper(
        "합성곱 한 칸씩", controls, draw_step,
        lambda stride, padding, **_: output_size(PATCH_SIZE, 3, stride, padding),
        "사진 조각 위의 3×3 창, 커널, 자리마다 곱한 값, 지금까지 채운 출력 맵과 합을 적은 식",
    )  # fmt: skip


def pooling_stepper():
    """풀링의 종류, 창, 스트라이드, 위치를 바꾸며 풀링 한 칸을 보는 `Panel`입니다."""
    controls = {
        "method": choice("풀링", POOLINGS),
        "size": choice("창", [("2×2", 2), ("3×3", 3)]),
        "stride": choice("스트라이드", [2, 1]),
    }
    return _stepper(
        "풀링 한 칸씩", controls, draw_pooling,
        lambda size, stride, **_: output_size(PATCH_SIZE, size, stride),
        "사진 조각 위의 창, 창 속의 값, 지금까지 채운 출력 맵과 계산을 적은 식",
    )  # fmt: skip


def _stepper(name, controls, draw, side_of, alt):
    """위치를 슬라이더, 단추, 재생, 출력 칸을 누르기로 옮기는 `Panel`입니다."""
    photo, patch = camera_patch()
    draw = partial(draw, patch, photo)

    def side():
        return side_of(**{key: control.value for key, control in controls.items()})

    position = slider("위치", 0, side() ** 2 - 1, value=0, width="420px")

    def limit(change):
        if change.new is not None:  # 낡은 브라우저 탭은 선택을 지우기도 합니다.
            with panel.quiet():  # 바뀐 것을 panel도 보고 곧 그립니다.
                position.max = side() ** 2 - 1

    def move(step):
        position.value = min(max(position.value + step, 0), position.max)

    def jump(x, y):
        row, column = int((y - OUTPUT[1]) // CELL), int((x - OUTPUT[0]) // CELL)
        if 0 <= row < side() and 0 <= column < side():
            position.value = row * side() + column

    for control in controls.values():
        control.observe(limit, names="value")
    steps = row(
        position,
        button("◀ 이전", lambda: move(-1), tooltip="한 칸 앞으로"),
        button("다음 ▶", lambda: move(1), tooltip="한 칸 뒤로"),
        play_button(position),
    )
    panel = Panel(
        name, controls | {"position": position}, draw, alt=alt,
        rows=[row(*controls.values()), steps],
        # 멈춘 그림에서는 몇 줄이 채워진 뒤의 모습이 더 많은 것을 보여 줍니다.
        static=lambda **values: draw(**(values | {"position": position.max // 2}))[1],
    )  # fmt: skip
    panel.names.on_click(jump)
    return panel
