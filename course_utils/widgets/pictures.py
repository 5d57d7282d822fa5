"""위젯 그림의 재료입니다. 글자가 많은 칸 그림은 matplotlib보다 빠른 Pillow로 그립니다."""

import io
from functools import lru_cache

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont
from matplotlib.ft2font import FT2Font
from matplotlib.patches import Rectangle
from PIL import Image, ImageColor, ImageDraw, ImageFont

from course_utils.plotting import FONT_FAMILY, OKABE_ITO, encode, to_png

__all__ = ["encode", "to_png"]  # 그림을 다루는 다른 함수들과 함께 쓰는 이름입니다.

DPI = 100
GRID_GRAY = 170
GAP_COLOR = (120, 170, 205)  # 흰 맵과 검은 맵 어느 쪽과도 구별되는 틈의 색


def blank(width, height):
    """크기를 픽셀로 정한 흰 그림입니다. pyplot을 거치지 않아 저절로 표시되거나 쌓이지 않습니다."""
    inches = ((width + 1e-6) / DPI, (height + 1e-6) / DPI)  # 3.7은 버림해 한 픽셀을 잃기도 합니다.
    return Figure(figsize=inches, dpi=DPI)


def to_pixels(figure):
    """Figure를 `(높이, 너비, 3)` uint8 배열로 바꿉니다."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.array(canvas.buffer_rgba())[..., :3]


def add_hint(png):
    """조작할 수 없는 곳에 남는 그림의 아래에, 실행하면 움직인다고 적습니다."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    hint = _write_lines(["▶ 노트북에서 이 셀을 실행하면 움직입니다"], _font(15)[0], "#666666", 1.2)
    sheet = Image.new("RGB", (picture.width, picture.height + len(hint) + 8), "white")
    sheet.paste(picture)
    text = Image.fromarray(hint)
    sheet.paste(text, (8, picture.height + 4), text)
    return encode(np.asarray(sheet))


def size_of(figure):
    """그림의 `(너비, 높이)` 픽셀 수입니다."""
    width, height = figure.get_size_inches() * figure.dpi
    return round(width), round(height)


class _Pixels(Artist):
    """배열을 다시 표본화하지 않고 찍습니다. `figimage`보다 몇 배 빠릅니다."""

    def __init__(self, pixels, left, bottom, zorder):
        super().__init__()
        self.set_zorder(zorder)
        opaque = pixels if pixels.shape[2] == 4 else np.insert(pixels, 3, 255, axis=2)
        self.pixels, self.corner = opaque[::-1], (left, bottom)  # 아래 줄부터 찍습니다.

    def draw(self, renderer):
        context = renderer.new_gc()
        renderer.draw_image(context, *self.corner, np.ascontiguousarray(self.pixels))
        context.restore()


def paste(figure, pixels, left, top, *, zorder=0):
    """왼쪽 위를 기준으로 한 픽셀 자리에 `(높이, 너비, 3 또는 4)` 배열을 늘이지 않고 붙입니다."""
    bottom = size_of(figure)[1] - top - len(pixels)
    return figure.add_artist(_Pixels(pixels, left, bottom, zorder))


def caption(figure, text, left, top, *, ha="left", va="top", fontsize=12, color="black",
            weight="normal", linespacing=1.2):  # fmt: skip
    """왼쪽 위를 기준으로 한 픽셀 자리에 글을 씁니다. 인자의 뜻은 matplotlib의 `text`와 같습니다.

    글자를 matplotlib이 찍으면 한 줄에 0.5밀리초쯤 걸리므로 Pillow로 찍어 붙입니다. 강의의 글꼴에
    없는 글자가 있을 때에만 다음 글꼴도 찾는 matplotlib에 맡깁니다.
    """
    font, letters = _font(round(fontsize * DPI / 72), weight)
    if not letters.issuperset(text.replace("\n", "")):
        width, height = size_of(figure)
        return figure.text(left / width, 1 - top / height, text, ha=ha, va=va, color=color,
                           fontsize=fontsize, weight=weight, linespacing=linespacing)  # fmt: skip
    pixels = _write_lines(text.split("\n"), font, color, linespacing)
    height, width = pixels.shape[:2]
    left -= {"left": 0, "center": width / 2, "right": width}[ha]
    top -= {"top": 0, "center": height / 2, "bottom": height}[va]
    return paste(figure, pixels, round(left), round(top), zorder=3)  # 축과 상자 위에 놓입니다.


