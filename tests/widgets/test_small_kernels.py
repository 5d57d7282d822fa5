"""큰 커널과 쌓은 커널: 글의 수와 단면의 칸 수, 모든 조작값을 확인합니다."""

import pytest
from matplotlib.collections import PatchCollection

from course_utils import widgets
from course_utils.widgets import small_kernels as module


def cells_of(figure):
    """두 그림에 놓인 칸의 수입니다."""
    return [
        sum(len(item.get_paths()) for item in axes.collections if isinstance(item, PatchCollection))
        for axes in figure.axes
    ]


def test_five_threes_see_as_much_as_one_eleven():
    depth, seen, one, many = module.compare(11, 3, 96)
    assert (depth, seen) == (5, 11)
    assert one == 11 * 11 * 96 * 96 + 96
    assert many == 5 * (3 * 3 * 96 * 96 + 96)


def test_cells_are_counted_row_by_row():
    # 왼쪽은 1 + 11칸, 오른쪽은 1 + 3 + 5 + 7 + 9 + 11칸
    assert cells_of(module.draw_stacks(11, 3, 96)) == [12, 36]


def test_one_small_kernel_is_not_called_smaller():
    assert "적지 않습니다" in module.describe(3, 3, 64)
    assert "63 % 적습니다" in module.describe(11, 3, 96)


@pytest.mark.parametrize("kernel", [3, 7, 11])
@pytest.mark.parametrize("small", module.SMALL_KERNELS)
@pytest.mark.parametrize("channels", [16, 512])
def test_every_corner_draws(kernel, small, channels):
    panel = widgets.kernel_stacks()
    with panel.together():
        panel.controls["kernel"].value = kernel
        panel.controls["small"].value = small
        panel.controls["channels"].value = channels
    depth = module.stack_depth(kernel, small)
    assert f"{small}×{small} {depth}개" in panel.readout.value
    assert bytes(panel.image.value).startswith(b"\x89PNG")
