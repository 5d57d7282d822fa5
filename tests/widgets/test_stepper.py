"""합성곱 한 걸음씩: 값은 PyTorch의 합성곱으로, 식은 손으로 계산해 견줍니다."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course_utils.widgets.stepper import (
    PATCH,
    convolution_stepper,
    convolve,
    convolve_at,
    draw_step,
    photo_patch,
    size_formula,
    sum_in_words,
)

IMAGE = np.arange(42).reshape(6, 7) * 7 % 23


@pytest.fixture
def panel():
    return convolution_stepper()


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, 2])
def test_equals_torch_convolution(stride, padding):
    kernel = np.array([[1, -2, 0], [3, 1, -1], [0, 2, 5]])
    expected = F.conv2d(
        torch.tensor(IMAGE, dtype=torch.float64)[None, None],
        torch.tensor(kernel, dtype=torch.float64)[None, None],
        stride=stride,
        padding=padding,
    )[0, 0]
    np.testing.assert_array_equal(convolve(IMAGE, kernel, stride, padding), expected.numpy())


def test_one_position_by_hand():
    image = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    window, products, total = convolve_at(image, [[1, 0], [0, -1]], 1, 0)
    np.testing.assert_array_equal(window, [[4, 5], [7, 8]])
    np.testing.assert_array_equal(products, [[4, 0], [0, -8]])
    assert total == -4


def test_sum_is_written_out():
    window, weights = np.array([[12, 45], [3, 9]]), np.array([[-1, 0], [1, 2]])
    assert sum_in_words(window, weights, 1) == ("12×(–1) + 45×0 + 3×1 + 9×2", "9")
    assert sum_in_words(window, np.ones((2, 2), dtype=int), 4) == ("(12 + 45 + 3 + 9) ÷ 4", "17.2")


def test_formula_has_the_numbers_put_in():
    assert size_formula(10, 3, 2, 1).endswith("⌊(10 + 2×1 − 3) / 2⌋ + 1  =  5")


def test_patch_is_the_mean_of_its_blocks():
    photo = np.zeros((40, 50), dtype=np.uint8)
    photo[4:6, 8:10] = [[10, 20], [30, 40]]
    patch = photo_patch(photo, top=4, left=8, side=20)
    assert patch.shape == (10, 10)
    assert patch[0, 0] == 25
    assert patch.sum() == 25


def test_patch_lies_inside_the_photo_and_has_contrast(panel):
    from skimage.data import camera

    top, left, side = PATCH
    patch = photo_patch(camera(), top=top, left=left, side=side)
    assert max(top, left) + side <= min(camera().shape)
    assert patch.max() - patch.min() > 150


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


def test_readout_is_the_convolution_of_the_shown_patch():
    patch = np.arange(100).reshape(10, 10)
    text, _ = draw_step(
        patch, np.zeros((40, 40)), kernel="세로 테두리", stride=1, padding=0, position=9
    )
    # 오른쪽 열이 왼쪽 열보다 세 줄 모두 2씩 크므로 합은 6입니다.
    assert "2행 2열 = <b>6</b>" in text


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
