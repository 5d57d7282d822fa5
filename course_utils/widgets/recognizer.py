"""그린 숫자를 두 LeNet-5가 읽고, 그 과정을 층마다 보여 줍니다."""

import ipywidgets as widgets
import numpy as np
from PIL import Image

from course_utils.anatomy import layer_outputs
from course_utils.data import center_digit, normalize
from course_utils.lenet import digit_bitmaps
from course_utils.training import device_of
from course_utils.widgets.draw_pad import DrawPad
from course_utils.widgets.panel import Panel, button, picture, show_figure
from course_utils.widgets.pictures import (
    blank,
    caption,
    draw_bars,
    draw_probabilities,
    enlarge,
    frame,
    mosaic,
    paste,
    shade,
)  # fmt: skip

# 층 이름 → 활성화까지 지난 출력의 이름. 풀링 층에는 활성화가 없습니다.
ACTIVATIONS = {"C1": "tanh1", "S2": "S2", "C3": "tanh3", "S4": "S4", "C5": "tanh5"}
# 층 이름 → (한 줄에 놓을 맵 수, 값 하나의 픽셀, 왼쪽, 위). 맵의 한 변은 48픽셀이 넘습니다.
PLACES = {
    "C1": (3, 2, 4, 26),
    "S2": (3, 4, 4, 170),
    "C3": (4, 5, 208, 26),
    "C5": (30, 7, 208, 270),
    "S4": (4, 10, 452, 26),
}
BIG_LEFT, BIG = 720, 230  # 누른 맵을 크게 보이는 자리의 왼쪽과 한 변
STEPS = {"crop": "잉크만", "scale": "긴 변 20", "center": "무게중심", "pad": "32×32"}
STEP = 60
MAPS_SIZE, ANSWERS_SIZE = (960, 306), (640, 222)


def recognize(drawing, modern, original):
    """그림을 다듬어 두 모델에 넣고 나온 배열들을 dict로 돌려줍니다.

    Args:
        drawing: 0(바탕)-255(잉크)의 2차원 배열.
        modern: 로짓을 내는 `LeNet5`.
        original: 벌점을 내는 `LeNet5Original`.

    Returns:
        `steps`(다듬은 단계들), `probabilities` `(10,)`, `maps`(층 이름 → 활성화),
        `penalties` `(10,)`, `code` `(12, 7)`.
    """
    steps = center_digit(drawing)
    image = normalize(steps["pad"])[None, None]
    outputs = layer_outputs(modern, image.to(device_of(modern)))
    *_, logits = outputs.values()
    maps = {layer: outputs[name][0].cpu().numpy() for layer, name in ACTIVATIONS.items()}
    old = layer_outputs(original, image.to(device_of(original)))
    return {
        "steps": steps, "maps": maps, "probabilities": logits[0].softmax(dim=0).cpu().numpy(),
        "penalties": old["output"][0].cpu().numpy(),
        "code": old["squash6"][0].reshape(12, 7).cpu().numpy(),
    }  # fmt: skip


def describe(result, rubbish):
    """두 모델의 답을 적은 글입니다."""
    probabilities, penalties = result["probabilities"], result["penalties"]
    best = probabilities.argmax()
    first, second = np.argsort(penalties, kind="stable")[:2]
    told = (
        f"<b>{first}</b> (벌점 {penalties[first]:.1f}, 다음은 {second}의 {penalties[second]:.1f})"
        if penalties[first] <= rubbish
        else f"<b>숫자가 아님</b> (가장 작은 벌점 {penalties[first]:.1f}도 한도 {rubbish:g}보다 큼)"
    )
    return (
        f"LeNet5의 답 <b>{best}</b> (확률 {100 * probabilities[best]:.1f}%)<br>"
        f"LeNet5Original의 답 {told}"
    )


