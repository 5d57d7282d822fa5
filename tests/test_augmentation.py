"""변형을 좌표로 직접 확인합니다."""

import pytest
import torch
from torch.nn import functional as F

from course_utils.augmentation import affine, change_stroke, distort, random_affine


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


def test_rotation_keeps_distances_in_a_wide_image():
    image = torch.full((1, 1, 21, 41), -0.1)
    image[..., 10, 26] = 1.0  # 가운데 (10, 20)에서 오른쪽으로 6
    assert place(distort(image, rotation=90)) == (4, 20)


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


def test_random_affine_repeats_with_the_same_generator_and_differs_per_image():
    images = dot(16, 16, size=32).expand(5, -1, -1, -1)
    first, second = (
        random_affine(images, generator=torch.Generator().manual_seed(3)) for _ in range(2)
    )
    assert torch.equal(first, second)
    assert not torch.equal(first[0], first[1])


@pytest.mark.parametrize("amount", ["shift", "scale", "squeeze", "shear"])
def test_each_amount_of_random_affine_has_its_own_effect(amount):
    image = torch.full((8, 1, 32, 32), -0.1)
    image[:, :, 8:24, 12:20] = 1.0  # 가운데 놓인 세로로 긴 직사각형
    nothing = {"shift": 0.0, "scale": 0.0, "squeeze": 0.0, "shear": 0.0}
    generator = torch.Generator().manual_seed(0)
    moved = random_affine(image, **nothing | {amount: 0.5}, generator=generator)
    assert (moved - image).abs().max() > 0.1
    rows, columns = (moved > 0.45).sum(dim=(1, 3)), (moved > 0.45).sum(dim=(1, 2))
    if amount == "squeeze":  # 넓어지면 낮아집니다.
        widths, heights = (columns > 0).sum(dim=1), (rows > 0).sum(dim=1)
        assert ((widths >= 8) == (heights <= 16)).float().mean() > 0.8
    changes = (columns > 0).sum(dim=1) - 8, (rows > 0).sum(dim=1) - 16
    if amount == "shear":  # 가로로만 기울므로 줄은 그대로입니다.
        assert (changes[1] == 0).all()
    if amount == "scale":  # 넓어지면 높아집니다.
        assert (changes[0] * changes[1] >= 0).all()
    if amount == "shift":  # 크기는 그대로입니다.
        assert ((moved > 0.45).sum(dim=(1, 2, 3)) - 128).abs().max() <= 24
