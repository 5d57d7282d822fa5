"""자르기, 뒤집기, 색 잡음, 열 조각: 잘라 낸 조각과 공분산을 따로 계산해 견줍니다."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course_utils.augmentation import (
    color_axes,
    color_noise,
    random_crops,
    random_flips,
    shift_colors,
    ten_crops,
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def photos():
    return torch.rand(40, 3, 8, 8, generator=generator(7))


def windows(image, padding):
    """둘레를 늘린 이미지 `(C, H, W)`에서 잘라 낼 수 있는 모든 조각입니다."""
    padded = F.pad(image[None], (padding,) * 4, mode="reflect")[0]
    places = range(2 * padding + 1)
    return [padded[:, y : y + 8, x : x + 8] for y in places for x in places]


def test_every_crop_is_a_window_of_the_padded_image(photos):
    for image, crop in zip(photos, random_crops(photos, padding=2), strict=True):
        assert any(torch.equal(crop, window) for window in windows(image, 2))


def test_every_position_is_reached():
    image = torch.rand(1, 1, 8, 8, generator=generator(1))
    crops = random_crops(image.expand(600, -1, -1, -1), padding=1, generator=generator())
    seen = {tuple(crop.flatten().tolist()) for crop in crops}
    assert seen == {tuple(window.flatten().tolist()) for window in windows(image[0], 1)}


def test_no_padding_changes_nothing(photos):
    assert torch.equal(random_crops(photos, padding=0), photos)


def test_flips_give_the_image_or_its_mirror(photos):
    for image, flipped in zip(photos, random_flips(photos, generator=generator()), strict=True):
        assert torch.equal(flipped, image) or torch.equal(flipped, image.flip(-1))


def test_half_of_the_images_are_flipped(photos):
    many = photos[:1].expand(4000, -1, -1, -1)
    share = (random_flips(many, generator=generator()) != many).any(dim=(1, 2, 3)).float().mean()
    assert abs(share - 0.5) < 0.04  # 표준편차 0.008의 다섯 배


def test_color_axes_are_those_of_numpy(photos):
    vectors, deviations = color_axes(photos)
    pixels = photos.numpy().transpose(1, 0, 2, 3).reshape(3, -1)
    covariance = np.cov(pixels.astype(np.float64))
    rebuilt = vectors.numpy() @ np.diag(deviations.numpy() ** 2) @ vectors.numpy().T
    assert np.allclose(rebuilt, covariance, atol=1e-6)
    assert (deviations.diff() <= 0).all()


def test_color_axes_are_orthonormal_with_numpys_deviations(photos):
    vectors, deviations = color_axes(photos)
    pixels = photos.numpy().transpose(1, 0, 2, 3).reshape(3, -1).astype(np.float64)
    expected = np.sqrt(np.linalg.eigvalsh(np.cov(pixels))[::-1])
    assert np.allclose(deviations.numpy(), expected, atol=1e-6)
    assert torch.allclose(vectors.T @ vectors, torch.eye(3), atol=1e-6)


def test_color_axes_follow_the_unit_of_the_pixels(photos):
    vectors, deviations = color_axes(photos)
    same, larger = color_axes(255 * photos)
    assert torch.allclose(same, vectors, atol=1e-4)
    assert torch.allclose(larger, 255 * deviations)


def test_shift_moves_every_pixel_along_the_axis(photos):
    vectors, deviations = axes = color_axes(photos)
    moved = shift_colors(photos[:2], axes, torch.tensor([[0.5, 0, 0], [0, 0, -2.0]]))
    assert torch.allclose(
        moved[0] - photos[0], (0.5 * deviations[0] * vectors[:, 0])[:, None, None].expand(3, 8, 8),
        atol=1e-6,
    )  # fmt: skip
    assert torch.allclose(
        moved[1] - photos[1], (-2 * deviations[2] * vectors[:, 2])[:, None, None].expand(3, 8, 8),
        atol=1e-6,
    )  # fmt: skip


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_noise_grows_with_its_scale(photos, scale):
    vectors, deviations = axes = color_axes(photos)
    many = torch.zeros(20_000, 3, 1, 1)
    along = color_noise(many, axes, scale=scale, generator=generator())[:, :, 0, 0] @ vectors
    # 20,000번 뽑은 표준편차의 오차는 0.5%이므로 3%는 그 여섯 배입니다.
    assert torch.allclose(along.std(dim=0), scale * deviations, rtol=0.03)


def test_noise_moves_a_whole_image_by_one_color(photos):
    moved = color_noise(photos, color_axes(photos), generator=generator()) - photos
    assert torch.allclose(moved, moved[..., :1, :1].expand_as(moved), atol=1e-6)


def test_noise_repeats_with_the_same_generator(photos):
    axes = color_axes(photos)
    first, second = (color_noise(photos, axes, generator=generator(3)) for _ in range(2))
    assert torch.equal(first, second)


def test_noise_has_a_tenth_of_the_deviation_along_each_axis(photos):
    vectors, deviations = axes = color_axes(photos)
    many = torch.zeros(20_000, 3, 1, 1)
    along = color_noise(many, axes, generator=generator())[:, :, 0, 0] @ vectors
    assert torch.allclose(along.std(dim=0), 0.1 * deviations, rtol=0.03)
    assert along.mean(dim=0).abs().max() < 0.002


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


@pytest.mark.parametrize("augment", [random_crops, random_flips])
def test_same_generator_same_result(photos, augment):
    first, second = (augment(photos, generator=generator(3)) for _ in range(2))
    assert torch.equal(first, second)
