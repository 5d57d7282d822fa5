"""해부 표를 손으로 한 산수와 PyTorch의 FLOP 계수기에 견줍니다."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from course_utils.anatomy import dissect
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


def test_grouped_convolution_counts_only_its_own_group():
    (row,) = dissect(nn.Sequential(nn.Conv2d(4, 8, 3, groups=2, bias=False)), (4, 5, 5))
    assert row.parameters == 8 * 2 * 9
    assert row.connections == row.macs == 8 * 2 * 9 * 9


@pytest.mark.parametrize("pool", [nn.AvgPool2d(2), nn.MaxPool2d((2, 2))])
def test_pooling_has_connections_but_no_parameters(pool):
    (row,) = dissect(nn.Sequential(pool), (3, 4, 4))
    assert (row.parameters, row.connections, row.macs) == (0, 4 * 3 * 4, 0)


def test_macs_of_lenet_equal_half_of_pytorchs_flop_count():
    model = LeNet5()
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, 1, 32, 32))
    macs = sum(row.macs for row in dissect(model, (1, 32, 32)))
    assert 2 * macs == counter.get_total_flops()


def test_frozen_parameters_are_not_counted():
    model = nn.Sequential(nn.Linear(3, 2))
    model[0].bias.requires_grad_(False)
    assert dissect(model, (3,))[0].parameters == 6


def test_dissecting_leaves_the_model_as_it_was():
    model = nn.Sequential(nn.BatchNorm2d(1), nn.Dropout(), nn.Conv2d(1, 1, 1))
    model[1].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    dissect(model, (1, 4, 4))
    assert [module.training for module in model] == [True, False, True]
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert not any(module._forward_hooks for module in model)


def test_hooks_are_removed_even_when_the_model_fails():
    model = LeNet5()
    with pytest.raises(ValueError, match="32"):
        dissect(model, (1, 28, 28))
    assert not any(module._forward_hooks for module in model.modules())
    assert model.training
