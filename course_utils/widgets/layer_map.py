"""모델의 그림: 상자, 선, 글의 자리를 정하고, 층을 눌러 고르거나 인쇄하게 그립니다."""

from base64 import b64decode
from io import BytesIO

import anywidget
import traitlets
from matplotlib.patches import Rectangle
from PIL import Image

from course_utils.plotting import OKABE_ITO
from course_utils.widgets import STATIC
from course_utils.widgets.pictures import add_axes

WIDTH, HEIGHT = 960, 388
LEFT, RIGHT = 96, 954  # 층들이 놓이는 가로 구간. 그 왼쪽에는 입력이 있습니다.
LANES = (98, 248)  # 두 열의 가운데 높이. GPU 1이 위에 있습니다 (Krizhevsky 2012, Fig. 2).
MIDDLE = sum(LANES) / len(LANES)
TALLEST, WIDEST = 104, 30  # 가장 큰 맵의 높이, 가장 많은 채널의 너비
THIN = {"norm": 6, "fc": 14}  # 너비가 채널 수를 나타내지 않는 층
SIZE_Y, COUNT_Y, LEGEND_Y = 324, 344, 374
FILLS = {
    "conv": OKABE_ITO["sky"],
    "pool": OKABE_ITO["green"],
    "norm": OKABE_ITO["yellow"],
    "fc": OKABE_ITO["purple"],
}
STROKES = {
    "input": {"color": "#555555", "dash": []},
    "own": {"color": OKABE_ITO["blue"], "dash": []},
    "cross": {"color": OKABE_ITO["vermillion"], "dash": [7, 4]},
}
LEGEND = [
    (10, "conv", "합성곱"),
    (86, "pool", "풀링"),
    (150, "norm", "LRN"),
    (212, "fc", "완전 연결"),
    (312, "own", "자기 열에서 읽기"),
    (464, "cross", "다른 열에서 읽기 (GPU 통신)"),
    (682, "", "높이는 맵의 크기(fc는 유닛 수), 너비는 채널 수"),
]
MARGIN_TEXTS = [
    ("GPU 1", LANES[0], 16),
    ("GPU 2", LANES[1], 16),
    ("입력", MIDDLE - 18, 15),
    ("224×224", MIDDLE + 3, 12),
    ("3채널", MIDDLE + 21, 12),
    ("맵의 크기", SIZE_Y, 13),
    ("채널 수", COUNT_Y, 13),
]


def arrange(layers):
    """두 열로 나뉜 모델을 픽셀 자리로 옮깁니다. 노트북의 SVG와 인쇄용 그림이 함께 씁니다.

    Args:
        layers: `name`, `kind`, `side`, `channels`(열마다), `reads_both`가 든 사전들.

    Returns:
        `bands`(층마다 누르는 자리), `boxes`, `lines`, `texts`. 층에 딸린 것에는 그 층의 `name`이
        있습니다. 선의 `name`은 그 선으로 읽는 층입니다.
    """
    pitch = (RIGHT - LEFT) / len(layers)
    bands = [box_at(LEFT + pitch * place, 3, pitch, 353, layer["name"])
             for place, layer in enumerate(layers)]  # fmt: skip
    blocks = _blocks(layers, bands)
    image = box_at(9, MIDDLE - 38, 68, 76, fill="#ffffff", edge="#555555")
    num_split = sum(len(own) > 1 for own in blocks)  # 두 열로 나뉜 층은 앞에서부터 이어집니다.
    boxes = [
        box_at(LEFT + 6, y - 61, pitch * num_split - 12, 122, fill="#f1f4f8", edge="#d5dbe3")
        for y in LANES
    ]
    boxes += [image, *(block for own in blocks for block in own)]
    lines = _lines(layers, image, blocks)
    texts = [text_at(text, 43, y, size) for text, y, size in MARGIN_TEXTS]
    for layer, band in zip(layers, bands, strict=True):
        x, name, channels = band["x"] + pitch / 2, layer["name"], layer["channels"]
        size = "유닛" if layer["kind"] == "fc" else f"{layer['side']}×{layer['side']}"
        count = "×".join(map(str, [len(channels)] * (len(channels) > 1) + channels[:1]))
        texts += [text_at(name, x, 20, 16, name), text_at(size, x, SIZE_Y, 13, name),
                  text_at(count, x, COUNT_Y, 13, name)]  # fmt: skip
    for x, kind, text in LEGEND:
        if kind in FILLS:
            boxes.append(box_at(x, LEGEND_Y - 7, 14, 14, "", FILLS[kind], "#222222"))
        elif kind:
            lines.append(line_at(kind, x, LEGEND_Y, x + 26, LEGEND_Y))
        start = x + (20 if kind in FILLS else 32 if kind else 0)
        texts.append(text_at(text, start, LEGEND_Y, 13, anchor="start"))
    return {"width": WIDTH, "height": HEIGHT, "bands": bands, "boxes": boxes, "lines": lines,
            "texts": texts}  # fmt: skip


def box_at(x, y, width, height, name="", fill="none", edge="none"):
    return {"x": x, "y": y, "width": width, "height": height, "name": name, "fill": fill,
            "edge": edge}  # fmt: skip


