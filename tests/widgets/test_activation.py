"""활성 함수와 기울기: 값과 기울기를 PyTorch의 자동 미분과 비교합니다."""

import numpy as np
import pytest
import torch

from course_utils.widgets.activation import (
    NAMES,
    RELU,
    SIGMOID,
    TANH,
    activate,
    activation_explorer,
    describe,
    gradient,
    scientific,
)

BY_TORCH = {RELU: torch.relu, TANH: torch.tanh, SIGMOID: torch.sigmoid}


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


@pytest.mark.parametrize(("name", "x", "largest"), [(SIGMOID, 0, 0.25), (TANH, 0, 1), (RELU, 3, 1)])
def test_largest_gradients(name, x, largest):
    assert gradient(name, x) == largest


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (-3.4, "−3.4"), (0.25, "0.25"), (9.5367e-7, "9.5 × 10<sup>−7</sup>")],
)
def test_small_numbers_are_powers_of_ten(value, text):
    assert scientific(value) == text


@pytest.mark.parametrize(
    ("name", "x", "words"),
    [
        (SIGMOID, 0.0, f"<b>{scientific(0.25**10)}</b>배"),
        (RELU, 2.0, "<b>1</b>배"),
        (RELU, 2.0, "포화가 아닙니다"),
        (RELU, -2.0, "<b>0</b>배"),
        (RELU, -2.0, "<b>포화</b>: 기울기가 0"),
        # 시그모이드의 기울기는 |x| = 2.89에서, tanh의 기울기는 |x| = 2.18에서 0.05입니다.
        (SIGMOID, -2.8, "포화가 아닙니다"),
        (SIGMOID, 2.9, "<b>포화</b>: 기울기가 0.05보다"),
        (TANH, 2.1, "포화가 아닙니다"),
        (TANH, -2.2, "<b>포화</b>: 기울기가 0.05보다"),
    ],
)
def test_ten_layers_and_saturation_are_told(name, x, words):
    assert words in describe(name, x)


def test_coming_back_gives_the_same_picture():
    panel = activation_explorer()
    first = panel.image.value
    panel.controls["name"].value = TANH
    assert panel.image.value != first
    panel.controls["name"].value = RELU
    assert panel.image.value == first