def draw_answers(result):
    """다듬는 네 단계, 확률, 벌점을 한 장에 그립니다."""
    figure = blank(*ANSWERS_SIZE)
    for index, (name, label) in enumerate(STEPS.items()):
        image = Image.fromarray(result["steps"][name].round().astype(np.uint8))
        factor = STEP / max(image.size)
        size = [max(1, round(side * factor)) for side in image.size]
        board = Image.new("L", (STEP, STEP), 90)  # 그림 밖의 자리는 회색입니다.
        board.paste(image.resize(size, Image.Resampling.NEAREST),
                    tuple((STEP - side) // 2 for side in size))  # fmt: skip
        paste(figure, np.array(board.convert("RGB")), 4 + 76 * index, 2)
        caption(figure, label, 4 + 76 * index + STEP / 2, 66, ha="center", fontsize=10)
    penalties, bitmaps = result["penalties"], digit_bitmaps().numpy()
    best = penalties.argmin()
    for left, bitmap, label in (
        (380, result["code"], "F6"), (470, bitmaps[best], f"'{best}'의 그림"),
    ):  # fmt: skip
        paste(figure, frame(enlarge(shade(bitmap, low=-1, high=1), 5)), left, 2)
        caption(figure, label, left + 18, 66, ha="center", fontsize=10)
    caption(figure, "↔", 443, 32, ha="center", va="center", fontsize=14)
    caption(figure, "LeNet5의 확률(%)", 4, 90)
    draw_probabilities(figure, result["probabilities"], left=4, top=128, width=290, height=54)
    caption(figure, "LeNet5Original의 벌점(작을수록 가까움)", 320, 90)
    place = {"left": 320, "top": 128, "width": 310, "height": 54}
    draw_bars(figure, penalties, **place, top_value=penalties.max(), best=best, digits=0)
    for digit, bitmap in enumerate(bitmaps):
        small = enlarge(shade(bitmap, low=-1, high=1), 2)
        paste(figure, frame(small), round(320 + 31 * (digit + 0.5) - 8), 188)
    return figure


def draw_maps(maps, big):
    """층마다 나온 특징 맵들입니다. `big`(층, 번호)은 오른쪽에 크게 보입니다."""
    figure = blank(*MAPS_SIZE)
    for layer, (columns, factor, left, top) in PLACES.items():
        values = maps[layer]
        shape = "×".join(str(side) for side in values.shape)
        gap = 0 if values[0].size == 1 else 1
        pixels = mosaic(values, columns=columns, gap=gap, low=-1, high=1)
        caption(figure, f"{layer}  {shape.removesuffix('×1×1')}", left, top - 22)
        paste(figure, frame(enlarge(pixels, factor)), left, top)
    layer, index = big
    caption(figure, f"{layer}의 {index}번 맵 (검정 −1, 흰색 +1)", BIG_LEFT, 4)
    chosen = shade(maps[layer][index], low=-1, high=1)
    paste(figure, frame(enlarge(chosen, BIG // len(chosen))), BIG_LEFT, 26)
    return figure


def map_at(maps, x, y):
    """누른 픽셀에 있는 맵의 `(층, 번호)`입니다. 맵이 없는 자리이면 None입니다."""
    for layer, (columns, factor, left, top) in PLACES.items():
        count, side = maps[layer].shape[:2]
        cell = factor * (side + (side > 1))
        row, column = int((y - top) // cell), int((x - left) // cell)
        if row >= 0 <= column < columns and row * columns + column < count:
            return layer, row * columns + column
    return None


def digit_recognizer(modern, original, *, rubbish, example):
    """그림판에 그린 숫자를 두 모델이 알아보는 `Panel`입니다. 특징 맵을 누르면 커집니다.

    Args:
        modern, original: 학습한 `LeNet5`와 `LeNet5Original`.
        rubbish: 벌점의 한도. 가장 작은 벌점이 이보다 크면 숫자가 아니라고 답합니다.
        example: 처음에 보여 줄 0-255의 28×28 숫자. '예시 숫자' 단추로 다시 불러옵니다.
    """
    pad, answers = DrawPad(), picture()
    maps, big = {}, ("C1", 0)

    def draw(drawing):
        if not drawing.any():
            maps.clear()
            yield "숫자를 하나 그려 주세요. 펜을 떼면 바로 알아봅니다."
            show_figure(answers, blank(*ANSWERS_SIZE))
            yield blank(*MAPS_SIZE)
            return
        result = recognize(drawing, modern, original)
        yield describe(result, rubbish)  # 답을 먼저 보이고, 그림은 그다음에 그립니다.
        show_figure(answers, draw_answers(result))
        maps.update(result["maps"])
        yield draw_maps(maps, big)

    def enlarge_map(x, y):
        nonlocal big
        if maps and (found := map_at(maps, x, y)):
            big = found
            show_figure(panel.image, draw_maps(maps, big))

    pad.show(example)
    panel = Panel(
        "숫자 그리기",
        {"drawing": pad},
        draw,
        alt="그린 숫자를 다듬는 네 단계, 숫자별 확률과 벌점, 층마다 나온 특징 맵",
    )
    panel.names.on_click(enlarge_map)
    again = button("예시 숫자", lambda: pad.show(example), tooltip="예시를 불러옵니다")
    beside = widgets.Layout(margin="4px 0 0 16px", align_items="flex-start")
    right = widgets.VBox([again, panel.readout, answers], layout=beside)
    panel.children = [widgets.HBox([pad, right]), panel.names, panel.image]
    return panel
