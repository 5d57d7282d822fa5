"""활성 함수와 기울기: 값과 기울기를 PyTorch의 자동 미분으로 견줍니다."""

import numpy as np
import pytest
import torch

from course_utils.widgets.activation import (
    EDGES,
    HEIGHTS,
    NAMES,
    RELU,
    SIGMOID,
    TANGENT,
    TANH,
    activate,
    activation_explorer,
    describe,
    gradient,
    saturated,
    saturated_spans,
    scientific,
)

BY_TORCH = {RELU: torch.relu, TANH: torch.tanh, SIGMOID: torch.sigmoid}


@pytest.fixture
def panel():
    return activation_explorer()


# --- 계산 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_value_and_gradient_equal_autograd(name):
    x = torch.linspace(-6, 6, 121, dtype=torch.float64)
    x[60] = 0  # ReLU가 꺾인 곳
    x.requires_grad_()
    value = BY_TORCH[name](x)
    value.sum().backward()
    at = x.detach().numpy()
    np.testing.assert_allclose(activate(name, at), value.detach().numpy(), atol=1e-12)
    np.testing.assert_allclose(gradient(name, at), x.grad.numpy(), atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_far_inputs_neither_overflow_nor_warn(name):
    with np.errstate(all="raise"):
        assert np.isfinite(activate(name, [-1e4, 1e4])).all()
        assert np.isfinite(gradient(name, [-1e4, 1e4])).all()


def test_largest_gradients():
    assert gradient(SIGMOID, 0) == 0.25
    assert gradient(TANH, 0) == 1
    assert gradient(RELU, 3) == 1


def test_saturated_spans_are_where_the_gradient_is_small():
    assert saturated_spans(RELU) == [(-6, 0)]
    edge = np.arctanh(np.sqrt(0.95))
    np.testing.assert_allclose(saturated_spans(TANH), [(-6, -edge), (edge, 6)], atol=0.011)
    assert [bool(saturated(SIGMOID, x)) for x in (-3, -2.8, 2.8, 3)] == [True, False, False, True]


@pytest.mark.parametrize("name", NAMES)
def test_tangent_stays_inside_the_axes(name):
    x = np.linspace(-6, 6, 121)
    low, high = HEIGHTS[name]
    for near in (np.clip(x - TANGENT, *EDGES), np.clip(x + TANGENT, *EDGES)):
        y = activate(name, x) + gradient(name, x) * (near - x)
        assert low < y.min()
        assert y.max() < high


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (-3.4, "−3.4"), (0.25, "0.25"), (9.5367e-7, "9.5 × 10<sup>−7</sup>")],
)
def test_small_numbers_are_powers_of_ten(value, text):
    assert scientific(value) == text


def test_ten_layers_of_gradient_are_told():
    assert f"<b>{scientific(0.25**10)}</b>배" in describe(SIGMOID, 0.0)
    assert "<b>1</b>배" in describe(RELU, 2.0)
    assert "포화가 아닙니다" in describe(RELU, 2.0)
    assert "<b>0</b>배" in describe(RELU, -2.0)
    assert "<b>포화</b>" in describe(RELU, -2.0)
    assert "<b>포화</b>" in describe(TANH, 5.0)


# --- 조작 -----------------------------------------------------------------------------------------


def test_coming_back_gives_the_same_picture(panel):
    first = panel.image.value
    panel.controls["name"].value = TANH
    assert panel.image.value != first
    assert panel.readout.value.count(describe(TANH, 1.0)) == 1
    panel.controls["name"].value = RELU
    assert panel.image.value == first
