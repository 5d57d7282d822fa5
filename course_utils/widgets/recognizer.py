"""그린 숫자를 두 LeNet-5가 읽고, 그 과정을 층마다 보여 줍니다."""

import ipywidgets as widgets
import numpy as np
from PIL import Image

from course_utils.anatomy import layer_outputs
from course_utils.data import center_digit, normalize
from course_utils.lenet import digit_bitmaps
from course_utils.training import device_of
from course_utils.widgets.draw_pad import DrawPad
from course_utils.widgets.panel import Panel, button
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
ACTIVATIONS = {"C1": "tanh1", "S2": "S2", "C3": "tanh3", "S4": "S4", "C5": "tanh5", "F6": "tanh6"}
# 층 이름 → (한 줄에 놓을 맵 수, 픽셀 하나의 크기, 왼쪽, 위)
PLACES = {
    "C1": (6, 2, 20, 232),
    "S2": (6, 3, 392, 232),
    "C3": (8, 3, 690, 232),
    "S4": (8, 5, 20, 330),
    "C5": (30, 9, 300, 330),
    "F6": (28, 9, 630, 330),
}
STEPS = {"crop": "잉크만 자르기", "scale": "긴 변을 20으로", "center": "무게중심", "pad": "32×32"}
WIDTH, HEIGHT, HEIGHT_WITH_ORIGINAL = 960, 400, 640


def recognize(drawing, modern, original=None):
    """그림을 다듬어 두 모델에 넣고 나온 배열들을 dict로 돌려줍니다.

    Args:
        drawing: 0(바탕)-255(잉크)의 2차원 배열.
        modern: 로짓을 내는 `LeNet5`.
        original: 벌점을 내는 `LeNet5Original`. 없어도 됩니다.

    Returns:
        `steps`(다듬은 단계들), `probabilities` `(10,)`, `maps`(층 이름 → 활성화),
        `penalties` `(10,)`와 `code` `(12, 7)`(`original`이 없으면 None).
    """
    steps = center_digit(drawing)
    image = normalize(steps["pad"])[None, None]
    outputs = layer_outputs(modern, image.to(device_of(modern)))
    *_, logits = outputs.values()
    maps = {
        layer: outputs[name][0].cpu().numpy()
        for layer, name in ACTIVATIONS.items()
        if name in outputs
    }
    result = {"steps": steps, "maps": maps, "penalties": None, "code": None,
              "probabilities": logits[0].softmax(dim=0).cpu().numpy()}  # fmt: skip
    if original is not None:
        outputs = layer_outputs(original, image.to(device_of(original)))
        result["penalties"] = outputs["output"][0].cpu().numpy()
        result["code"] = outputs["squash6"][0].reshape(12, 7).cpu().numpy()
    return result


def describe(result):
    """두 모델의 답을 적은 글입니다."""
    probabilities, penalties = result["probabilities"], result["penalties"]
    best = probabilities.argmax()
    text = f"LeNet5의 답 <b>{best}</b> (확률 {100 * probabilities[best]:.1f}%)"
    if penalties is None:
        return text
    first, second = np.argsort(penalties, kind="stable")[:2]
    return (
        f"{text}<br>LeNet5Original의 답 <b>{first}</b> (벌점 {penalties[first]:.1f}, "
        f"다음은 {second}의 {penalties[second]:.1f})"
    )


def draw_recognition(result):
    """`recognize`의 결과를 한 장에 그립니다."""
    with_original = result["penalties"] is not None
    figure = blank(WIDTH, HEIGHT_WITH_ORIGINAL if with_original else HEIGHT)
    _draw_steps(figure, result["steps"])
    caption(figure, "② LeNet5의 확률(%)", 560, 12, fontsize=14)
    draw_probabilities(figure, result["probabilities"], left=560, top=62, width=380, height=90)
    caption(figure, "③ LeNet5의 층마다 나온 특징 맵 (검정 −1, 흰색 +1)", 20, 178, fontsize=14)
    for layer, values in result["maps"].items():
        _draw_maps(figure, layer, values)
    if with_original:
        _draw_penalties(figure, result["penalties"], result["code"])
    return figure


