"""커널 보기: 반응은 PyTorch의 합성곱으로, 색의 몫은 손으로 만든 커널로 견줍니다."""

import time

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course_utils.widgets.kernels import (
    COLOR,
    LUMINANCE,
    TILES,
    centered,
    check_kernels,
    color_share,
    colors_of,
    draw_kernel,
    fit,
    kernel_viewer,
    luminance_part,
    respond,
    tile_layout,
    tile_sheet,
)
from course_utils.widgets.pictures import to_png

SOURCE = "시험의 커널입니다. <학습하지 않음>"


@pytest.fixture
def kernels():
    return torch.randn(96, 3, 11, 11, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def photo():
    return np.random.default_rng(0).integers(0, 256, (64, 80, 3), dtype=np.uint8)


@pytest.fixture
def panel(kernels, photo):
    return kernel_viewer(kernels, photo, source=SOURCE)


def by_torch(pixels, kernel, stride):
    x = torch.as_tensor(pixels).permute(2, 0, 1)[None].double()
    return F.conv2d(x, torch.as_tensor(kernel)[None].double(), stride=stride)[0, 0].numpy()


# --- 계산 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("side", [1, 3, 5, 11])
def test_response_equals_torch_convolution(kernels, photo, side, stride):
    pixels, kernel = centered(photo), kernels[0, :, :side, :side].numpy()
    response = respond(pixels, kernel, stride=stride)
    expected = by_torch(pixels, kernel, stride)
    assert response.shape == expected.shape
    np.testing.assert_allclose(response, expected, atol=1e-4)


def test_response_to_a_photo_as_small_as_the_kernel_is_one_number(kernels):
    pixels = np.ones((11, 11, 3), dtype=np.float32)
    response = respond(pixels, kernels[0].numpy(), stride=4)
    assert response.shape == (1, 1)
    assert response.item() == pytest.approx(kernels[0].sum().item(), abs=1e-3)


def test_photo_smaller_than_the_kernel_is_explained(kernels):
    with pytest.raises(ValueError, match=r"사진\(10×40\)이 커널\(11×11\)보다 작습니다"):
        respond(np.zeros((10, 40, 3), dtype=np.float32), kernels[0].numpy())


def test_response_is_fast_enough_for_a_slider(kernels):
    pixels, kernel = np.zeros((512, 512, 3), dtype=np.float32), kernels[0].numpy()
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        respond(pixels, kernel, stride=4)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 0.1


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
def test_wrong_photo_is_explained(photo):
    with pytest.raises(ValueError, match="uint8"):
        centered(photo)


@pytest.mark.parametrize("shape", [(3, 11, 11), (96, 1, 11, 11), (96, 3, 11, 5), (0, 3, 5, 5)])
def test_wrong_kernels_are_explained(shape):
    with pytest.raises(ValueError, match=r"\(K, 3, k, k\)"):
        check_kernels(torch.zeros(shape))


def test_parameters_and_arrays_are_both_taken(kernels):
    weight = torch.nn.Parameter(kernels)
    np.testing.assert_array_equal(check_kernels(weight), kernels.numpy())
    np.testing.assert_array_equal(check_kernels(kernels.double().numpy()), kernels.numpy())


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


# --- 그림 -----------------------------------------------------------------------------------------


def test_zero_weight_is_gray_and_signs_are_symmetric():
    kernel = np.zeros((3, 1, 3))
    kernel[0, 0, 0], kernel[1, 0, 1] = 2, -2
    colors = colors_of(kernel, scale=2)
    assert colors[0].tolist() == [[255, 128, 128], [128, 0, 128], [128, 128, 128]]


def test_kernel_of_zeros_is_gray():
    assert (colors_of(np.zeros((2, 3, 4, 4)), scale=np.zeros((2, 1, 1, 1))) == 128).all()


@pytest.mark.parametrize(
    ("count", "side"), [(96, 11), (64, 11), (24, 5), (24, 11), (1, 7), (97, 3)]
)
def test_tiles_fit_their_place(count, side):
    tiles = np.zeros((count, side, side, 3), dtype=np.uint8)
    height, width, _ = tile_sheet(tiles, 0).shape
    assert width <= TILES[0]
    assert height <= TILES[1]


@pytest.mark.parametrize(("count", "columns"), [(96, 12), (64, 8), (24, 6)])
def test_tiles_fill_whole_rows(count, columns):
    assert tile_layout(count, 11)[0] == columns


def test_every_tile_is_shown_and_only_the_chosen_one_is_outlined():
    values = 7 * np.arange(1, 25, dtype=np.uint8)
    tiles = np.broadcast_to(values[:, None, None, None], (24, 5, 5, 3))
    columns, zoom = tile_layout(24, 5)
    cell = 5 * zoom + 4
    sheet = tile_sheet(tiles, 13)
    centers = sheet[cell // 2 :: cell, cell // 2 :: cell, 0]
    np.testing.assert_array_equal(centers.ravel(), values)
    rows, at = np.nonzero(sheet[::cell, ::cell].min(axis=2) < 255)
    assert list(zip(rows, at, strict=True)) == [divmod(13, columns)]


def test_small_maps_grow_by_whole_factors_and_large_ones_shrink():
    small = np.arange(27, dtype=np.uint8).reshape(3, 3, 3)
    assert fit(small, 10).shape == (9, 9, 3)
    np.testing.assert_array_equal(fit(small, 10)[::3, ::3], small)
    assert fit(np.zeros((400, 200, 3), np.uint8), 100).shape == (100, 50, 3)


@pytest.mark.parametrize("shape", [(512, 512), (300, 451), (700, 300), (12, 12)])
@pytest.mark.parametrize("count", [24, 64, 96])
def test_nothing_is_drawn_over_the_margin(kernels, shape, count, open_png):
    photo = np.full((*shape, 3), 9, dtype=np.uint8)
    some = kernels[:count].numpy()
    _, figure = draw_kernel(some, photo, index=count - 1, view=COLOR, stride=4)
    pixels = open_png(to_png(figure))
    assert pixels.shape == (432, 960, 3)
    border = [pixels[:, :8], pixels[:, -8:], pixels[:5], pixels[-5:]]
    assert min(part.min() for part in border) == 255


# --- 조작 -----------------------------------------------------------------------------------------


def test_readout_says_which_and_whose_kernel_this_is(panel):
    panel.controls["index"].value = 7
    for view in (COLOR, LUMINANCE):
        panel.controls["view"].value = view
        assert f"7번 커널({view})" in panel.readout.value
        assert "시험의 커널입니다. &lt;학습하지 않음&gt;" in panel.readout.value


def test_readout_is_the_strongest_response_of_torch(photo, kernels):
    text, _ = draw_kernel(kernels.numpy(), photo, index=5, view=COLOR, stride=4)
    response = by_torch(centered(photo), kernels[5], 4)
    strongest = response.flat[np.abs(response).argmax()]
    assert f"<b>{strongest:+.3g}</b>".replace("-", "–") in text


def test_color_kernel_answers_nothing_by_luminance_alone(photo):
    kernel = np.ones((3, 5, 5)) * np.array([1, 0, -1])[:, None, None]
    texts = [draw_kernel(kernel[None], photo, index=0, view=view, stride=4)[0]
             for view in (COLOR, LUMINANCE)]  # fmt: skip
    assert "가장 센 반응 <b>0</b>" not in texts[0]
    assert "가장 센 반응 <b>0</b>" in texts[1]
    assert all("색의 몫 <b>100 %</b>" in text for text in texts)


def test_stride_sets_the_size_of_the_map(photo, kernels):
    pictures = {bytes(kernel_viewer(kernels, photo, source="", stride=stride).image.value)
                for stride in (1, 4)}  # fmt: skip
    assert len(pictures) == 2


def test_one_kernel_is_enough(photo):
    panel = kernel_viewer(torch.ones(1, 3, 5, 5), photo, source=SOURCE)
    assert panel.controls["index"].max == 0


def test_wrong_kernels_are_refused_before_anything_is_drawn(photo):
    with pytest.raises(ValueError, match="첫 합성곱의 weight"):
        kernel_viewer(torch.zeros(6, 1, 5, 5), photo, source=SOURCE)
