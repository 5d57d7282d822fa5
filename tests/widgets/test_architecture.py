"""LeNet-5의 구조도: 식의 값은 논문의 수와 같고, 그림은 모델이 낸 값입니다."""

import io
from base64 import b64decode

import numpy as np
import pytest
import torch
from PIL import Image

from course_utils.anatomy import layer_outputs
from course_utils.widgets.architecture import FACTS, lenet_map
from course_utils.widgets.live_lenet import shipped_model

# 층 → (파라미터, 연결). LeCun 1998, §II-B
PAPER = {
    "C1": (156, 122_304), "S2": (12, 5_880), "C3": (1_516, 151_600), "S4": (32, 2_000),
    "C5": (48_120, 48_120), "F6": (10_164, 10_164),
}  # fmt: skip


@pytest.fixture(scope="module")
def image():
    return torch.rand(1, 32, 32, generator=torch.Generator().manual_seed(0)) * 1.275 - 0.1


def value(formula):
    return eval(formula.replace("×", "*").replace("−", "-").replace(",", ""))


@pytest.mark.parametrize("name", PAPER)
def test_formulas_give_the_papers_numbers(image, name):
    panel = lenet_map(image)
    panel.controls["name"].value = name
    _, size, parameters, connections = FACTS[name]
    assert (value(parameters), value(connections)) == PAPER[name]
    told = [f"<b>{number:,}</b>" for number in PAPER[name]]
    assert all(part in panel.readout.value for part in told)
    if "=" in size:
        left, right = size.split(" = ")
        assert value(left) == value(right)


def test_everything_together_is_60_000_and_340_908():
    assert sum(value(facts[2]) for facts in FACTS.values()) == 60_000
    assert sum(value(facts[3]) for facts in FACTS.values()) == 340_908


def test_boxes_hold_what_the_model_computed(image):
    panel = lenet_map(image)
    pictures = {one["name"]: one for one in panel.controls["name"].scene["pictures"]}
    sheet = np.asarray(Image.open(io.BytesIO(b64decode(pictures["S2"]["href"].split(",")[1]))))
    maps = layer_outputs(shipped_model()[0], image[None])["squash2"][0].numpy()
    shown = sheet[: 14 * 4 : 4, : 14 * 4 : 4, 0]  # 0번 맵, 값 하나가 4픽셀입니다.
    expected = (np.clip((maps[0] + 1) / 2, 0, 1) * 255).round()
    np.testing.assert_array_equal(shown, expected)
    for band, name in zip(panel.controls["name"].scene["bands"], FACTS, strict=True):
        box = pictures[name]
        assert band["x"] < box["x"]
        assert box["x"] + box["width"] < band["x"] + band["width"]
