"""성질 시험(hypothesis): 아무 모양, 아무 수에서나 지켜져야 하는 것을 느린 정답과 비교합니다."""

import itertools
from functools import lru_cache

import mutations
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image
from torch import nn

from course_utils import augmentation
from course_utils.alexnet import AlexNetOriginal, ColumnLRN, FourLayerNet, LadderNet, SmallAlexNet
from course_utils.anatomy import output_size
from course_utils.data import scale_photos
from course_utils.data.file_trees import read_image_collection
from course_utils.data.pictures import to_pixels
from course_utils.lenet import LeNet5, LeNet5Original
from course_utils.receptive_field import receptive_fields
from course_utils.widgets.lrn import divisors


# 시험마다 늘 같은 예를 봅니다. 시간은 컴퓨터마다 다르므로 측정하지 않습니다.
def examples(count):
    return settings(max_examples=count, derandomize=True, deadline=None, database=None)


SHAPES = {
    "LeNet5": (LeNet5, (1, 32, 32)), "LeNet5Original": (LeNet5Original, (1, 32, 32)),
    "SmallAlexNet": (SmallAlexNet, (3, 32, 32)), "FourLayerNet": (FourLayerNet, (3, 32, 32)),
    "LadderNet": (LadderNet, (3, 32, 32)),
}  # fmt: skip
shapes = st.lists(st.integers(0, 40), min_size=0, max_size=5).map(tuple)
near = st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(28, 34), st.integers(28, 34))


@lru_cache
def model_of(name):
    torch.manual_seed(0)
    return SHAPES[name][0]().eval()


# --- 모델의 입력 ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHAPES)
@examples(25)
@given(shape=st.one_of(shapes, near))
def test_wrong_input_shape_is_explained_in_korean(name, shape):
    wanted = SHAPES[name][1]
    if shape[1:] == wanted:
        return
    with pytest.raises(ValueError, match=r"이어야 하는데 .*왔습니다"):
        model_of(name)(torch.zeros(shape))


@pytest.mark.parametrize("name", SHAPES)
@examples(8)
@given(count=st.integers(1, 9))
def test_any_number_of_right_images_gives_one_row_each(name, count):
    with torch.no_grad():
        assert model_of(name)(torch.zeros(count, *SHAPES[name][1])).shape == (count, 10)


@examples(60)
@given(shape=st.one_of(shapes, st.tuples(st.just(1), st.integers(1, 4), st.integers(220, 230),
                                         st.integers(220, 230))))  # fmt: skip
def test_wrong_input_of_the_original_alexnet_is_explained_before_any_work(shape):
    with torch.device("meta"):
        model = original()
    if shape[1:] in {(3, 224, 224), (3, 227, 227)}:
        return
    with pytest.raises(ValueError, match=r"이어야 하는데 .*왔습니다"):
        model(torch.zeros(shape))


@lru_cache
def original():
    return AlexNetOriginal()


# --- 출력의 크기와 수용 영역 ----------------------------------------------------------------------

kernels = st.tuples(st.integers(1, 7), st.integers(1, 4), st.integers(0, 3))


@examples(80)
@given(size=st.integers(1, 30), layer=kernels)
def test_output_size_is_that_of_a_real_convolution(size, layer):
    kernel, stride, padding = layer
    if size + 2 * padding < kernel:
        with pytest.raises(ValueError, match="커널"):
            output_size(size, kernel, stride, padding)
        return
    real = nn.Conv1d(1, 1, kernel, stride, padding)(torch.zeros(1, 1, size)).shape[-1]
    assert output_size(size, kernel, stride, padding) == real


@examples(80)
@given(size=st.integers(1, 30), layer=kernels)
def test_rounded_up_size_is_that_of_a_real_pooling(size, layer):
    kernel, stride, padding = layer
    if size + 2 * padding < kernel or padding > kernel // 2:
        return
    pool = nn.MaxPool1d(kernel, stride, padding, ceil_mode=True)
    assert output_size(size, kernel, stride, padding, ceil=True) == pool(
        torch.zeros(1, 1, size)
    ).shape[-1]  # fmt: skip


