"""합성곱 한 칸씩: 값과 식을 손으로 계산한 것과 비교합니다."""

import numpy as np
import pytest

from course_utils.widgets.stepper import (
    convolution_stepper,
    draw_step,
    photo_patch,
    size_formula,
    sum_in_words,
)


@pytest.fixture
def panel():
    return convolution_stepper()


def test_sum_is_written_out():
    window, weights = np.array([[12, 45], [3, 9]]), np.array([[-1, 0], [1, 2]])
    assert sum_in_words(window, weights, 1) == ("12×(–1) + 45×0 + 3×1 + 9×2", "9")
    assert sum_in_words(window, np.ones((2, 2), dtype=int), 4) == ("(12 + 45 + 3 + 9) ÷ 4", "17.2")


def test_formula_has_the_numbers_put_in():
    assert size_formula(10, 3, 2, 1).endswith("⌊(10 + 2×1 − 3) / 2⌋ + 1  =  5")


def test_patch_is_the_mean_of_its_blocks():
    photo = np.zeros((40, 50), dtype=np.uint8)
    photo[4:6, 8:10] = [[10, 20], [30, 40]]
    patch = photo_patch(photo, 4, 8, 20)
    assert patch.shape == (10, 10)
    assert patch[0, 0] == 25
    assert patch.sum() == 25


@pytest.mark.parametrize(
    ("stride", "padding", "size"), [(1, 0, 8), (1, 1, 10), (2, 0, 4), (2, 1, 5)]
)
def test_every_position_range(panel, stride, padding, size):
    panel.controls["stride"].value, panel.controls["padding"].value = stride, padding
    position = panel.controls["position"]
    assert position.max == size * size - 1
    pictures = set()
    for value in (position.min, size, position.max):
        position.value = value
        assert f"<b>{size}×{size}</b>" in panel.readout.value
        assert f"{value // size + 1}행 {value % size + 1}열" in panel.readout.value
        pictures.add(panel.image.value)
    assert len(pictures) == 3


@pytest.mark.parametrize(
    ("settings", "position", "answer"),
    [
        # 값이 오른쪽으로 1, 아래로 10씩 커지는 조각입니다.
        ({"kernel": "세로 에지", "stride": 1, "padding": 0}, 9, "2행 2열 = <b>6</b>"),
        ({"kernel": "가로 에지", "stride": 2, "padding": 0}, 15, "4행 4열 = <b>60</b>"),
        ({"kernel": "흐리게", "stride": 1, "padding": 1}, 0, "1행 1열 = <b>2.4</b>"),  # 22 / 9
        ({"kernel": "선명하게", "stride": 2, "padding": 1}, 24, "5행 5열 = <b>88</b>"),
    ],
)
def test_readout_is_computed_by_hand(settings, position, answer):
    patch = np.arange(100).reshape(10, 10)
    text, _ = draw_step(patch, np.zeros((228, 228)), **settings, position=position)
    assert answer in text


def test_position_is_clamped_when_the_output_shrinks(panel):
    panel.controls["position"].value = 63
    panel.controls["stride"].value = 2
    assert panel.controls["position"].value == 15
    assert "16 / 16번째" in panel.readout.value


def test_buttons_move_one_step_and_stop_at_the_ends(panel):
    previous, following = panel.children[1].children[1:]
    position = panel.controls["position"]
    previous.click()
    assert position.value == 0
    following.click()
    assert position.value == 1
    position.value = position.max
    following.click()
    assert position.value == position.max
