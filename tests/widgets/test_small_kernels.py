"""큰 커널과 쌓은 커널: 글의 수와 단면의 칸 수를 확인합니다."""

import pytest

from course_utils.widgets.small_kernels import compare, describe, draw_stacks


def test_five_threes_see_as_much_as_one_eleven():
    one, many = 11 * 11 * 96 * 96 + 96, 5 * (3 * 3 * 96 * 96 + 96)
    assert compare(11, 3, 96) == (5, 11, one, many)


def test_cells_are_counted_row_by_row():
    # 왼쪽은 1 + 11칸, 오른쪽은 1 + 3 + 5 + 7 + 9 + 11칸
    figure = draw_stacks(11, 3, 96)
    assert [len(axes.collections[0].get_paths()) for axes in figure.axes] == [12, 36]


@pytest.mark.parametrize(
    ("kernel", "small", "words"),
    [
        (3, 3, "적지 않습니다"),
        (3, 5, "5×5 1개"),
        (11, 3, "63% 적습니다"),
        (11, 5, "5×5 3개: 입력 13×13만큼"),
    ],
)
def test_text_compares_the_two(kernel, small, words):
    assert words in describe(kernel, small, 96)
