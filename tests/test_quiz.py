"""퀴즈: 정답은 통과하고, 오답마다 자기만의 힌트가 있으며, 화면이 없어도 읽을 수 있습니다."""

import pytest
from scipy.stats import binomtest

from course_utils.quiz import ASSETS, Quiz, load_questions

NAMES = sorted(path.stem.removeprefix("quiz_") for path in ASSETS.glob("quiz_*.json"))
ALL = pytest.mark.parametrize("name", NAMES)


@ALL
def test_each_question_has_one_right_answer_and_three_wrong_ones(name):
    for question in load_questions(name):
        assert [choice.correct for choice in question.choices].count(True) == 1
        assert len(question.choices) == 4


@ALL
def test_each_quiz_has_four_to_six_questions(name):
    assert 4 <= len(load_questions(name)) <= 6


@ALL
def test_every_choice_has_its_own_feedback(name):
    for question in load_questions(name):
        assert all(len(choice.feedback) > 8 for choice in question.choices)
        assert len({choice.feedback for choice in question.choices}) == len(question.choices)


def test_place_and_length_do_not_give_the_answer_away():
    """읽지 않고 첫째나 가장 긴 것을 골라도 넷에 하나만 맞습니다(양쪽 1%)."""
    questions = [question.choices for name in NAMES for question in load_questions(name)]
    keys = [[choice.correct for choice in choices].index(True) for choices in questions]
    lengths = [[len(choice.text) for choice in choices] for choices in questions]
    tricks = [[key == place for key in keys] for place in range(4)] + [
        [pick(row) == row[key] and row.count(row[key]) == 1
         for row, key in zip(lengths, keys, strict=True)] for pick in (max, min)
    ]  # fmt: skip
    for right in tricks:
        assert binomtest(sum(right), len(right), 1 / 4).pvalue > 0.01


@ALL
def test_every_choice_of_every_question_is_answered(name):
    quiz = Quiz(name)
    for question, radio, reply in zip(quiz.questions, quiz.radios, quiz.replies, strict=True):
        for number, choice in enumerate(question.choices):
            radio.value = number
            assert ("✓" in reply.value) == choice.correct
            assert ("✗" in reply.value) != choice.correct


def test_score_counts_only_right_answers():
    quiz = Quiz("01_lenet5")
    assert "0 / 6" in quiz.score.value
    for question, radio in zip(quiz.questions, quiz.radios, strict=True):
        radio.value = [choice.correct for choice in question.choices].index(True)
    assert "6 / 6" in quiz.score.value
    quiz.radios[0].value = 0  # C1은 오답입니다.
    assert "5 / 6" in quiz.score.value


def test_quiz_without_a_front_end_shows_questions_but_not_answers():
    bundle, _ = Quiz("00_start")._repr_mimebundle_()
    question = load_questions("00_start")[0]
    assert question.choices[0].text in bundle["text/html"]
    assert all(choice.feedback not in bundle["text/html"] for choice in question.choices)
    assert bundle["text/plain"] == "<퀴즈: 00_start, 4문제>"


def test_unknown_quiz_lists_the_known_ones():
    with pytest.raises(FileNotFoundError, match="01_lenet5"):
        load_questions("no_such")
