"""변형은 좌표로, 크롭과 뒤집기는 모든 조각으로, PCA 색상 증강은 NumPy의 공분산으로 확인합니다."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course_utils.augmentation import (
    affine,
    change_stroke,
    color_axes,
    color_noise,
    distort,
    random_affine,
    random_crops,
    random_flips,
    shift_colors,
    ten_crops,
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def dot(row, column, *, size=33):
    """바탕 -0.1에 잉크 한 픽셀이 있는 이미지입니다."""
    image = torch.full((1, 1, size, size), -0.1)
    image[..., row, column] = 1.0
    return image


def place(image):
    """가장 밝은 픽셀의 (행, 열)입니다."""
    return divmod(image[0, 0].argmax().item(), image.shape[-1])


def test_neutral_values_change_nothing():
    image = dot(10, 20)
    torch.testing.assert_close(distort(image), image)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"shift_x": 3}, (10, 23)),  # 오른쪽
        ({"shift_y": 4}, (14, 20)),  # 아래
        ({"rotation": 90}, (12, 10)),  # 가운데 (16, 16)에서 위 6, 오른쪽 4 → 왼쪽 6, 위 4
        ({"scale": 2}, (4, 24)),
        ({"rotation": 90, "shift_x": 2}, (12, 12)),  # 돌린 다음에 옮깁니다.
    ],
)
def test_ink_goes_where_it_should(options, expected):
    assert place(distort(dot(10, 20), **options)) == expected


def test_new_places_are_background():
    moved = distort(torch.ones(1, 1, 8, 8), shift_x=4, background=-0.1)
    torch.testing.assert_close(moved[..., :4], torch.full((1, 1, 8, 4), -0.1))


def test_stroke_grows_and_shrinks_by_whole_pixels():
    square = torch.full((1, 1, 15, 15), -0.1)
    square[..., 5:10, 5:10] = 1.0
    for amount, side in ((-2, 1), (-1, 3), (0, 5), (1, 7), (2, 9)):
        ink = distort(square, stroke=amount) > 0.5
        assert ink.sum() == side**2


def test_stroke_between_integers_is_the_mixture():
    image = torch.rand(1, 1, 9, 9, generator=torch.Generator().manual_seed(0))
    grown = F.max_pool2d(image, 3, stride=1, padding=1)
    expected = image + 0.25 * (grown - image)
    torch.testing.assert_close(change_stroke(image, torch.tensor([0.25])), expected)


def test_noise_has_its_size_and_repeats():
    image = torch.zeros(1, 1, 64, 64)
    noisy = distort(image, noise=0.5, background=0.0)
    assert noisy.std().item() == pytest.approx(0.5, rel=0.05)
    torch.testing.assert_close(noisy, distort(image, noise=0.5, background=0.0))
    assert not torch.equal(noisy, distort(image, noise=0.5, background=0.0, seed=1))


def test_a_batch_takes_one_value_per_image():
    images = dot(10, 20).repeat(3, 1, 1, 1)
    stroke, angle = torch.tensor([-0.5, 0.0, 1.5]), torch.tensor([0.0, 30.0, -60.0])
    together = distort(images, stroke=stroke, rotation=angle, noise=0.1)
    for index in range(3):
        alone = distort(images[:1], stroke=stroke[index], rotation=angle[index], noise=0.1)
        torch.testing.assert_close(together[index], alone[0])


def test_affine_moves_the_sampling_grid_by_the_matrix():
    # 왼쪽으로 2픽셀 옮긴 자리를 읽으면 그림은 오른쪽으로 2픽셀 갑니다.
    image = dot(10, 10, size=32)
    matrix = torch.tensor([[[1.0, 0.0, -2 * 2 / 32], [0.0, 1.0, 0.0]]])
    moved = affine(image, matrix, background=-0.1)
    assert place(moved) == (10, 12)


def test_random_affine_without_any_amount_changes_nothing():
    images = torch.randn(4, 1, 32, 32)
    still = random_affine(images, shift=0, scale=0, squeeze=0, shear=0)
    torch.testing.assert_close(still, images, atol=1e-5, rtol=0)


# --- 자르기, 뒤집기, 10-크롭, PCA 색상 증강 ----------------------------------------------------


@pytest.fixture(scope="module")
def photos():
    return torch.rand(40, 3, 8, 8, generator=generator(7))


def windows(image, padding):
    """둘레를 늘린 이미지 `(C, H, W)`에서 잘라 낼 수 있는 모든 조각입니다."""
    padded = F.pad(image[None], (padding,) * 4, mode="reflect")[0]
    places = range(2 * padding + 1)
    return [padded[:, y : y + 8, x : x + 8] for y in places for x in places]


def test_noise_does_not_depend_on_the_unit_of_the_pixels(photos):
    unit = color_noise(photos, color_axes(photos), generator=generator())
    bytes_ = color_noise(255 * photos, color_axes(255 * photos), generator=generator())
    assert torch.allclose(255 * unit, bytes_, atol=1e-3)


def test_grey_images_vary_along_one_axis_only(photos):
    _, deviations = color_axes(photos[:, :1].expand(-1, 3, -1, -1))
    assert deviations[0] > 0.1
    assert deviations[1:].max() < 1e-6


def test_ten_crops_are_corners_middle_and_mirrors(photos):
    crops = ten_crops(photos, padding=2)
    padded = F.pad(photos, (2,) * 4, mode="reflect")
    assert crops.shape == (10, *photos.shape)
    assert torch.equal(crops[0], padded[..., :8, :8])
    assert torch.equal(crops[1], padded[..., :8, 4:])
    assert torch.equal(crops[2], padded[..., 4:, :8])
    assert torch.equal(crops[3], padded[..., 4:, 4:])
    assert torch.equal(crops[4], photos)
    assert torch.equal(crops[5:], crops[:5].flip(-1))


def test_crops_are_exactly_the_windows_of_the_padded_image():
    image = torch.rand(1, 1, 8, 8, generator=generator(1))
    crops = random_crops(image.expand(600, -1, -1, -1), padding=1, generator=generator())
    seen = {tuple(crop.flatten().tolist()) for crop in crops}
    assert seen == {tuple(window.flatten().tolist()) for window in windows(image[0], 1)}
    assert torch.equal(random_crops(image, padding=0), image)


def test_half_of_the_images_are_mirrored(photos):
    many = photos[:1].expand(4000, -1, -1, -1)
    flipped = random_flips(many, generator=generator())
    changed = (flipped != many).any(dim=(1, 2, 3))
    assert abs(changed.float().mean() - 0.5) < 0.04  # 표준편차 0.008의 다섯 배
    assert torch.equal(flipped[changed], many[changed].flip(-1))


@pytest.mark.parametrize("unit", [1, 255])
def test_color_axes_are_those_of_numpy(photos, unit):
    vectors, deviations = (part.numpy() for part in color_axes(unit * photos))
    pixels = unit * photos.numpy().transpose(1, 0, 2, 3).reshape(3, -1)
    covariance = np.cov(pixels.astype(np.float64)) / unit**2
    deviations = deviations / unit
    assert np.allclose(vectors @ np.diag(deviations**2) @ vectors.T, covariance, atol=1e-6)
    expected = np.sqrt(np.linalg.eigvalsh(covariance)[::-1])  # 큰 것부터
    assert np.allclose(deviations, expected, atol=1e-6)


def test_shift_moves_every_pixel_along_the_axis(photos):
    vectors, deviations = axes = color_axes(photos)
    moved = shift_colors(photos[:2], axes, torch.tensor([[0.5, 0, 0], [0, 0, -2.0]]))
    steps = torch.stack([0.5 * deviations[0] * vectors[:, 0], -2 * deviations[2] * vectors[:, 2]])
    assert torch.allclose(moved, photos[:2] + steps[:, :, None, None], atol=1e-6)


@pytest.mark.parametrize("options", [{}, {"scale": 0.5}, {"scale": 2.0}])
def test_noise_has_a_tenth_of_the_deviation_unless_told_otherwise(photos, options):
    vectors, deviations = axes = color_axes(photos)
    many = torch.zeros(20_000, 3, 1, 1)
    along = color_noise(many, axes, **options, generator=generator())[:, :, 0, 0] @ vectors
    # 20,000번 뽑은 표준편차의 오차는 0.5%이므로 3%는 그 여섯 배입니다.
    assert torch.allclose(along.std(dim=0), options.get("scale", 0.1) * deviations, rtol=0.03)


def test_noise_moves_a_whole_image_by_one_color(photos):
    moved = color_noise(photos, color_axes(photos), generator=generator()) - photos
    assert torch.allclose(moved, moved[..., :1, :1].expand_as(moved), atol=1e-6)


@pytest.mark.parametrize("augment", [
    random_crops, random_flips, random_affine,
    lambda photos, **options: color_noise(photos, color_axes(photos), **options),
], ids=["crops", "flips", "affine", "noise"])  # fmt: skip
def test_same_generator_gives_the_same_result(photos, augment):
    first, second = (augment(photos, generator=generator(3)) for _ in range(2))
    assert torch.equal(first, second)


@pytest.mark.parametrize("amount", ["shift", "scale", "squeeze", "shear"])
def test_each_amount_of_random_affine_has_its_own_effect(amount):
    image = torch.full((8, 1, 32, 32), -0.1)
    image[:, :, 8:24, 12:20] = 1.0  # 가운데 놓인 세로로 긴 직사각형
    amounts = dict.fromkeys(("shift", "scale", "squeeze", "shear"), 0.0) | {amount: 0.5}
    ink = random_affine(image, **amounts, generator=generator()) > 0.45
    wider = ink.any(dim=2).sum(dim=(1, 2)) - 8
    taller = ink.any(dim=3).sum(dim=(1, 2)) - 16
    assert not torch.equal(ink, image > 0.45)
    assert {
        "squeeze": ((wider >= 0) == (taller <= 0)).float().mean() > 0.8,  # 넓어지면 낮아집니다.
        "shear": (taller == 0).all(),  # 가로로만 기울므로 줄은 그대로입니다.
        "scale": (wider * taller >= 0).all(),  # 넓어지면 높아집니다.
        "shift": (ink.sum(dim=(1, 2, 3)) - 128).abs().max() <= 24,  # 크기는 그대로입니다.
    }[amount]