def _draw_steps(figure, steps):
    caption(figure, "① 다듬기: 학습한 숫자들과 같은 꼴로", 20, 12, fontsize=14)
    for index, (name, label) in enumerate(STEPS.items()):
        image = Image.fromarray(steps[name].round().astype(np.uint8))
        factor = 96 / max(image.size)
        size = [max(1, round(side * factor)) for side in image.size]
        board = Image.new("L", (96, 96), 90)  # 그림 밖의 자리는 회색입니다.
        board.paste(image.resize(size, Image.Resampling.NEAREST),
                    tuple((96 - side) // 2 for side in size))  # fmt: skip
        paste(figure, np.array(board.convert("RGB")), 20 + 128 * index, 42)
        caption(figure, label, 68 + 128 * index, 144, ha="center", fontsize=11)
        if index:
            caption(figure, "→", 4 + 128 * index, 90, ha="center", va="center", fontsize=14)


def _draw_maps(figure, layer, values):
    columns, factor, left, top = PLACES[layer]
    shape = "×".join(str(side) for side in values.shape)
    maps = values if values.ndim == 3 else values[:, None, None]
    pixels = mosaic(maps, columns=columns, gap=0 if maps[0].size == 1 else 1, low=-1, high=1)
    caption(figure, f"{layer}  {shape.removesuffix('×1×1')}", left, top - 24, fontsize=12)
    paste(figure, frame(enlarge(pixels, factor)), left, top)


def _draw_penalties(figure, penalties, code):
    best = penalties.argmin()
    bitmaps = digit_bitmaps().numpy()
    title = "④ LeNet5Original: F6의 84개 값과 숫자 그림 사이의 거리 제곱이 벌점"
    caption(figure, title, 20, 400, fontsize=14)
    for left, picture, label in ((20, code, "F6"), (124, bitmaps[best], f"'{best}'의 그림")):
        paste(figure, frame(enlarge(shade(-picture, low=-1, high=1), 12)), left, 438)
        caption(figure, label, left + 42, 590, ha="center", fontsize=12)
    caption(figure, "벌점 (가장 작은 것이 답)", 560, 430, ha="center", fontsize=12)
    place = {"left": 250, "top": 472, "width": 690, "height": 76}
    draw_bars(figure, penalties, **place, top_value=penalties.max(), best=best, digits=1)
    for digit, bitmap in enumerate(bitmaps):
        middle = 250 + 69 * (digit + 0.5)
        paste(figure, enlarge(shade(-bitmap, low=-1, high=1), 4), round(middle - 14), 554)
        weight = "bold" if digit == best else "normal"
        caption(figure, str(digit), middle, 606, ha="center", fontsize=12, weight=weight)


def digit_recognizer(modern, original=None, *, example=None):
    """그림판에 그린 숫자를 알아보는 `Panel`입니다.

    Args:
        modern, original: 학습한 `LeNet5`와 `LeNet5Original`(없어도 됩니다).
        example: 처음에 보여 줄 0-255의 28×28 숫자. '예시 숫자' 단추로 다시 불러옵니다.
    """
    pad = DrawPad()

    def draw(drawing):
        if not drawing.any():
            yield "숫자를 하나 그려 주세요. 펜을 떼면 바로 알아봅니다."
            figure = blank(WIDTH, HEIGHT if original is None else HEIGHT_WITH_ORIGINAL)
            waiting = "숫자를 하나 그리면 여기에 과정이 나옵니다."
            figure.text(0.5, 0.5, waiting, ha="center", fontsize=15)
            yield figure
            return
        result = recognize(drawing, modern, original)
        yield describe(result)  # 답을 먼저 보이고, 그림은 그다음에 그립니다.
        yield draw_recognition(result)

    if example is not None:
        pad.show(example)
    panel = Panel(
        "숫자 그리기",
        {"drawing": pad},
        draw,
        alt="그린 숫자를 다듬는 네 단계, 숫자별 확률, 층마다 나온 특징 맵, 숫자 그림과의 벌점",
    )
    tools = [panel.readout]
    if example is not None:
        tools.insert(0, button("예시 숫자", lambda: pad.show(example), tooltip="예시를 불러옵니다"))
    beside = widgets.Layout(margin="8px 0 0 20px", grid_gap="12px", align_items="flex-start")
    top = widgets.HBox([pad, widgets.VBox(tools, layout=beside)])
    panel.children = [top, panel.names, panel.image]
    return panel