def _write_lines(lines, font, color, linespacing):
    """글을 담은 `(높이, 너비, 4)` 배열입니다. 줄의 높이는 "lp"보다 낮지 않습니다."""
    _, rise, _, depth = font.getbbox("lp", anchor="ls")
    boxes = [font.getbbox(line, anchor="ls") for line in lines]
    up = [-min(rise, box[1]) for box in boxes]
    down = [max(depth, box[3]) for box in boxes]
    baselines = [up[0]]
    for i in range(1, len(lines)):
        step = max(-rise * linespacing, up[i] * linespacing)
        baselines.append(round(baselines[-1] + down[i - 1] + step))
    widths = [box[2] for box in boxes]
    mask = Image.new("L", (max(1, *widths), baselines[-1] + down[-1]))
    draw = ImageDraw.Draw(mask)
    for line, baseline in zip(lines, baselines, strict=True):
        draw.text((0, baseline), line, font=font, fill=255, anchor="ls")
    pixels = np.empty((*mask.size[::-1], 4), dtype=np.uint8)
    pixels[..., :3] = [round(255 * part) for part in to_rgb(color)]
    pixels[..., 3] = mask
    return pixels


def add_axes(figure, left, top, width, height, **options):
    """왼쪽 위를 기준으로 한 픽셀 자리에 Axes를 놓습니다."""
    total_width, total_height = size_of(figure)
    bottom = total_height - top - height
    box = [left / total_width, bottom / total_height, width / total_width, height / total_height]
    return figure.add_axes(box, **options)


def shade(values, *, low, high):
    """값을 `low`는 검게, `high`는 희게 바꾼 `(높이, 너비, 3)` uint8 배열입니다."""
    span = high - low if high > low else 1.0
    gray = np.clip((np.asarray(values, dtype=np.float32) - low) / span, 0, 1) * 255
    return np.repeat(gray.round().astype(np.uint8)[..., None], 3, axis=-1)


def enlarge(pixels, factor):
    """픽셀 하나를 `factor`×`factor` 칸으로 키웁니다. 흐려지지 않습니다."""
    return pixels.repeat(factor, axis=0).repeat(factor, axis=1)


def frame(pixels):
    """흰 종이 위에서도 끝이 보이게 둘레에 한 픽셀을 덧댑니다."""
    height, width, _ = pixels.shape
    framed = np.full((height + 2, width + 2, 3), GAP_COLOR, np.uint8)
    framed[1:-1, 1:-1] = pixels
    return framed


