"""진단의 채점: 맞는 진단은 이유를, 틀린 진단은 확인할 것을 알려 줍니다."""

import pytest

from course_utils.exercises.comparison import DIAGNOSES, check_diagnosis
from course_utils.exercises.grading import EMPTY

RIGHT = {
    "가": "잘못된 학습률", "나": "데이터 누수", "다": "섞인 레이블", "라": "학습 모드 예측",
    "마": "정규화 없음",
}  # fmt: skip
WRONG = [(name, answer) for name in RIGHT for answer in DIAGNOSES if answer != RIGHT[name]]


def test_every_diagnosis_is_the_answer_once():
    assert sorted(RIGHT.values()) == sorted(DIAGNOSES)


@pytest.mark.parametrize(("name", "answer"), RIGHT.items())
def test_right_diagnosis_passes(name, answer):
    assert check_diagnosis(name, answer).passed


@pytest.mark.parametrize(("name", "answer"), WRONG)
def test_wrong_diagnosis_says_what_to_check(name, answer):
    verdict = check_diagnosis(name, answer)
    assert not verdict.passed
    assert verdict.message.endswith((".", "십시오."))
    assert RIGHT[name] not in verdict.message  # 답을 그대로 알려 주지 않습니다.


@pytest.mark.parametrize(
    ("name", "answer", "hint"),
    [("가", "섞인 레이블", "천 배"), ("다", "잘못된 학습률", "그려"),
     ("마", "잘못된 학습률", "입력")],
)
def test_curves_that_look_alike_get_their_own_hint(name, answer, hint):
    assert hint in check_diagnosis(name, answer).message


def test_unfilled_answer_is_called_empty():
    assert check_diagnosis("가", None) == EMPTY


def test_unknown_words_list_the_choices():
    assert "섞인 레이블" in check_diagnosis("가", "과적합").message
    assert "가, 나" in check_diagnosis("바", "섞인 레이블").message
