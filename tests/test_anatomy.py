"""해부 표를 손으로 한 산수와 PyTorch의 FLOP 계수기와 비교합니다."""

import math

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from course_utils.alexnet import AlexNet, AlexNetOriginal
from course_utils.anatomy import dissect, forward_and_count, layer_outputs, output_size
from course_utils.lenet import LeNet5, LeNet5Original


def test_output_shapes_of_lenet_follow_the_size_formula():
    shapes = {row.name: row.output_shape for row in dissect(LeNet5Original(), (1, 32, 32))}
    assert [shapes[name] for name in ("C1", "S2", "C3", "S4", "C5", "F6", "output")] == [
        (6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (120, 1, 1), (84,), (10,),
    ]  # fmt: skip


def test_convolution_row_matches_hand_arithmetic():
    (row,) = dissect(nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1)), (3, 9, 9))
    assert row.output_shape == (8, 5, 5)
    assert row.parameters == 8 * (3 * 3 * 3 + 1)
    assert row.connections == row.parameters * 25
    assert row.macs == 8 * 27 * 25


@pytest.mark.parametrize("pool", [nn.AvgPool2d(2), nn.MaxPool2d((2, 2))])
def test_pooling_has_connections_but_no_parameters(pool):
    (row,) = dissect(nn.Sequential(pool), (3, 4, 4))
    assert (row.parameters, row.connections, row.macs) == (0, 4 * 3 * 4, 0)


def outline(model):
    """값 없이 모양만 있는 모델입니다. 6천만 개의 파라미터를 채우지 않아 금방 만듭니다."""
    with torch.device("meta"):
        return model()


@pytest.mark.parametrize(
    ("model", "shape", "millions"),
    [
        (LeNet5, (1, 32, 32), 0.4),
        (AlexNet, (3, 227, 227), 1_135.3),
        (AlexNetOriginal, (3, 224, 224), 724.4),
    ],
)
def test_macs_equal_half_of_pytorchs_flop_count(model, shape, millions):
    net = outline(model)
    with FlopCounterMode(display=False) as counter:
        net(torch.zeros(1, *shape, device="meta"))
    macs = sum(row.macs for row in dissect(net, shape))
    assert 2 * macs == counter.get_total_flops()
    assert round(macs / 1e6, 1) == millions


def test_alexnet_keeps_its_parameters_in_fc_and_its_arithmetic_in_convolutions():
    rows = dissect(outline(AlexNetOriginal), (3, 224, 224))
    fc_parameters = sum(row.parameters for row in rows if row.kind == "Linear")
    assert round(100 * fc_parameters / sum(row.parameters for row in rows), 1) == 96.2
    convolution_macs = sum(row.macs for row in rows if row.kind == "Conv2d")
    assert convolution_macs / sum(row.macs for row in rows) > 0.9


def test_inplace_layers_hold_no_activations_of_their_own():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(inplace=True), nn.ReLU())
    assert [row.activations for row in dissect(model, (1, 6, 6))] == [32, 0, 32]


def test_training_bytes_of_a_convolution_match_hand_arithmetic():
    (row,) = dissect(nn.Sequential(nn.Conv2d(2, 3, 3)), (2, 5, 5))
    # 파라미터 3×(2×9 + 1) = 57개가 셋씩, 출력 3×3×3 = 27개가 이미지 10장마다 둘씩, 4바이트입니다.
    assert row.training_bytes(batch_size=10) == 4 * (3 * 57 + 2 * 10 * 27) == 2_844


def test_activations_of_alexnet_are_what_autograd_keeps():
    """평가 모드의 드롭아웃은 입력을 그대로 돌려주고, 로짓은 어느 층의 역전파도 쓰지 않습니다.

    표가 세지 않는 것은 입력 이미지와, 최대 풀링이 출력마다 적어 두는 8바이트 자리 번호뿐입니다.
    """
    model, images = AlexNet().eval(), torch.rand(1, 3, 227, 227, requires_grad=True)
    rows = dissect(model, (3, 227, 227))
    outputs = sum(row.activations for row in rows if row.kind != "Dropout" and row.name != "fc8")
    pooled = sum(math.prod(row.output_shape) for row in rows if row.kind == "MaxPool2d")
    expected = 4 * (images.numel() + outputs) + 8 * pooled
    assert forward_and_count(model, images)[1] == expected


