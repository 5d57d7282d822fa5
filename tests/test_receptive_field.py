"""수용 영역: 공식을 실제 합성곱의 기울기와, 파라미터를 PyTorch의 층과 비교합니다."""

import pytest
import torch
from torch import nn

from course_utils.receptive_field import receptive_fields, stack_depth, stack_parameters


def seen_by_one_output(layers):
    """가운데 출력 한 칸의 기울기가 0이 아닌 입력의 한 변입니다."""
    steps = [nn.Conv2d(1, 1, kernel, stride=stride, bias=False) for kernel, stride in layers]
    for step in steps:
        nn.init.ones_(step.weight)
    image = torch.zeros(1, 1, 200, 200, requires_grad=True)
    output = nn.Sequential(*steps)(image)
    output[0, 0, output.shape[2] // 2, output.shape[3] // 2].backward()
    return int((image.grad[0, 0] != 0).any(dim=0).sum())


@pytest.mark.parametrize("layers", [
    [(11, 4)], [(3, 1)] * 5, [(5, 1)] * 3, [(11, 4), (3, 2), (5, 1), (3, 2)],
    [(5, 1), (2, 2), (5, 1), (2, 2)], [(1, 1)], [(2, 2), (3, 1)], [],
])  # fmt: skip
def test_formula_equals_the_inputs_that_reach_one_output(layers):
    assert receptive_fields(layers)[-1] == seen_by_one_output(layers)


@pytest.mark.parametrize(("kernel", "small", "depth"), [
    (5, 3, 2), (7, 3, 3), (11, 3, 5), (11, 5, 3), (3, 3, 1), (1, 3, 0), (4, 3, 2),
])  # fmt: skip
def test_stack_sees_at_least_as_much_and_one_less_does_not(kernel, small, depth):
    assert stack_depth(kernel, small) == depth
    assert receptive_fields([(small, 1)] * depth)[-1] >= kernel
    assert depth == 0 or receptive_fields([(small, 1)] * (depth - 1))[-1] < kernel


@pytest.mark.parametrize(("kernel", "depth", "inputs"), [(11, 1, 3), (3, 5, 3), (3, 2, 16)])
def test_parameters_are_those_of_the_layers(kernel, depth, inputs):
    widths = [inputs] + [16] * depth
    layers = [nn.Conv2d(widths[i], 16, kernel) for i in range(depth)]
    expected = sum(p.numel() for layer in layers for p in layer.parameters())
    assert stack_parameters(kernel, depth, channels=16, in_channels=inputs) == expected


def test_conv1_of_alexnet_has_34944_parameters():
    assert stack_parameters(11, 1, channels=96, in_channels=3) == 34_944


@pytest.mark.parametrize("layer", [(0, 1), (3, 0)])
def test_layer_without_size_is_told(layer):
    with pytest.raises(ValueError, match="1 이상"):
        receptive_fields([layer])
