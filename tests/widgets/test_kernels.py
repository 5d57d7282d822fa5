"""커널 보기: 반응은 PyTorch의 합성곱과, 색의 비율은 손으로 만든 커널로 확인합니다."""

import numpy as np
import pytest
import torch

from course_utils.widgets.kernels import (
    COLOR,
    LUMINANCE,
    TILES_LEFT,
    TOP,
    centered,
    color_share,
    colors_of,
    draw_kernel,
    kernel_viewer,
    luminance_part,
    tile_grid,
    tile_sheet,
)

SOURCE = "테스트의 커널입니다. <학습하지 않음>"


@pytest.fixture
def kernels():
    return torch.randn(96, 3, 11, 11, generator=torch.Generator().manual_seed(0)).numpy()


@pytest.fixture
def photo():
    return np.random.default_rng(0).integers(0, 256, (64, 80, 3), dtype=np.uint8)


def test_readout_is_the_strongest_response_of_a_slow_convolution(photo, kernels):
    text, _ = draw_kernel(kernels, photo, index=5, view=COLOR, stride=4)
    pixels, kernel = centered(photo).astype(float), kernels[5].transpose(1, 2, 0)
    response = [
        (pixels[top : top + 11, left : left + 11] * kernel).sum()
        for top in range(0, 64 - 10, 4)
        for left in range(0, 80 - 10, 4)
    ]
    strongest = max(response, key=abs)
    assert f"<b>{strongest:+.3g}</b>".replace("-", "−") in text


def test_photo_smaller_than_the_kernel_is_explained(kernels):
    with pytest.raises(ValueError, match=r"사진\(10×40\)이 커널\(11×11\)보다 작습니다"):
        kernel_viewer(kernels, np.zeros((10, 40, 3), np.uint8), source=SOURCE)


def test_centered_photo_has_mean_zero_in_every_channel(photo):
    photo[..., 0] //= 4
    pixels = centered(photo)
    np.testing.assert_allclose(pixels.mean(axis=(0, 1)), 0, atol=1e-5)
    assert pixels[3, 4, 1] - pixels[0, 0, 1] == pytest.approx(
        (int(photo[3, 4, 1]) - int(photo[0, 0, 1])) / 255, abs=1e-6
    )


@pytest.mark.parametrize(
    "photo", [np.zeros((9, 9), np.uint8), np.zeros((3, 9, 9), np.uint8), np.zeros((9, 9, 3))]
)
def test_wrong_photo_is_explained(kernels, photo):
    with pytest.raises(ValueError, match="uint8"):
        kernel_viewer(kernels, photo, source=SOURCE)


@pytest.mark.parametrize("shape", [(3, 11, 11), (96, 1, 11, 11), (96, 3, 11, 5), (0, 3, 5, 5)])
def test_wrong_kernels_are_explained(photo, shape):
    with pytest.raises(ValueError, match="첫 합성곱의 weight"):
        kernel_viewer(torch.zeros(shape), photo, source=SOURCE)


def test_gray_kernel_is_all_luminance_and_opponent_kernel_all_color():
    gray = np.ones((3, 2, 2)) * [[1, -2], [3, 0]]
    opponent = gray * np.array([1, 0, -1])[:, None, None]
    one_channel = gray * np.array([1, 0, 0])[:, None, None]
    assert color_share(gray) == pytest.approx(0)
    assert color_share(opponent) == pytest.approx(1)
    assert color_share(one_channel) == pytest.approx(2 / 3)  # 평균은 1/3씩이므로 1 − 3 × (1/3)²
    assert color_share(np.zeros((3, 2, 2))) == 0
    np.testing.assert_array_equal(luminance_part(gray), gray)
    np.testing.assert_array_equal(luminance_part(opponent), 0 * gray)


def test_zero_weight_is_gray_and_signs_are_symmetric():
    kernel = np.zeros((3, 1, 3))
    kernel[0, 0, 0], kernel[1, 0, 1] = 2, -2
    colors = colors_of(kernel, scale=2)
    assert colors[0].tolist() == [[255, 128, 128], [128, 0, 128], [128, 128, 128]]
    assert (colors_of(0 * kernel, scale=0) == 128).all()


def test_every_tile_is_shown_and_only_the_chosen_one_is_outlined():
    values = 7 * np.arange(1, 25, dtype=np.uint8)
    tiles = np.broadcast_to(values[:, None, None, None], (24, 5, 5, 3))
    sheet = tile_sheet(tiles, 13)
    cell = sheet.shape[1] // 6
    centers = sheet[cell // 2 :: cell, cell // 2 :: cell, 0]
    np.testing.assert_array_equal(centers.ravel(), values)
    rows, at = np.nonzero(sheet[::cell, ::cell].min(axis=2) < 255)
    assert list(zip(rows, at, strict=True)) == [divmod(13, 6)]


def test_readout_says_which_and_whose_kernel_this_is(kernels, photo):
    panel = kernel_viewer(kernels, photo, source=SOURCE)
    panel.controls["index"].value = 7
    for view in (COLOR, LUMINANCE):
        panel.controls["view"].value = view
        assert f"7번 커널({view})" in panel.readout.value
        assert "테스트의 커널입니다. &lt;학습하지 않음&gt;" in panel.readout.value


def test_color_kernel_answers_nothing_by_luminance_alone(photo):
    kernel = (np.ones((3, 5, 5)) * np.array([1, 0, -1])[:, None, None]).astype(np.float32)
    texts = [draw_kernel(kernel[None], photo, index=0, view=view, stride=4)[0]
             for view in (COLOR, LUMINANCE)]  # fmt: skip
    assert "가장 센 반응 <b>0</b>" not in texts[0]
    assert "가장 센 반응 <b>0</b>" in texts[1]
    assert all("색의 비율 <b>100%</b>" in text for text in texts)


def test_click_picks_the_kernel_under_it(kernels, photo, click):
    panel = kernel_viewer(kernels, photo, source=SOURCE)
    columns, zoom = tile_grid(96, 11)
    cell = 11 * zoom + 4
    for index in (0, 17, 95):
        row, column = divmod(index, columns)
        click(panel, TILES_LEFT + (column + 0.5) * cell, TOP + (row + 0.5) * cell)
        assert panel.controls["index"].value == index
    click(panel, TILES_LEFT - 5, TOP)
    click(panel, TILES_LEFT + columns * cell + 3, TOP)
    assert panel.controls["index"].value == 95
