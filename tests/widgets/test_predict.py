"""예측: 답하기 전에는 값이 보이지 않고, 답하면 둘이 나란히 보입니다."""

import pytest

from course_utils.widgets import Predict


def test_value_is_kept_back_until_the_reader_commits():
    asked = Predict("파라미터는 몇 개입니까?", 1_516, unit="개", why="60 × 25 + 16입니다.")
    assert "1,516" not in asked.reply.value
    asked.number.value = 2_416
    asked.buttons[0].click()
    assert "당신 <b>2,416개</b> / 값 <b>1,516개</b>. 60 × 25 + 16입니다." in asked.reply.value
    assert asked.number.disabled
    assert asked.buttons[0].disabled


@pytest.mark.parametrize(("number", "is_right"), [(0, False), (1, True)])
def test_each_option_is_a_button(number, is_right):
    asked = Predict("무엇에 가장 약합니까?", "회전", options=("이동", "회전"))
    asked.buttons[number].click()
    assert ("맞혔습니다" in asked.reply.value) == is_right


def test_counted_hands_become_bars():
    asked = Predict("무엇에 가장 약합니까?", "회전", options=("이동", "회전"))
    asked.counts[0].value, asked.counts[1].value = 5, 15
    assert "width:25%" in asked.bars.value
    assert "width:75%" in asked.bars.value


def test_without_a_front_end_the_value_is_folded():
    html = Predict("몇 배입니까?", 3, unit="배")._repr_mimebundle_()[0]["text/html"]
    assert html.index("<details>") < html.index("3배")


def test_text_of_the_lesson_is_not_read_as_html():
    html = Predict("a < b?", "<b>", options=("<b>", "c"))._repr_mimebundle_()[0]["text/html"]
    assert "<b>.</b>" not in html
    assert "&lt;b&gt;" in html


def test_answer_outside_the_options_is_refused():
    with pytest.raises(ValueError, match="보기"):
        Predict("?", "셋", options=("하나", "둘"))