def test_frozen_parameters_are_not_counted():
    model = nn.Sequential(nn.Linear(3, 2))
    model[0].bias.requires_grad_(False)
    assert dissect(model, (3,))[0].parameters == 6


@pytest.mark.parametrize("look", [dissect, layer_outputs])
def test_looking_leaves_the_model_as_it_was(look):
    model = nn.Sequential(nn.BatchNorm2d(1), nn.Dropout(), nn.Conv2d(1, 1, 1))
    model[1].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    look(model, (1, 4, 4) if look is dissect else torch.rand(1, 1, 4, 4))
    assert [module.training for module in model] == [True, False, True]
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert not any(module._forward_hooks for module in model)


def test_a_failing_model_is_left_as_it_was():
    model = LeNet5()
    with pytest.raises(ValueError, match="32"):
        dissect(model, (1, 28, 28))
    assert not any(module._forward_hooks for module in model.modules())
    assert model.training


@pytest.mark.parametrize("ceil", [False, True])
@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize(("size", "kernel"), [(7, 2), (8, 3), (13, 3), (11, 5), (5, 5)])
def test_output_size_agrees_with_pytorch_pooling(size, kernel, stride, padding, ceil):
    pool = nn.MaxPool2d(kernel, stride=stride, padding=padding, ceil_mode=ceil)
    expected = pool(torch.zeros(1, 1, size, size)).shape[-1]
    assert output_size(size, kernel, stride, padding, ceil=ceil) == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((32, 5), 28),
        ((28, 2, 2), 14),
        ((227, 11, 4), 55),
        ((224, 11, 4, 2), 55),
        ((1, 1, 1, 5), 11),  # 커널보다 넓은 패딩
    ],
)
def test_output_sizes_of_the_two_papers(arguments, expected):
    assert output_size(*arguments) == expected


def test_ceil_rule_of_2012_turns_224_into_55_27_13_6():
    sides = [output_size(224, 11, 4, ceil=True)]
    for _ in range(3):
        sides.append(output_size(sides[-1], 3, 2, ceil=True))
    assert sides == [55, 27, 13, 6]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((4, 5), "커널을 줄이거나"),
        ((4, 0), "1 이상"),
        ((4, 2, 0), "1 이상"),
        ((4, 2, 1, -1), "0 이상"),
    ],
)
def test_impossible_output_size_is_explained(arguments, message):
    with pytest.raises(ValueError, match=message):
        output_size(*arguments)


def test_layer_outputs_are_the_steps_of_the_forward_pass():
    model, images = LeNet5(), torch.rand(2, 1, 32, 32)
    outputs = layer_outputs(model, images)
    assert list(outputs) == [
        "C1", "tanh1", "S2", "C3", "tanh3", "S4", "C5", "tanh5", "F6", "tanh6", "output",
    ]  # fmt: skip
    torch.testing.assert_close(outputs["tanh1"], model.features.C1(images).tanh())
    torch.testing.assert_close(outputs["output"], model(images))


def test_layer_outputs_survive_inplace_activations():
    model = nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU(inplace=True))
    images = torch.randn(1, 1, 4, 4)
    torch.testing.assert_close(layer_outputs(model, images)["0"], model[0](images))


def test_layer_outputs_use_full_names_where_short_ones_collide():
    model = nn.Sequential()
    model.add_module("features", nn.Sequential(nn.Flatten()))
    model.add_module("classifier", nn.Sequential(nn.Linear(4, 2), nn.Tanh()))
    assert list(layer_outputs(model, torch.zeros(1, 1, 2, 2))) == [
        "features.0", "classifier.0", "1",
    ]  # fmt: skip
