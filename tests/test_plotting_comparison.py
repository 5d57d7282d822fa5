"""두 모델을 비교하는 그림: 그린 것이 넘긴 값과 같은지 확인합니다."""

import pytest
from matplotlib import pyplot as plt

from course_utils import plotting
from course_utils.plotting import OKABE_ITO

STEPS = {"처음": [50.0, 52.0], "나아짐": [40.0, 44.0], "나빠짐": [45.0, 45.0]}


@pytest.fixture(autouse=True)
def course_style():
    plotting.use_course_style()
    yield
    plt.close("all")


def test_bars_are_the_means_and_dots_the_seeds():
    ax = plotting.plot_steps(STEPS)
    assert [bar.get_width() for bar in ax.patches] == [51, 42, 45]
    assert [line.get_xdata().tolist() for line in ax.lines] == list(STEPS.values())


def test_change_against_the_bar_before_is_written():
    texts = [text.get_text() for text in plotting.plot_steps(STEPS).texts]
    assert texts == ["51.0", "42.0  (−9.0)", "45.0  (+3.0)"]


def test_a_step_that_got_worse_has_another_color():
    colors = [bar.get_facecolor() for bar in plotting.plot_steps(STEPS).patches]
    assert colors[0] == colors[1] != colors[2]
    assert plt.matplotlib.colors.to_hex(colors[2]).upper() == OKABE_ITO["orange"]


def test_first_step_is_on_top():
    low, high = plotting.plot_steps(STEPS).get_ylim()
    assert low > high


def test_ratios_are_written_as_multiples():
    ax = plotting.plot_ratios({"파라미터": 1016.1, "층": 1.6})
    assert [text.get_text() for text in ax.texts] == ["1,016배", "1.6배"]
    assert ax.get_xscale() == "log"


def test_ratio_of_nothing_is_refused():
    with pytest.raises(ValueError, match="0보다 커야"):
        plotting.plot_ratios({"없음": 0})
