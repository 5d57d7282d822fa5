"""성질 시험(hypothesis): 아무 모양, 아무 수에서나 지켜져야 하는 것들입니다."""

import gzip
from functools import lru_cache

import mutations
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from course_utils.alexnet import FourLayerNet, LadderNet, SmallAlexNet
from course_utils.data import read_idx
from course_utils.data.image_files import read_image_collection, to_pixels
from course_utils.lenet import LeNet5, LeNet5Original


# 시험마다 늘 같은 예를 봅니다. 시간은 컴퓨터마다 다르므로 재지 않습니다.
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


# --- 파일을 쓰고 읽기 -----------------------------------------------------------------------------

pixels = arrays.arrays(np.uint8, arrays.array_shapes(min_dims=1, max_dims=3, max_side=12))


@examples(40)
@given(array=pixels, packed=st.booleans())
def test_idx_comes_back_as_it_was_written(tmp_path_factory, array, packed):
    path = tmp_path_factory.getbasetemp() / ("a.gz" if packed else "a.idx")
    content = mutations.idx_bytes(array)
    path.write_bytes(gzip.compress(content) if packed else content)
    assert np.array_equal(read_idx(path), array)


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
