"""표가 값을 있는 그대로, 안전하게 보여 주는지 봅니다."""

import pytest

from course_utils.tables import Table


def test_integers_get_thousands_separators_and_shapes_a_cross():
    text = repr(Table(["층", "모양", "파라미터"], [["C1", (6, 28, 28), 61_706]]))
    assert text == "층 | 모양 | 파라미터\nC1 | 6×28×28 | 61,706"


def test_missing_value_is_a_dash():
    assert repr(Table(["a"], [[None]])).endswith("–")


def test_numbers_are_right_aligned_and_words_left_aligned():
    html = Table(["층", "수"], [["C1", 1]])._repr_html_()
    assert html.index("text-align:left") < html.index("text-align:right")


@pytest.mark.parametrize(("text", "align", "shown"), [
    ("92.2%", "right", "92.2%"), ("-0.35 ~ +0.19", "right", "−0.35 ~ +0.19"),
    ("1,000장", "right", "1,000장"), ("28×28", "left", "28×28"), ("LeNet-5", "left", "LeNet-5"),
])  # fmt: skip
def test_text_that_reads_as_a_number_is_set_like_one(text, align, shown):
    html = Table(["a"], [[text]])._repr_html_()
    assert f"text-align:{align};\">{shown}</td>" in html


def test_text_is_escaped():
    html = Table(["<b>"], [["<script>"]], caption="<i>")._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "<b>" not in html
    assert "<i>" not in html


def test_only_the_total_row_is_bold():
    html = Table(["수"], [[1], [2]], total=True)._repr_html_()
    body = html.split("<tbody>")[1]
    assert body.count("font-weight:bold") == 1
    assert body.index("font-weight:bold") > body.index(">1<")


def test_row_of_the_wrong_length_is_refused():
    with pytest.raises(ValueError, match="2칸"):
        Table(["a"], [[1, 2]])
