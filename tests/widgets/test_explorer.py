"""구조 살펴보기: 수는 논문의 구조에서 셈한 값과, 어느 열을 읽는지는 기울기와 비교합니다."""

import base64

import pytest
import torch
from torch import nn

from course_utils.alexnet import AlexNetOriginal, ColumnLRN
from course_utils.anatomy import dissect
from course_utils.widgets.explorer import (
    architecture_explorer,
    collect_facts,
    describe,
    formulas,
    mixes_columns,
    original_without_weights,
)
from course_utils.widgets.layer_map import HEIGHT

ORDER = [
    "conv1", "norm1", "pool1", "conv2", "norm2", "pool2", "conv3", "conv4", "conv5", "pool5",
    "fc6", "fc7", "fc8",
]  # fmt: skip
# Krizhevsky 2012, §3.5의 커널에서 셈한 수
PARAMETERS = {
    "conv1": 96 * (11 * 11 * 3 + 1),
    "conv2": 256 * (5 * 5 * 48 + 1),
    "conv3": 384 * (3 * 3 * 256 + 1),
    "conv4": 384 * (3 * 3 * 192 + 1),
    "conv5": 256 * (3 * 3 * 192 + 1),
    "fc6": 4096 * (6 * 6 * 256 + 1),
    "fc7": 4096 * (4096 + 1),
    "fc8": 1000 * (4096 + 1),
}
SIDES = {"conv1": 55, "conv2": 27, "conv3": 13, "conv4": 13, "conv5": 13}
READS_BOTH = {"conv3", "fc6", "fc7", "fc8"}  # Krizhevsky 2012, §3.5
SENTENCES = {
    "input": "두 GPU가 같은 이미지를 받습니다",
    "own": "자기 열의 맵만 읽습니다",
    "both": "두 열을 모두 읽습니다: 여기서 GPU가 값을 주고받습니다",
}


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return AlexNetOriginal().eval()


@pytest.fixture(scope="module")
def facts(model):
    return {one.name: one for one in collect_facts(model)}


@pytest.fixture
def panel():
    return architecture_explorer()


def value_of(formula):
    """사람이 읽는 식을 계산합니다."""
    for old, new in {"×": "*", ",": "", "가중치": "", "개": "", "자리": ""}.items():
        formula = formula.replace(old, new)
    return eval(formula, {"__builtins__": {}})


