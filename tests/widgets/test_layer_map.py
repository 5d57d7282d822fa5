"""두 열의 그림: 상자의 크기, 선, 글자의 자리와 누르는 위젯을 확인합니다."""

from itertools import combinations

import pytest
import traitlets
from matplotlib.backends.backend_agg import FigureCanvasAgg

from course_utils.widgets.layer_map import HEIGHT, WIDTH, LayerMap, arrange, draw_scene
from course_utils.widgets.pictures import blank

# Krizhevsky 2012, Fig. 2: 이름, 종류, 맵의 한 변, 열별 채널, 두 열을 모두 읽는가
PAPER = [
    ("conv1", "conv", 55, [48, 48], False),
    ("norm1", "norm", 55, [48, 48], False),
    ("pool1", "pool", 27, [48, 48], False),
    ("conv2", "conv", 27, [128, 128], False),
    ("norm2", "norm", 27, [128, 128], False),
    ("pool2", "pool", 13, [128, 128], False),
    ("conv3", "conv", 13, [192, 192], True),
    ("conv4", "conv", 13, [192, 192], False),
    ("conv5", "conv", 13, [128, 128], False),
    ("pool5", "pool", 6, [128, 128], False),
    ("fc6", "fc", 1, [2048, 2048], True),
    ("fc7", "fc", 1, [2048, 2048], True),
    ("fc8", "fc", 1, [1000], True),
]
KEYS = ("name", "kind", "side", "channels", "reads_both")
LAYERS = [dict(zip(KEYS, row, strict=True)) | {"label": row[0]} for row in PAPER]


@pytest.fixture(scope="module")
def scene():
    return arrange(LAYERS)


def of(things, name):
    return [thing for thing in things if thing["name"] == name]


def inside(box, x, y):
    return box["x"] < x < box["x"] + box["width"] and box["y"] < y < box["y"] + box["height"]


def test_height_is_in_proportion_to_the_maps_and_width_to_the_channels(scene):
    heights = {layer["name"]: of(scene["boxes"], layer["name"])[0]["height"] for layer in LAYERS}
    assert heights["pool1"] / heights["conv1"] == pytest.approx(27 / 55)
    assert heights["pool5"] / heights["conv1"] == pytest.approx(6 / 55)
    assert heights["fc8"] / heights["fc7"] == pytest.approx(1000 / 2048)
    widths = {layer["name"]: of(scene["boxes"], layer["name"])[0]["width"] for layer in LAYERS}
    assert widths["conv1"] / widths["conv4"] == pytest.approx(48 / 192)


@pytest.mark.parametrize(("name", "kinds"), [
    ("conv1", ["input", "input"]),
    ("conv2", ["own", "own"]),
    ("conv3", ["cross", "cross", "own", "own"]),
    ("pool5", ["own", "own"]),
    ("fc6", ["cross", "cross", "own", "own"]),
    ("fc8", ["cross", "cross"]),
])  # fmt: skip
def test_lines_show_what_a_layer_reads(scene, name, kinds):
    assert sorted(line["kind"] for line in of(scene["lines"], name)) == kinds


def test_only_crossing_lines_change_lanes(scene):
    lines = [line for line in scene["lines"] if line["name"] not in ("", "conv1")]
    assert all((line["y1"] != line["y2"]) == (line["kind"] == "cross") for line in lines)


def test_lines_pass_through_no_block(scene):
    blocks = [box for box in scene["boxes"] if box["name"]]
    for line in scene["lines"]:
        for step in range(1, 20):
            x, y = (line[f"{a}1"] + step / 20 * (line[f"{a}2"] - line[f"{a}1"]) for a in "xy")
            assert not any(inside(box, x, y) for box in blocks), line


def test_blocks_stay_in_their_own_band(scene):
    for band in scene["bands"]:
        for box in of(scene["boxes"], band["name"]):
            assert band["x"] < box["x"] < box["x"] + box["width"] < band["x"] + band["width"]
            assert band["y"] < box["y"] < box["y"] + box["height"] < band["y"] + band["height"]


@pytest.mark.parametrize("selected", ["conv2", "fc7"])
def test_texts_are_whole_and_do_not_touch(scene, selected):
    figure = blank(WIDTH, HEIGHT)
    draw_scene(figure, scene, selected)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    extents = [text.get_window_extent() for text in figure.axes[0].texts]
    assert len(extents) == len(scene["texts"])
    for box in extents:
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= WIDTH and box.y1 <= HEIGHT  # noqa: PT018
    assert not any(one.overlaps(other) for one, other in combinations(extents, 2))


def test_drawing_thickens_the_lines_that_the_chosen_layer_reads(scene):
    figure = blank(WIDTH, HEIGHT)
    draw_scene(figure, scene, "fc6")
    pairs = zip(scene["lines"], figure.axes[0].lines, strict=True)
    widths = {(line["name"], drawn.get_linewidth()) for line, drawn in pairs if line["name"]}
    thick = max(width for _, width in widths)
    assert [name for name, width in widths if width == thick] == ["fc6"]


def test_unknown_layer_is_refused_with_the_names():
    layer_map = LayerMap(LAYERS, arrange(LAYERS))
    with pytest.raises(traitlets.TraitError, match=r"conv9.*conv1, norm1"):
        layer_map.value = "conv9"
    assert layer_map.value == "conv1"


def test_map_needs_no_network():
    layer_map = LayerMap(LAYERS, arrange(LAYERS))
    namespace = "http://www.w3.org/2000/svg"  # 이름일 뿐 내려받지 않습니다.
    assert "http" not in (layer_map._esm + layer_map._css).replace(namespace, "")