def mosaic(maps, *, columns, gap=1, low, high):
    """`(맵 수, 높이, 너비)`를 한 줄에 `columns`개씩 하늘색 틈을 두고 이어 붙입니다."""
    count, height, width = maps.shape
    rows = -(-count // columns)
    size = rows * (height + gap) - gap, columns * (width + gap) - gap
    sheet = np.full((*size, 3), GAP_COLOR, np.uint8)
    for index, tile in enumerate(shade(maps, low=low, high=high)):
        top, left = index // columns * (height + gap), index % columns * (width + gap)
        sheet[top : top + height, left : left + width] = tile
    return sheet


@lru_cache
def _font(size, weight="normal"):
    """글꼴과, 그 글꼴에 있는 글자들입니다. 크기는 픽셀입니다."""
    path = findfont(FontProperties(family=FONT_FAMILY, weight=weight))
    return ImageFont.truetype(path, size), frozenset(map(chr, FT2Font(path).get_charmap()))


def number_grid(values, *, cell, low, high, filled=None, size=None, labels=None):
    """칸마다 값을 적은 격자 그림입니다.

    Args:
        cell: 칸의 한 변(픽셀).
        low, high: 검정과 흰색에 해당하는 값.
        filled: 칸을 채울지 적은 bool 배열. False인 칸은 비워 둡니다.
        labels: 값 대신 적을 글자들. 없으면 값을 정수로 적습니다.
    """
    values = np.asarray(values)
    filled = np.ones(values.shape, dtype=bool) if filled is None else filled
    colors = shade(values, low=low, high=high)
    colors[~filled] = 255
    image = Image.fromarray(enlarge(colors, cell))
    draw = ImageDraw.Draw(image)
    size = size or round(cell * 0.42)
    for row, column in np.argwhere(filled):
        dark = colors[row, column, 0] < 118  # 두 글자색의 대비가 같아지는 밝기
        text = labels[row][column] if labels is not None else number(values[row, column])
        middle = ((column + 0.5) * cell, (row + 0.5) * cell)
        font, _ = _font(size if len(text) < 4 else size - 2)  # '−196'도 칸 안에 들어가게 합니다.
        draw.text(middle, text, font=font, fill="white" if dark else "black", anchor="mm")
    pixels = np.array(image)
    pixels[::cell] = pixels[cell - 1 :: cell] = GRID_GRAY
    pixels[:, ::cell] = pixels[:, cell - 1 :: cell] = GRID_GRAY
    return pixels


def outline(pixels, row, column, *, cell, rows=1, columns=1, color, thickness=3):
    """격자 그림에서 `rows`×`columns` 칸을 두른 테두리를 제자리에 그립니다."""
    top, left = row * cell, column * cell
    box = pixels[top : top + rows * cell, left : left + columns * cell]
    box[:thickness] = box[-thickness:] = ImageColor.getrgb(color)
    box[:, :thickness] = box[:, -thickness:] = ImageColor.getrgb(color)


def number(value):
    """격자와 식에 적을 숫자입니다. 정수가 아니면 소수 한 자리까지 적고 빼기 기호를 씁니다."""
    rounded = round(float(value), 1) + 0.0  # -0.0을 0.0으로 바꿉니다.
    return f"{rounded:g}".replace("-", "−")


def draw_bars(figure, values, *, left, top, width, height, top_value, best, digits=0, names=None):
    """왼쪽 위를 기준으로 한 픽셀 자리에 막대를 그리고 값을 적습니다. `best`번째만 색이 다릅니다.

    슬라이더를 따라올 만큼 빨라야 해서 Axes 없이 그립니다.
    """
    total_width, total_height = size_of(figure)
    step, floor = width / len(values), top + height
    boxes = [(left, floor, width, 1.5, "#333333")]
    for index, value in enumerate(values):
        tall = height * max(0.0, float(value)) / max(float(top_value), 1e-9)
        color = OKABE_ITO["vermillion" if index == best else "sky"]
        boxes.append((left + step * (index + 0.12), floor - tall, 0.76 * step, tall, color))
        middle, text = left + step * (index + 0.5), f"{value:.{digits}f}" if value else ""
        caption(figure, text, middle, floor - tall - 3, ha="center", va="bottom", fontsize=10)
        if names is not None:
            weight = "bold" if index == best else "normal"
            caption(figure, names[index], middle, floor + 5, ha="center", weight=weight)
    for x, y, w, h, color in boxes:
        corner = x / total_width, 1 - (y + h) / total_height
        size = w / total_width, h / total_height
        figure.add_artist(Rectangle(corner, *size, color=color, linewidth=0))


def draw_probabilities(figure, probabilities, **place):
    """열 숫자의 확률을 %로 그립니다. 가로 자리와 높이가 늘 같습니다."""
    best = int(probabilities.argmax())
    draw_bars(figure, 100 * probabilities, **place, top_value=100, best=best, names="0123456789")
