"""노트북 02의 그림: 그린 것이 넘긴 값과 같은지 확인합니다."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from course_utils import plotting
from course_utils.plotting.quiet_years import draw_event, draw_quiet_years, spread_years

EVENTS = [
    {"year": 1974, "until": 1980, "title": "겨울", "kind": "해석"},
    {"year": 2011, "title": "하나", "kind": "사실"},
    {"year": 2011, "title": "둘", "kind": "사실"},
    {"year": 2011, "title": "소문", "kind": "통념"},
]
ROWS = [
    {"name": "가", "error": 5.0, "group": "SVM", "distorted": False},
    {"name": "나", "error": 0.8, "group": "합성곱망", "distorted": True},
]


@pytest.fixture(autouse=True)
def course_style():
    plotting.use_course_style()
    yield
    plt.close("all")


def lines(ax, marker):
    return [line.get_xydata().tolist() for line in ax.lines if line.get_marker() == marker]


def test_each_kind_has_its_row_and_a_shared_year_is_shifted():
    ax = draw_quiet_years(plt.subplots()[1], EVENTS)
    assert lines(ax, "o") == [[[2011, 2]], [[2011.5, 2]]]
    assert lines(ax, "s") == [[[1974, 1]]]
    assert lines(ax, "X") == [[[2011, 0]]]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["통념", "해석", "사실"]


def test_period_is_a_bar():
    ax = draw_quiet_years(plt.subplots()[1], EVENTS)
    assert [[1974, 1], [1980, 1]] in [line.get_xydata().tolist() for line in ax.lines]
    assert all(text.get_weight() == "normal" for text in ax.texts)


def test_picked_event_covers_the_one_that_is_there():
    ax = draw_quiet_years(plt.subplots()[1], EVENTS)
    draw_event(ax, EVENTS[2], spread_years(EVENTS)[2], picked=True)
    plain, bold = (text for text in ax.texts if text.get_text() == "둘")
    assert (plain.get_weight(), bold.get_weight()) == ("normal", "bold")
    places = [text.get_transform().transform(text.get_position()) for text in (plain, bold)]
    assert np.array_equal(*places)
    assert bold.get_path_effects()  # 흰 테두리가 보통 글자를 가립니다.


def test_later_years_are_wider():
    ax = draw_quiet_years(plt.subplots()[1], EVENTS)
    places = ax.transData.transform([[1960, 0], [1961, 0], [2011, 0], [2012, 0]])[:, 0]
    assert places[3] - places[2] > 3 * (places[1] - places[0])


def test_data_size_shows_the_mean_and_every_seed():
    ax = plotting.plot_data_size([100, 1_000], {"SVM": [[10, 4], [20, 6]]})
    assert lines(ax, "o")[-1] == [[100, 15], [1_000, 5]]
    assert len(lines(ax, "o")) == 3
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


def test_table_puts_the_best_on_top_and_writes_the_values():
    ax = plotting.plot_error_table(ROWS, highlight=["나"])
    names = ax.get_yticklabels()
    assert [name.get_text() for name in names] == ["가", "나 [변형]"]
    assert [name.get_weight() for name in names] == ["normal", "bold"]
    assert {"5", "0.8"} <= {text.get_text() for text in ax.texts}


@pytest.mark.parametrize("weights", [[1.0, 0.2], [0.2, 1.0], [1.0, 0.0]])
def test_margin_lines_lie_on_their_levels(weights):
    points, labels = np.array([[0.0, 0], [2, 2], [0, 2]]), np.array([0, 1, 0])
    weights = np.array(weights)
    if weights[1] == 0:
        weights = weights[::-1]
    ax = plotting.plot_margin(
        points, labels, weights=weights, bias=-1.0, support=np.array([0, 1])
    )
    drawn = [line.get_xydata() @ weights - 1 for line in ax.lines[-3:]]
    np.testing.assert_allclose(drawn, [[0, 0], [-1, -1], [1, 1]], atol=1e-9)
    assert ax.lines[2].get_xydata().tolist() == points[:2].tolist()  # 서포트 벡터의 동그라미


def test_matches_are_drawn_one_by_one():
    image, ends = np.zeros((8, 8)), (np.array([[1, 2], [3, 4]]), np.array([[5, 6], [7, 0]]))
    figure = plotting.plot_matches(image, image, ends, good=np.array([True, False]))
    first, second = figure.artists
    assert (tuple(first.xy1), tuple(first.xy2)) == ((2, 1), (6, 5))  # (열, 행)
    assert first.get_edgecolor() != second.get_edgecolor()


def test_words_share_one_scale():
    figure = plotting.plot_words({"가": np.array([0.5, 0.5]), "나": np.array([0.1, 0.9])})
    assert len({ax.get_ylim() for ax in figure.axes}) == 1
    (bars,) = figure.axes[1].patches
    assert bars.get_data().values.tolist() == [0.1, 0.9]
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["가", "나"]


def test_pictures_keep_their_names():
    figure = plotting.plot_pictures({"흑백": np.zeros((4, 4)), "컬러": np.zeros((4, 4, 3))})
    assert [ax.get_title() for ax in figure.axes] == ["흑백", "컬러"]