def line_at(kind, x1, y1, x2, y2, name=""):
    return {"kind": kind, "x1": x1, "y1": y1, "x2": x2, "y2": y2, "name": name} | STROKES[kind]


def text_at(text, x, y, size, name="", anchor="middle"):
    return {"text": text, "x": x, "y": y, "size": size, "name": name, "anchor": anchor}


def _blocks(layers, bands):
    """층마다 열의 수만큼의 상자입니다. 합성곱과 풀링은 맵의 크기와 채널 수에 비례합니다."""
    most_units = max(layer["channels"][0] for layer in layers if layer["kind"] == "fc")
    maps = [layer for layer in layers if layer["kind"] != "fc"]
    tallest = max(layer["side"] for layer in maps)
    widest = max(layer["channels"][0] for layer in maps)
    blocks = []
    for layer, band in zip(layers, bands, strict=True):
        name, kind, count = layer["name"], layer["kind"], layer["channels"][0]
        high = TALLEST * (count / most_units if kind == "fc" else layer["side"] / tallest)
        wide = THIN.get(kind) or WIDEST * count / widest
        left = band["x"] + band["width"] / 2 - wide / 2
        middles = LANES if len(layer["channels"]) > 1 else [MIDDLE]
        place = {"width": wide, "height": high, "name": name, "fill": FILLS[kind]}
        blocks.append([box_at(left, y - high / 2, **place, edge="#222222") for y in middles])
    return blocks


def _lines(layers, image, blocks):
    """상자의 오른쪽 끝에서 그것을 읽는 상자의 왼쪽 끝까지 이은 선들입니다."""
    lines = []
    for layer, sources, targets in zip(layers, [[image], *blocks], blocks, strict=False):
        for column, target in enumerate(targets):
            for other, source in enumerate(sources):
                own = other == column and len(sources) == len(targets)
                kind = "input" if source is image else "own" if own else "cross"
                if kind == "cross" and not layer["reads_both"]:
                    continue
                start = source["x"] + source["width"], source["y"] + source["height"] / 2
                end = target["x"], target["y"] + target["height"] / 2
                lines.append(line_at(kind, *start, *end, layer["name"]))
    return lines


def draw_scene(figure, scene, selected):
    """`arrange`가 정한 그림을 Figure의 위쪽에 그립니다. 고른 층과 그 층이 읽는 선이 굵습니다."""
    axes = add_axes(figure, 0, 0, scene["width"], scene["height"])
    axes.set(xlim=(0, scene["width"]), ylim=(scene["height"], 0))
    axes.axis("off")
    band = next(band for band in scene["bands"] if band["name"] == selected)
    chosen = band | {"fill": "#fff3d6", "edge": OKABE_ITO["orange"]}
    for box in [*scene["boxes"][: len(LANES)], chosen, *scene["boxes"][len(LANES) :]]:
        axes.add_patch(Rectangle(
            (box["x"], box["y"]), box["width"], box["height"], facecolor=box["fill"],
            edgecolor=box["edge"], linewidth=2 if box["name"] == selected else 0.8,
        ))  # fmt: skip
    for line in scene["lines"]:
        strong = line["name"] in (selected, "")
        axes.plot(
            [line["x1"], line["x2"]], [line["y1"], line["y2"]], color=line["color"],
            linewidth=3 if strong else 1.4, alpha=1 if strong else 0.6,
            linestyle=(0, [part / 3 for part in line["dash"]]) if line["dash"] else "-",
        )  # fmt: skip
    for one in scene.get("pictures", ()):
        pixels = Image.open(BytesIO(b64decode(one["href"].partition(",")[2])))
        right, bottom = one["x"] + one["width"], one["y"] + one["height"]
        axes.imshow(pixels, extent=(one["x"], right, bottom, one["y"]), interpolation="nearest",
                    aspect="auto", zorder=2)  # fmt: skip
    for text in scene["texts"]:
        axes.text(
            text["x"], text["y"], text["text"], fontsize=0.72 * text["size"], va="center",
            ha={"middle": "center", "start": "left"}[text["anchor"]],
            weight="bold" if text["name"] == selected else "normal",
        )  # fmt: skip


class LayerMap(anywidget.AnyWidget):
    """모델의 그림입니다. 누르거나 화살표로 옮겨 층을 고릅니다.

    Args:
        layers: 층마다 `name`과 `label`(낭독할 이름)이 든 사전들.
        scene: `arrange`가 준 것처럼 상자, 선, 글, `pictures`의 자리를 정한 사전.
    """

    layers = traitlets.List(traitlets.Dict()).tag(sync=True)
    value = traitlets.Unicode().tag(sync=True)
    scene = traitlets.Dict().tag(sync=True)

    def __init__(self, layers, scene):
        super().__init__(layers=layers, value=layers[0]["name"], scene=scene)

    @traitlets.validate("value")
    def _known(self, proposal):
        names = [layer["name"] for layer in self.layers]
        if proposal.value not in names:
            raise traitlets.TraitError(
                f"{proposal.value!r}이라는 층은 없습니다. 고를 수 있는 층: {', '.join(names)}"
            )
        return proposal.value

    def __repr__(self):
        return "<위젯: 누를 수 있는 층 그림>"

    _esm = STATIC / "layer_map.js"
    _css = STATIC / "layer_map.css"
