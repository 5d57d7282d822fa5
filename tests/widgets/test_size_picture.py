"""출력 크기 계산기의 그림: 칸의 색이 뜻과 맞고, 어떤 값에서도 가장자리를 넘지 않습니다."""

import numpy as np
import pytest

from course_utils.widgets.output_sizes import CEIL, FLOOR, draw_sizes
from course_utils.widgets.pictures import to_png
from course_utils.widgets.size_picture import (
    PADDING_COLOR,
    PIXEL_COLOR,
    UNREAD_COLOR,
    strip_pixels,
)

# 가장 긴 수, 가장 왼쪽에서 시작하는 창, 가장 멀리 나가는 창
WIDEST = [(230, 1, 1, 5), (220, 15, 6, 0), (230, 4, 6, 0), (228, 1, 6, 5), (223, 15, 6, 5)]


def test_strip_tells_pixels_padding_unread_and_outside_apart():
    # 끝의 다섯 칸: 픽셀 223과 224, 읽은 패딩, 읽지 않은 패딩, 밖.
    pixels = strip_pixels(222, [True, False, True, False, True], 224, 2)
    colors = ["#%02X%02X%02X" % tuple(pixels[3, 28 * i + 3]) for i in range(5)]  # noqa: UP031
    assert colors == [PIXEL_COLOR, UNREAD_COLOR, PADDING_COLOR, UNREAD_COLOR, "#FFFFFF"]


@pytest.mark.parametrize("rounding", [FLOOR, CEIL])
@pytest.mark.parametrize("values", WIDEST)
def test_nothing_is_drawn_over_the_margin(values, rounding, open_png):
    pixels = open_png(to_png(draw_sizes(*values, rounding)))
    border = np.concatenate([pixels[:, :4].ravel(), pixels[:, -4:].ravel(), pixels[:4].ravel()])
    assert border.min() == 255
