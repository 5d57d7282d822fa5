"""전이 학습의 그림: 답의 막대와 방법별 정확도."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from course_utils import plotting

PHOTOS = [np.zeros((40, 60, 3), np.uint8), np.ones((90, 30, 3), np.uint8)]
ANSWERS = [[("cat (고양이)", 0.7), ("dog", 0.3)], [("truck", 1.0), ("ship", 0.0)]]


@pytest.fixture(autouse=True)
def course_style():
    plotting.use_course_style()
    yield
    plt.close("all")


def test_bars_are_as_long_as_the_probabilities():
    figure = plotting.plot_answers(PHOTOS, ANSWERS)
    widths = [bar.get_width() for ax in figure.axes for bar in ax.patches]
    assert widths == pytest.approx([70, 30, 100, 0])
    texts = [text.get_text() for ax in figure.axes for text in ax.texts]
    assert texts == ["cat (고양이)  70.0%", "dog  30.0%", "truck  100.0%", "ship  0.0%"]


def test_best_answer_is_on_top():
    right = plotting.plot_answers(PHOTOS, ANSWERS).axes[1]
    low, high = right.get_ylim()
    assert low > high


def test_long_english_names_stay_inside():
    long = [[("x" * 60 + " (이름)", 0.99)]]
    figure = plotting.plot_answers(PHOTOS[:1], long)
    figure.canvas.draw()
    box = figure.axes[1].texts[0].get_window_extent()
    assert box.x1 <= figure.bbox.x1
