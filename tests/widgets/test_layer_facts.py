"""층마다의 사실: 파라미터는 논문의 구조로, 어느 열을 읽는지는 변화도로 따로 확인합니다."""

import pytest
import torch
from torch import nn

from course_utils.alexnet import AlexNetOriginal, ColumnLRN
from course_utils.anatomy import dissect
from course_utils.widgets.explorer import (
    collect_facts,
    mac_formula,
    mixes_columns,
    original_without_weights,
    parameter_formula,
)

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


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return AlexNetOriginal().eval()


@pytest.fixture(scope="module")
def facts(model):
    return {one.name: one for one in collect_facts(model)}


def value_of(formula):
    """사람이 읽는 식을 계산합니다."""
    for old, new in {"×": "*", ",": "", "가중치": "", "개": "", "자리": ""}.items():
        formula = formula.replace(old, new)
    return eval(formula, {"__builtins__": {}})


def second_half_matters(module):
    """출력의 앞쪽 절반이 입력의 뒤쪽 절반에 기대면 참입니다. 변화도가 말해 줍니다."""
    channels = getattr(module, "in_channels", None) or getattr(module, "in_features", 96)
    shape = (1, channels) if isinstance(module, nn.Linear) else (1, channels, 5, 5)
    inputs = torch.rand(shape, requires_grad=True)
    outputs = module(inputs)
    outputs[:, : outputs.shape[1] // 2].sum().backward()
    return bool(inputs.grad[:, channels // 2 :].abs().sum() > 0)


def test_layers_are_those_of_the_paper_in_order(facts):
    order = "conv1 norm1 pool1 conv2 norm2 pool2 conv3 conv4 conv5 pool5 fc6 fc7 fc8"
    assert list(facts) == order.split()


def test_all_layers_together_have_60_965_224_parameters(facts):
    assert sum(one.parameters for one in facts.values()) == 60_965_224


def test_parameters_follow_from_the_kernels_of_the_paper(facts):
    counted = {name: one.parameters for name, one in facts.items() if one.parameters}
    assert counted == PARAMETERS


@pytest.mark.parametrize("name", PARAMETERS)
def test_formula_evaluates_to_the_number_of_parameters(facts, name):
    assert value_of(parameter_formula(facts[name].module)) == PARAMETERS[name]


def test_formula_of_conv2_counts_each_column(facts):
    assert parameter_formula(facts["conv2"].module) == "2 × (128 × 48 × 5 × 5 + 128)"


def test_formula_without_bias():
    assert parameter_formula(nn.Conv2d(4, 6, 3, bias=False)) == "6 × 4 × 3 × 3"


@pytest.mark.parametrize("name", ["norm1", "pool5"])
def test_layers_without_weights_have_no_formula(facts, name):
    assert parameter_formula(facts[name].module) == mac_formula(facts[name]) == ""


@pytest.mark.parametrize("name", PARAMETERS)
def test_mac_formula_evaluates_to_weights_times_positions(facts, name):
    biases = {"fc8": 1000}.get(name, facts[name].shape[0])
    macs = (PARAMETERS[name] - biases) * SIDES.get(name, 1) ** 2
    assert value_of(mac_formula(facts[name])) == facts[name].macs == macs


def test_only_conv3_and_the_fc_layers_read_both_columns(facts):
    both = {name for name, one in facts.items() if one.reads == "both"}
    assert both == {"conv3", "fc6", "fc7", "fc8"}  # Krizhevsky 2012, §3.5


def test_first_layer_reads_the_image(facts):
    assert [name for name, one in facts.items() if one.reads == "input"] == ["conv1"]


def test_gradients_agree_on_which_layers_read_both_columns(facts):
    for name, one in list(facts.items())[1:]:
        assert second_half_matters(one.module) == (one.reads == "both"), name


def test_lrn_over_all_channels_would_mix_the_columns():
    assert second_half_matters(ColumnLRN(columns=1))
    assert mixes_columns(ColumnLRN(columns=1))


def test_only_the_last_output_is_not_split(facts):
    assert [name for name, one in facts.items() if one.columns == 1] == ["fc8"]


def test_memory_of_all_layers_is_that_of_the_whole_model(model, facts):
    whole = sum(layer.training_bytes(128) for layer in dissect(model, (3, 224, 224)))
    assert sum(one.training_bytes(128) for one in facts.values()) == whole


def test_dropout_output_belongs_to_its_layer(facts):
    assert facts["fc6"].followers == ["ReLU", "드롭아웃"]
    assert facts["fc6"].activations == 2 * 4096


def test_default_model_costs_no_memory_and_no_random_numbers():
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    assert {value.device.type for value in original_without_weights().parameters()} == {"meta"}
    torch.testing.assert_close(torch.rand(2), expected)


def test_model_without_weights_gives_the_same_facts(facts):
    light = collect_facts(original_without_weights())
    assert [one.parts for one in light] == [one.parts for one in facts.values()]


def test_unknown_layer_is_named():
    with torch.device("meta"):
        model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Sigmoid())
    with pytest.raises(ValueError, match=r"1\(Sigmoid\)은\(는\) 그릴 줄 모르는 층"):
        collect_facts(model)