def second_half_matters(module):
    """출력의 앞쪽 절반이 입력의 뒤쪽 절반에 기대면 참입니다. 기울기가 말해 줍니다."""
    channels = getattr(module, "in_channels", None) or getattr(module, "in_features", 96)
    shape = (1, channels) if isinstance(module, nn.Linear) else (1, channels, 5, 5)
    inputs = torch.rand(shape, requires_grad=True)
    outputs = module(inputs)
    outputs[:, : outputs.shape[1] // 2].sum().backward()
    return bool(inputs.grad[:, channels // 2 :].abs().sum() > 0)


def test_parameters_follow_from_the_kernels_of_the_paper(facts):
    assert list(facts) == ORDER
    counted = {name: one.total("parameters") for name, one in facts.items()}
    assert {name: count for name, count in counted.items() if count} == PARAMETERS


@pytest.mark.parametrize("name", PARAMETERS)
def test_formulas_evaluate_to_parameters_and_to_weights_times_positions(facts, name):
    parameters, macs = formulas(facts[name])
    assert value_of(parameters) == PARAMETERS[name]
    biases = {"fc8": 1000}.get(name, facts[name].shape[0])
    expected = (PARAMETERS[name] - biases) * SIDES.get(name, 1) ** 2
    assert value_of(macs) == facts[name].total("macs") == expected


def test_gradients_agree_on_which_layers_read_both_columns(facts):
    assert {name for name, one in facts.items() if one.reads == "both"} == READS_BOTH
    for name in ORDER[1:]:
        assert second_half_matters(facts[name].module) == (name in READS_BOTH), name
    over_all_channels = ColumnLRN(columns=1)
    assert second_half_matters(over_all_channels)
    assert mixes_columns(over_all_channels)


def test_memory_of_all_layers_is_that_of_the_whole_model(model, facts):
    whole = sum(layer.training_bytes(128) for layer in dissect(model, (3, 224, 224)))
    assert sum(one.training_bytes(128) for one in facts.values()) == whole


def test_default_model_gives_the_same_facts_without_memory_or_random_numbers(facts):
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    light = original_without_weights()
    architecture_explorer()
    torch.testing.assert_close(torch.rand(2), expected)
    assert {value.device.type for value in light.parameters()} == {"meta"}
    assert [one.parts for one in collect_facts(light)] == [one.parts for one in facts.values()]


def test_unknown_layer_is_named():
    with torch.device("meta"):
        model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Sigmoid())
    with pytest.raises(ValueError, match=r"1\(Sigmoid\)은\(는\) 그릴 줄 모르는 층"):
        collect_facts(model)


@pytest.mark.parametrize("name", ORDER)
def test_readout_says_which_columns_are_read(facts, name):
    reads = "input" if name == "conv1" else "both" if name in READS_BOTH else "own"
    text = describe(list(facts.values()), name, batch_size=128)
    assert [kind for kind, sentence in SENTENCES.items() if sentence in text] == [reads]


@pytest.mark.parametrize(("name", "sentence"), [
    ("conv2", "2 × (128 × 48 × 5 × 5 + 128) = <b>307,456</b> (전체 60,965,224의 0.5%)"),
    ("conv2", "가중치 307,200개 × 27 × 27자리 = <b>223,948,800</b> (전체 724,406,816의 30.9"),
    ("conv2", "<b>256 × 27 × 27</b> = 2열 × (128 × 27 × 27)"),
    ("conv2", "이미지 한 장에 <b>186,624</b>개"),
    ("conv2", "pool1의 맵 96개 가운데 48개"),
    ("conv2", "합성곱 5×5, 스트라이드 1, 패딩 2 → ReLU"),
    ("conv2", "pool1 → <b>conv2</b> → norm2"),
    ("conv1", "입력 이미지 → <b>conv1</b> → norm1"),
    ("conv3", "pool2의 맵 256개 모두"),
    ("conv3", "<b>77.1 MB</b>"),  # 4바이트 × (3 × 885,120 + 2 × 128 × 64,896)
    ("fc6", "4,096 × 9,216 + 4,096 = <b>37,752,832</b> (전체 60,965,224의 61.9%)"),
    ("fc6", "<b>4,096개</b> = 2열 × 2,048개"),
    ("fc6", "드롭아웃의 출력도"),
    ("fc8", "<b>1,000개</b> (열로 나누지 않고"),
    ("pool5", "0 (학습하는 가중치가 없습니다)"),
    ("norm1", "이웃한 5개 채널"),
])  # fmt: skip
def test_readout(facts, name, sentence):
    assert sentence in describe(list(facts.values()), name, batch_size=128)


def test_every_layer_has_its_picture_and_its_static_diagram(panel, open_png):
    pictures = set()
    for name in ORDER:
        panel.controls["name"].value = name
        assert f"<b>{name}</b> &nbsp;" in panel.readout.value
        pictures.add(panel.image.value)
    assert len(pictures) == len(ORDER)
    data, metadata = panel._repr_mimebundle_()
    static = open_png(base64.b64decode(data["image/png"]))
    bars = open_png(panel.image.value)  # 구조도 아래에 막대가 있습니다.
    assert (static[HEIGHT : HEIGHT + len(bars)] == bars).all()
    assert "conv3, fc6, fc7, fc8만 두 열을 모두 읽습니다" in metadata["image/png"]["alt"]


def test_facts_come_from_the_model_and_batch_size_that_are_given():
    with torch.device("meta"):
        model = AlexNetOriginal(num_classes=10)
    panel = architecture_explorer(model, batch_size=1)
    panel.controls["name"].value = "fc8"
    assert "10 × 4,096 + 10 = <b>40,970</b>" in panel.readout.value
    # 4바이트 × (3 × 40,970 + 2 × 10)
    assert "배치 1의 학습 한 스텝에 적어도 <b>0.5 MB</b>" in panel.readout.value
