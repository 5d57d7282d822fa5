"""활성 함수와 기울기: 값과 기울기를 손으로 적은 식과 비교합니다."""

import numpy as np
import pytest

from course_utils.widgets.activation import (
    FUNCTIONS,
    activation_explorer,
    describe,
    scientific,
    value_and_gradient,
)

RELU, TANH, SIGMOID = FUNCTIONS


@pytest.mark.parametrize(
    ("name", "x", "value", "slope"),
    [
        (RELU, [-3, 0, 3], [0, 0, 3], [0, 0, 1]),
        (TANH, [0, np.log(2)], [0, 0.6], [1, 0.64]),
        (SIGMOID, [0, np.log(3)], [0.5, 0.75], [0.25, 0.1875]),
        (SIGMOID, [-1e4, 1e4], [0, 1], [0, 0]),  # 넘치지 않습니다.
    ],
)
def test_values_and_slopes(name, x, value, slope):
    np.testing.assert_allclose(value_and_gradient(name, x), [value, slope], atol=1e-12)


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
