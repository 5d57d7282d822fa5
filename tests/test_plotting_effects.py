"""효과를 비교하는 그림: 그린 것이 넘긴 값과 같은지 확인합니다."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from course_utils import plotting

EFFECTS = [("드롭아웃", [-1.0, -2.0, 0.0], None), ("LRN", [0.5, 0.7, 0.6], -1.4)]


@pytest.fixture(autouse=True)
def course_style():
    plotting.use_course_style()
    yield
    plt.close("all")


def points(ax, marker):
    return [line.get_xydata().tolist() for line in ax.lines if line.get_marker() == marker]


def test_every_seed_is_a_dot():
    assert points(plotting.plot_effects(EFFECTS), "o") == [
        [[-1.0, 0], [-2.0, 0], [0.0, 0]], [[0.5, 1], [0.7, 1], [0.6, 1]]
    ]  # fmt: skip


def test_mean_is_marked_and_written():
    ax = plotting.plot_effects(EFFECTS)
    assert np.allclose([line[0][0] for line in points(ax, "|")], [-1.0, 0.6])
    assert {"−1.0", "+0.6"} <= {text.get_text() for text in ax.texts}


def test_paper_is_drawn_only_where_it_has_a_value():
    assert points(plotting.plot_effects(EFFECTS), "D") == [[[-1.4, 1]]]


def test_first_effect_is_on_top():
    low, high = plotting.plot_effects(EFFECTS).get_ylim()
    assert low > high


def test_images_may_be_in_colour():
    ax = plotting.plot_images(np.random.default_rng(0).random((3, 8, 8, 3)))
    assert [image.get_array().shape for image in ax.images] == [(8, 8, 3)] * 3
