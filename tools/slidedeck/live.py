"""슬라이드에서도 움직이는 위젯들: 노트북과 같은 JavaScript를 파이썬 없이 잇습니다."""

import json
from base64 import b64encode
from pathlib import Path

from course_utils.data import load_digits
from course_utils.plotting import use_course_style
from course_utils.widgets import STATIC, architecture_explorer, c3_table, lenet_map, script
from course_utils.widgets.live_lenet import LiveLeNet

SCRIPTS = ("draw_pad", "lenet", "lenet_zoom", "lenet_live", "connections", "layer_map")
STYLES = ("draw_pad", "lenet_live", "connections", "layer_map")
# 위젯을 만드는 이름 → [움직이는 JavaScript, 너비, 높이(픽셀)]
WIDGETS = {
    "LiveLeNet": ["lenet_live", 1600, 620], "c3_table": ["connections", 760, 345],
    "architecture_explorer": ["layer_map", 960, 600], "lenet_map": ["layer_map", 960, 300],
}  # fmt: skip


def map_state(panel) -> dict:
    """층 그림의 상태와, 층을 고를 때마다 파이썬이 적던 글 `told`입니다."""
    layer_map = panel.controls["name"]
    told, first = {}, layer_map.value
    for layer in layer_map.layers:
        layer_map.value = layer["name"]
        told[layer["name"]] = panel.readout.value
    return {"layers": layer_map.layers, "scene": layer_map.scene, "value": first, "told": told}


def write_live(folder: Path) -> None:
    """위젯의 스크립트와 상태 `live.js`, 모양 `live.css`를 씁니다."""
    use_course_style()
    digit = load_digits(offline=True).test_images[0]
    pixels = ((digit[0] + 0.1) / 1.275 * 255).clamp(0, 255)
    live = LiveLeNet(pixels[2:-2, 2:-2].numpy())
    lenet = {key: getattr(live, key) for key in ("order", "table", "rubbish")}
    coded = {key: b64encode(getattr(live, key)).decode() for key in ("weights", "start")}
    states = {
        "LiveLeNet": lenet | {"coded": coded},
        "c3_table": {"value": c3_table().controls["links"].value},
        "architecture_explorer": map_state(architecture_explorer()),
        "lenet_map": map_state(lenet_map(digit)),
    }
    data = json.dumps([WIDGETS, states], ensure_ascii=False)
    mount = Path(__file__).with_name("mount.js").read_text(encoding="utf-8")
    code = f"{script(*SCRIPTS)}const [WIDGETS, STATES] = {data};\n{mount}"
    (folder / "live.js").write_text(code, encoding="utf-8")
    style = "".join((STATIC / f"{name}.css").read_text(encoding="utf-8") for name in STYLES)
    (folder / "live.css").write_text(style, encoding="utf-8")