@examples(25)
@given(layers=st.lists(st.tuples(st.integers(1, 4), st.integers(1, 2)), min_size=1, max_size=4))
def test_receptive_field_is_where_the_gradient_arrives(layers):
    convs = [nn.Conv1d(1, 1, *layer, bias=False).double() for layer in layers]
    for conv in convs:
        nn.init.ones_(conv.weight)
    x = torch.zeros(1, 1, 200, dtype=torch.float64, requires_grad=True)
    nn.Sequential(*convs)(x)[0, 0, 0].backward()
    seen = x.grad[0, 0].nonzero().flatten()
    width = receptive_fields(layers)[-1]
    assert seen[-1] - seen[0] + 1 <= width
    # 스트라이드가 커널보다 크면 사이를 건너뛰지만 양 끝은 그대로입니다.
    assert (seen[0].item(), seen[-1].item()) == (0, width - 1)


# --- 지역 응답 정규화 -----------------------------------------------------------------------------


def paper_lrn(a, n, k, alpha, beta):
    """Krizhevsky 2012, §3.3의 식을 그대로 옮긴 느린 반복문입니다. 채널은 0부터 셉니다."""
    out = np.empty_like(a)
    for i in range(len(a)):
        low, high = max(0, i - n // 2), min(len(a) - 1, i + n // 2)
        total = sum(a[j] ** 2 for j in range(low, high + 1))
        out[i] = a[i] / (k + alpha * total) ** beta
    return out


activations = arrays.arrays(np.float64, st.integers(1, 12), elements=st.floats(-50, 50, width=32))


@examples(60)
@given(a=activations, n=st.sampled_from([1, 3, 5, 7, 9]), k=st.floats(0.5, 4),
       alpha=st.floats(0, 0.1), beta=st.floats(0, 2))  # fmt: skip
def test_lrn_equals_the_formula_of_the_paper(a, n, k, alpha, beta):
    expected = paper_lrn(a, n, k, alpha, beta)
    # PyTorch의 α는 n으로 나누어지므로 n을 곱해 넘깁니다.
    layer = nn.LocalResponseNorm(n, alpha=alpha * n, beta=beta, k=k)
    theirs = layer(torch.from_numpy(a)[None, :, None, None]).flatten().numpy()
    np.testing.assert_allclose(theirs, expected, rtol=1e-6, atol=1e-9)
    ours = a / divisors(a, n, k, alpha * n, beta)
    np.testing.assert_allclose(ours, expected, rtol=1e-6, atol=1e-9)
    # 두 열은 서로의 채널을 보지 않습니다.
    columns = ColumnLRN(2, size=n, alpha=alpha * n, beta=beta, k=k)
    both = columns(torch.from_numpy(np.concatenate([a, a[::-1]]))[None, :, None, None])
    other = paper_lrn(a[::-1], n, k, alpha, beta)
    np.testing.assert_allclose(both.flatten(), np.concatenate([expected, other]), rtol=1e-6,
                               atol=1e-9)  # fmt: skip


# --- 증강 -----------------------------------------------------------------------------------------


def random_batch(count, channels, side, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, channels, side, side, generator=generator)


batches = st.builds(
    random_batch, st.integers(1, 4), st.integers(1, 3), st.integers(5, 12), st.integers(0, 99)
)


def windows(image, padding):
    """둘레를 거울처럼 늘린 이미지의 모든 창입니다."""
    height, width = image.shape[1:]
    padded = np.pad(image.numpy(), [(0, 0), (padding, padding), (padding, padding)], "reflect")
    places = itertools.product(range(2 * padding + 1), repeat=2)
    return [padded[:, y : y + height, x : x + width] for y, x in places]


@examples(15)
@given(images=batches, padding=st.integers(0, 4), seed=st.integers(0, 999))
def test_every_random_crop_is_a_window(images, padding, seed):
    before = images.clone()
    generator = torch.Generator().manual_seed(seed)
    crops = augmentation.random_crops(images, padding=padding, generator=generator)
    assert crops.shape == images.shape
    assert torch.equal(images, before)
    for crop, image in zip(crops, images, strict=True):
        assert any(np.array_equal(crop.numpy(), window) for window in windows(image, padding))


@examples(20)
@given(images=batches, seed=st.integers(0, 999))
def test_flips_are_whole_and_come_back(images, seed):
    def flip(batch):
        return augmentation.random_flips(batch, generator=torch.Generator().manual_seed(seed))

    once = flip(images)
    for image, flipped in zip(images, once, strict=True):
        assert torch.equal(flipped, image) or torch.equal(flipped, image.flip(-1))
    assert torch.equal(flip(once), images)


@examples(20)
@given(images=batches.filter(lambda batch: batch.shape[1] == 3), seed=st.integers(0, 999))
def test_color_noise_moves_all_pixels_of_an_image_alike(images, seed):
    axes = augmentation.color_axes(images)
    generator = torch.Generator().manual_seed(seed)
    assert torch.equal(augmentation.color_noise(images, axes, scale=0.0), images)
    moved = augmentation.color_noise(images, axes, scale=0.5, generator=generator) - images
    assert torch.allclose(moved, moved[:, :, :1, :1].expand_as(moved), atol=1e-5)


@examples(20)
@given(images=batches, padding=st.integers(0, 4))
def test_ten_crops_are_five_windows_and_their_mirrors(images, padding):
    crops = augmentation.ten_crops(images, padding=padding)
    assert crops.shape == (10, *images.shape)
    assert torch.equal(crops[4], images)
    assert torch.equal(crops[5:], crops[:5].flip(-1))
    for crop in crops[:5, 0]:
        assert any(np.array_equal(crop.numpy(), window) for window in windows(images[0], padding))


# --- 파일을 쓰고 읽기 -----------------------------------------------------------------------------

@examples(40)
@given(
    pixels=arrays.arrays(np.uint8, (32, 32, 3)), kind=st.sampled_from(["PNG", "BMP", "TIFF", "PPM"])
)
def test_lossless_pictures_of_the_right_size_come_back_exactly(pixels, kind):
    assert np.array_equal(to_pixels(mutations._encode(pixels, kind))[0], pixels)


@examples(40)
@given(
    height=st.integers(8, 90), width=st.integers(8, 90), color=st.tuples(*[st.integers(0, 255)] * 3)
)
def test_one_color_stays_that_color_at_any_size(height, width, color):
    image = np.broadcast_to(np.array(color, np.uint8), (height, width, 3))
    pixels = to_pixels(mutations._encode(image, "PNG"))[0]
    assert (pixels == np.array(color, np.uint8)).all()


@examples(8)
@given(counts=st.lists(st.integers(2, 7), min_size=2, max_size=4))
def test_every_picture_of_a_folder_is_read_once(tmp_path_factory, counts):
    folder = tmp_path_factory.mktemp("사진")
    for label, count in enumerate(counts):
        (folder / f"{label}").mkdir()
        for number in range(count):
            value = 40 * label + number
            Image.new("RGB", (32, 32), (value, value, value)).save(
                folder / f"{label}" / f"{number}.png"
            )
    images, labels, tests, test_labels, names, notes = read_image_collection(folder)
    assert (len(names), notes) == (len(counts), [])
    values = sorted([*images[:, 0, 0, 0].tolist(), *tests[:, 0, 0, 0].tolist()])
    assert values == sorted(
        40 * label + n for label, count in enumerate(counts) for n in range(count)
    )
    for part, part_labels in ((images, labels), (tests, test_labels)):
        assert (part[:, 0, 0, 0] // 40 == part_labels).all()


@examples(20)
@given(value=st.floats(0, 1, width=32))
def test_scaling_of_photos_can_be_undone(value):
    x = torch.tensor([value])
    assert torch.allclose(scale_photos(x) * 0.25 + 0.5, x, atol=1e-6)
