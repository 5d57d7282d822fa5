"""구조 살펴보기: 모든 층을 골라 보며 글에 적힌 수를 논문의 구조에서 셈한 값에 견줍니다."""

import base64

import pytest
import torch

from course_utils.alexnet import AlexNetOriginal
from course_utils.widgets.explorer import (
    BARS_HEIGHT,
    architecture_explorer,
    collect_facts,
    describe,
    original_without_weights,
)
from course_utils.widgets.layer_map import HEIGHT, WIDTH

BOTH = "두 열을 모두 읽습니다: 여기서 GPU가 값을 주고받습니다"
OWN = "자기 열의 맵만 읽습니다"
READS = {
    "conv1": "두 GPU가 같은 이미지를 받습니다", "norm1": OWN, "pool1": OWN,
    "conv2": OWN, "norm2": OWN, "pool2": OWN, "conv3": BOTH, "conv4": OWN,
    "conv5": OWN, "pool5": OWN, "fc6": BOTH, "fc7": BOTH, "fc8": BOTH,
}  # fmt: skip


@pytest.fixture(scope="module")
def facts():
    return collect_facts(original_without_weights())


@pytest.fixture
def panel():
    return architecture_explorer()


def read(panel, name):
    panel.controls["name"].value = name
    return panel.readout.value


def test_every_layer_can_be_chosen(panel):
    assert [layer["name"] for layer in panel.controls["name"].layers] == list(READS)
    for name in READS:
        assert f"<b>{name}</b> &nbsp;" in read(panel, name)


@pytest.mark.parametrize("name", READS)
def test_readout_says_which_columns_are_read(facts, name):
    text = describe(facts, name, batch_size=128)
    assert [sentence for sentence in set(READS.values()) if sentence in text] == [READS[name]]


@pytest.mark.parametrize(("name", "sentence"), [
    ("conv2", "2 × (128 × 48 × 5 × 5 + 128) = <b>307,456</b> (전체 60,965,224의 0.5&nbsp;%)"),
    ("conv2", "가중치 307,200개 × 27 × 27자리 = <b>223,948,800</b> (전체 724,406,816의 30.9"),
    ("conv2", "<b>256 × 27 × 27</b> = 2열 × (128 × 27 × 27)"),
    ("conv2", "이미지 한 장에 <b>186,624</b>개"),
    ("conv2", "pool1의 맵 96개 가운데 48개"),
    ("conv2", "합성곱 5×5, 스트라이드 1, 패딩 2 → ReLU"),
    ("conv2", "pool1 → <b>conv2</b> → norm2"),
    ("conv1", "입력 이미지 → <b>conv1</b> → norm1"),
    ("conv3", "pool2의 맵 256개 모두"),
    ("conv3", "<b>77.1 MB</b>"),  # 4바이트 × (3 × 885,120 + 2 × 128 × 64,896)
    ("fc6", "4,096 × 9,216 + 4,096 = <b>37,752,832</b> (전체 60,965,224의 61.9&nbsp;%)"),
    ("fc6", "<b>4,096개</b> = 2열 × 2,048개"),
    ("fc6", "드롭아웃의 출력도"),
    ("fc8", "<b>1,000개</b> (열로 나누지 않고"),
    ("pool5", "0 (학습하는 가중치가 없습니다)"),
    ("norm1", "이웃한 5개 채널"),
])  # fmt: skip
def test_readout(facts, name, sentence):
    assert sentence in describe(facts, name, batch_size=128)


def test_picture_keeps_its_size_and_marks_the_chosen_layer(panel, open_png):
    pictures = set()
    for name in READS:
        read(panel, name)
        pictures.add(panel.image.value)
        assert open_png(panel.image.value).shape == (BARS_HEIGHT, WIDTH, 3)
    assert len(pictures) == len(READS)


def test_without_front_end_the_diagram_stands_above_the_bars(panel, open_png):
    read(panel, "conv4")
    data, metadata = panel._repr_mimebundle_()
    static = open_png(base64.b64decode(data["image/png"]))
    assert static.shape == (HEIGHT + BARS_HEIGHT, WIDTH, 3)
    assert (static[HEIGHT:] == open_png(panel.image.value)).all()
    assert "conv3, fc6, fc7, fc8만 두 열을 모두 읽습니다" in metadata["image/png"]["alt"]


def test_batch_size_changes_the_memory():
    panel = architecture_explorer(batch_size=1)
    # 4바이트 × (3 × 4,097,000 + 2 × 1,000)
    assert "배치 1의 학습 한 걸음에 적어도 <b>49.2 MB</b>" in read(panel, "fc8")


def test_facts_come_from_the_model_that_is_given():
    with torch.device("meta"):
        model = AlexNetOriginal(num_classes=10)
    assert "10 × 4,096 + 10 = <b>40,970</b>" in read(architecture_explorer(model), "fc8")


def test_building_the_explorer_leaves_the_random_numbers_alone():
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    architecture_explorer()
    torch.testing.assert_close(torch.rand(2), expected)
