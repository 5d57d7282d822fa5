"""혼동 행렬: 칸의 수는 scikit-learn과 같고, 칸을 누르면 그 칸의 숫자가 나옵니다."""

import re

import pytest
import torch
from sklearn.metrics import confusion_matrix

from course_utils.widgets.mistakes import CELL, CORNER, mistakes_viewer


@pytest.fixture
def answers():
    chance = torch.Generator().manual_seed(0)
    labels = torch.randint(10, (300,), generator=chance)
    wrong = torch.rand(300, generator=chance) < 0.2
    return labels, torch.where(wrong, (labels + 3) % 10, labels)


def test_counts_are_those_of_scikit_learn(answers):
    panel = mistakes_viewer(torch.rand(300, 1, 32, 32), *answers)
    expected = confusion_matrix(*answers)
    told = {cell: int(re.search(r": ([\d,]+)장", label)[1].replace(",", ""))
            for label, cell in panel.controls["cell"].options}  # fmt: skip
    assert told == {at: expected[at] for at in zip(*expected.nonzero(), strict=True)}
    # 틀린 칸이 먼저이고, 많은 것부터입니다.
    wrong = [count for (true, said), count in told.items() if true != said]
    assert list(told.values())[: len(wrong)] == sorted(wrong, reverse=True)


def test_click_picks_the_cell(answers, click):
    panel = mistakes_viewer(torch.rand(300, 1, 32, 32), *answers)
    at = lambda row, column: (CORNER[0] + (column + 0.5) * CELL, CORNER[1] + (row + 0.5) * CELL)  # noqa: E731
    click(panel, *at(2, 5))
    assert "정답 <b>2</b>, 모델의 답 <b>5</b>" in panel.readout.value
    click(panel, *at(2, 6))  # 그렇게 읽은 숫자가 없습니다.
    click(panel, 5, 5)
    assert panel.controls["cell"].value == (2, 5)


def test_all_right_is_no_error():
    labels = torch.arange(10)
    panel = mistakes_viewer(torch.rand(10, 1, 32, 32), labels, labels)
    assert "정답 <b>0</b>, 모델의 답 <b>0</b>: 1장" in panel.readout.value
