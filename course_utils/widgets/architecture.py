"""숫자 한 장이 지나가는 1998년의 LeNet-5 전체를 그리고, 누른 층의 계산을 보입니다."""

from base64 import b64encode

import numpy as np
from PIL import ImageColor

from course_utils.anatomy import dissect, layer_outputs
from course_utils.plotting import OKABE_ITO
from course_utils.widgets.layer_map import LayerMap, box_at, draw_scene, line_at, text_at
from course_utils.widgets.live_lenet import shipped_model
from course_utils.widgets.panel import Panel
from course_utils.widgets.pictures import blank, encode, enlarge, mosaic

WIDTH, HEIGHT, PITCH = 960, 268, 120
MIDDLE, NAME_Y, SIZE_Y = 132, 16, 250
# 층 → (값을 낸 모듈, 한 줄에 놓을 맵 수, 값 하나의 픽셀)
MAPS = {
    "C1": ("squash1", 2, 2), "S2": ("squash2", 2, 4), "C3": ("squash3", 3, 3),
    "S4": ("squash4", 4, 4), "C5": ("squash5", 10, 9), "F6": ("squash6", 1, 8),
}  # fmt: skip
# 층 → (하는 일, 크기, 파라미터, 연결). LeCun 1998, §II-B. 식의 값은 모델에서 셉니다.
FACTS = {
    "C1": ("합성곱 5×5", "32 − 5 + 1 = 28", "6 × (1 × 25 + 1)", "156 × 28 × 28"),
    "S2": ("서브샘플링 2×2", "28 / 2 = 14", "6 × (1 + 1)", "6 × (4 + 1) × 14 × 14"),
    "C3": ("연결표 합성곱 5×5", "14 − 5 + 1 = 10", "60 × 25 + 16", "1,516 × 10 × 10"),
    "S4": ("서브샘플링 2×2", "10 / 2 = 5", "16 × (1 + 1)", "16 × (4 + 1) × 5 × 5"),
    "C5": ("합성곱 5×5", "5 − 5 + 1 = 1", "120 × (16 × 25 + 1)", "48,120 × 1 × 1"),
    "F6": ("완전 연결", "7×12 그림의 84", "84 × (120 + 1)", "84 × (120 + 1)"),
    "출력": ("RBF: 숫자 그림과의 거리 제곱", "숫자 10개", "0", "10 × 84"),
}


def lenet_map(image):
    """LeNet-5의 구조를 실제 특징 맵으로 그린 `Panel`입니다. 층을 누르면 계산이 나옵니다.

    Args:
        image: 정규화한 숫자 `(1, 32, 32)`. 담아 둔 LeNet5Original에 넣습니다.
    """
    model, _ = shipped_model()
    outputs = {name: value[0] for name, value in layer_outputs(model, image[None]).items()}
    rows = {row.name: row for row in dissect(model, (1, 32, 32))}
    counted = {name: rows["output" if name == "출력" else name] for name in FACTS}
    scene = arrange(image, outputs, counted)
    layers = [{"name": name, "label": f"{name} {facts[0]}"} for name, facts in FACTS.items()]
    layer_map = LayerMap(layers, scene)

    def describe(name):
        what, size, parameters, connections = FACTS[name]
        row = counted[name]
        learned = f"{parameters} = <b>{row.parameters:,}</b>" if row.parameters else "없음"
        return (
            f"<b>{name}</b> {what} &nbsp;·&nbsp; 크기 {size} &nbsp;·&nbsp; 파라미터 {learned}"
            f" &nbsp;·&nbsp; 연결 {connections} = <b>{row.connections:,}</b>"
        )

    def static(name):
        figure = blank(WIDTH, HEIGHT)
        draw_scene(figure, scene, name)
        return figure

    return Panel(
        "LeNet-5의 구조", {"name": layer_map}, describe, static=static,
        alt="입력에서 C1, S2, C3, S4, C5, F6을 지나 출력까지, 숫자 한 장이 만든 특징 맵들",
    )  # fmt: skip


def arrange(image, outputs, counted):
    """층마다 특징 맵의 그림, 이름, 크기를 한 줄에 놓습니다."""
    values = {"입력": image} | {name: outputs[MAPS[name][0]] for name in MAPS}
    values["F6"] = values["F6"].reshape(1, 12, 7)
    pixels = {"출력": penalty_bars(outputs["output"].numpy())}
    for name, maps in values.items():
        _, columns, zoom = MAPS.get(name, (None, 1, 3))
        maps = maps.reshape(len(maps), *maps.shape[1:] or (1, 1)).numpy()
        low, high = (-0.1, 1.175) if name == "입력" else (-1, 1)
        sheet = mosaic(maps, columns=columns, gap=int(maps[0].size > 1), low=low, high=high)
        pixels[name] = enlarge(sheet, zoom)
    pictures, texts, lines, bands = [], [], [], []
    for place, name in enumerate(["입력", *FACTS]):
        height, width = pixels[name].shape[:2]
        middle = PITCH * (place + 0.5)
        href = f"data:image/png;base64,{b64encode(encode(pixels[name])).decode()}"
        group = name if name in FACTS else ""
        pictures.append({"x": middle - width / 2, "y": MIDDLE - height / 2, "width": width,
                         "height": height, "name": group, "href": href})  # fmt: skip
        shape = "32×32" if name == "입력" else "×".join(map(str, counted[name].output_shape))
        texts += [text_at(name, middle, NAME_Y, 16, group),
                  text_at(shape.removesuffix("×1×1"), middle, SIZE_Y, 13, group)]  # fmt: skip
        if group:
            bands.append(box_at(PITCH * place, 2, PITCH, HEIGHT - 4, name))
            before = pictures[-2]
            lines.append(line_at("own", before["x"] + before["width"] + 1, MIDDLE,
                                 pictures[-1]["x"] - 1, MIDDLE, name))  # fmt: skip
    return {"width": WIDTH, "height": HEIGHT, "bands": bands, "boxes": [], "lines": lines,
            "texts": texts, "pictures": pictures}  # fmt: skip


def penalty_bars(penalties):
    """0부터 9까지의 벌점을 위에서 아래로 그린 막대입니다. 가장 작은 것(답)은 색이 다릅니다."""
    bars = np.full((120, 90, 3), 255, np.uint8)
    for digit, penalty in enumerate(penalties):
        best = digit == penalties.argmin()
        color = OKABE_ITO["vermillion" if best else "sky"]
        length = max(2, round(90 * float(penalty) / float(penalties.max())))
        bars[12 * digit + 1 : 12 * digit + 11, :length] = ImageColor.getrgb(color)
    return bars
