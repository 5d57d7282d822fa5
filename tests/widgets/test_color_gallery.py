"""데이터 증강: 더한 색은 논문의 식과, 크롭과 뒤집기는 NumPy와 비교합니다."""

import numpy as np
import pytest
import torch

from course_utils.augmentation import color_axes
from course_utils.widgets.color_gallery import (
    PAPER,
    STRENGTHS,
    added_color,
    augmentation_gallery,
    axis_bars,
    random_versions,
    transform,
)

STRONG = list(STRENGTHS)[1]


@pytest.fixture
def photo():
    return torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def axes():
    images = torch.rand(8, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    return color_axes(images * torch.tensor([0.9, 0.5, 0.2])[:, None, None])


@pytest.mark.parametrize(("strength", "scale"), [(PAPER, 0.1), (STRONG, 1.0)])
def test_added_color_is_the_formula_of_the_paper(axes, strength, scale):
    amounts = (1.5, -3.0, 0.4)
    vectors, deviations = (part.numpy() for part in axes)
    expected = sum(vectors[:, i] * deviations[i] * scale * amounts[i] for i in range(3))
    np.testing.assert_allclose(added_color(axes, amounts, strength), expected, atol=1e-6)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize(("shift_x", "shift_y"), [(0, 0), (4, -4), (-3, 2)])
def test_crop_and_flip_equal_numpy(photo, shift_x, shift_y, flip):
    padded = np.pad(photo.numpy(), ((0, 0), (4, 4), (4, 4)), mode="reflect")
    expected = padded[:, 4 + shift_y :, 4 + shift_x :][:, :32, :32]
    expected = expected[:, :, ::-1] if flip else expected
    color = torch.tensor([0.5, 0.0, -0.7])
    result = transform(photo, color, shift_x=shift_x, shift_y=shift_y, flip=flip)
    # 0-1을 넘어도 자르지 않습니다.
    np.testing.assert_allclose(result, expected + color.numpy()[:, None, None], atol=1e-6)


def test_random_versions_depend_on_the_seed_and_the_strength(photo, axes):
    first = random_versions(photo, axes, PAPER, 0)
    assert torch.equal(first, random_versions(photo, axes, PAPER, 0))
    assert not torch.equal(first, random_versions(photo, axes, PAPER, 1))
    # 크롭과 뒤집기는 같고 색만 열 배이므로, 채널마다 상수만큼 다릅니다.
    difference = (random_versions(photo, axes, STRONG, 0) - first).flatten(2)
    assert difference.std(dim=2).max() < 1e-5
    assert difference.abs().max() > 0.01


def test_bars_go_one_deviation_each_way_from_the_mean(photo, axes):
    bar = axis_bars(photo, axes)[1]
    mean, step = photo.mean(dim=(1, 2)), axes[0][:, 1] * axes[1][1]
    for pixel, sign in ((bar[0, 0], -1), (bar[0, -1], 1)):
        expected = ((mean + sign * step).clamp(0, 1) * 255).numpy()
        np.testing.assert_allclose(pixel, expected, atol=0.51)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (torch.zeros(32, 32), "한 변이 5-128"),
        (torch.zeros(1, 32, 32), "한 변이 5-128"),
        (torch.zeros(3, 4, 32), "한 변이 5-128"),
        (torch.zeros(3, 32, 129), "한 변이 5-128"),
        (torch.zeros(3, 32, 32, dtype=torch.uint8), "0-1의 실수 텐서"),
        (torch.full((3, 32, 32), -0.5), "정규화하기 전의 사진"),
        (torch.full((3, 32, 32), float("nan")), "정규화하기 전의 사진"),
    ],
)
def test_wrong_photo_is_explained(axes, wrong, words):
    with pytest.raises(ValueError, match=words):
        augmentation_gallery(wrong, axes)


def test_readout_is_in_pixel_units(photo, axes):
    panel = augmentation_gallery(photo, axes)
    assert "<b>(+0.0, +0.0, +0.0)</b>" in panel.readout.value
    panel.controls["first"].value = -2.0
    step = (-0.2 * axes[0][:, 0] * axes[1][0] * 255).tolist()
    shift = ", ".join(f"{value:+.1f}" for value in step).replace("-", "−")
    assert f"<b>({shift})</b>" in panel.readout.value
    spread = ", ".join(f"{255 * value:.1f}" for value in axes[1].tolist())
    assert f"<b>{spread}</b>" in panel.readout.value


def test_gallery_leaves_the_photo_and_the_random_state_alone(photo, axes):
    before, state = photo.clone(), torch.get_rng_state()
    augmentation_gallery(photo, axes).controls["third"].value = 3.0
    assert torch.equal(photo, before)
    assert torch.equal(torch.get_rng_state(), state)
