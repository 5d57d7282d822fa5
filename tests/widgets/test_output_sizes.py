"""출력 크기 계산기: 크기는 PyTorch, 2012년 코드의 식과 비교하고 끝의 픽셀은 하나씩 셉니다."""

from math import ceil

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course_utils.widgets.output_sizes import (
    CEIL,
    FLOOR,
    PADDING_COLOR,
    PIXEL_COLOR,
    PRESETS,
    UNREAD_COLOR,
    chain,
    draw_sizes,
    edge_in_words,
    formula,
    size_calculator,
    strip_pixels,
    verdict,
    windows,
)
from course_utils.widgets.pictures import to_png

PAPER, CODE_2012 = (224, 11, 4, 0, FLOOR), (224, 11, 4, 0, CEIL)
CAFFE, TORCHVISION, MISTAKE = (227, 11, 4, 0, FLOOR), (224, 11, 4, 2, FLOOR), (227, 11, 4, 2, FLOOR)
RANGES = [(size, kernel, stride, padding) for size in (220, 224, 227, 230)
          for kernel in range(1, 16) for stride in range(1, 7) for padding in range(6)]  # fmt: skip
SOME = RANGES[::29]  # 29는 눈금 수들과 서로소여서 모든 조작의 모든 값이 들어갑니다.


def test_floor_sizes_are_those_of_pytorch_layers():
    for size, kernel, stride, padding in SOME:
        x = torch.empty(1, 1, size, size, device="meta")
        x = F.conv2d(x, torch.empty(1, 1, kernel, kernel, device="meta"), None, stride, padding)
        expected = [x.shape[-1]]
        for _ in range(3):
            x = F.max_pool2d(x, 3, 2)
            expected.append(x.shape[-1])
        assert list(chain(size, kernel, stride, padding, FLOOR).values()) == expected


def test_ceil_sizes_follow_the_rule_of_the_2012_code():
    # (228, 1, 6, 5)의 41번째 창은 235에서 시작합니다. PyTorch 풀링의 ceil_mode라면 버립니다.
    for size, kernel, stride, padding in [*RANGES, (228, 1, 6, 5)]:
        expected = 1 + ceil((2 * padding + size - kernel) / stride)
        assert windows(size, kernel, stride, padding, CEIL)[0] == expected


@pytest.mark.parametrize(
    ("values", "sizes", "edge"),
    [
        (PAPER, [54, 26, 12, 5], "1픽셀을 읽지 않습니다"),
        (CODE_2012, [55, 27, 13, 6], "마지막 창이 밖으로 3픽셀 나갑니다"),
        (CAFFE, [55, 27, 13, 6], "남김없이 딱 맞습니다"),
        (TORCHVISION, [55, 27, 13, 6], "패딩 1픽셀을 읽지 않습니다"),
        (MISTAKE, [56, 27, 13, 6], "남김없이 딱 맞습니다"),
        ((224, 11, 4, 1, FLOOR), [54, 26, 12, 5], "3픽셀(패딩 1 포함)을 읽지 않습니다"),
        ((228, 11, 4, 0, CEIL), [56, 28, 14, 7], "마지막 창이 밖으로 3픽셀 나갑니다"),
    ],
)
def test_readings_of_the_paper(values, sizes, edge):
    assert list(chain(*values).values()) == sizes
    assert edge in edge_in_words(windows(*values)[1], values[3])


@pytest.mark.parametrize("rounding", [FLOOR, CEIL])
def test_right_edge_is_counted_as_by_laying_every_window(rounding):
    for size, kernel, stride, padding in SOME:
        count, left_over = windows(size, kernel, stride, padding, rounding)
        read = {i * stride + k - padding for i in range(count) for k in range(kernel)}
        assert left_over == size + padding - (max(read) + 1)


@pytest.mark.parametrize("rounding", [FLOOR, CEIL])
def test_verdict_follows_the_sizes_everywhere(rounding):
    for values in RANGES:
        size, kernel, stride, padding = values
        whole = ceil if rounding == CEIL else int
        conv1 = side = 1 + whole((2 * padding + size - kernel) / stride)
        for _ in range(3):
            side = 1 + whole((side - 3) / 2)
        expected = "맞습니다" if conv1 == 55 else "맞아 보이지만 틀립니다"
        expected = expected if side == 6 else "FC6에서 오류가 납니다"
        assert verdict(*values, rounding).startswith(f"<b>{expected}.</b>"), values


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (PAPER, "256×6×6 = 9,216개를 기다리는데 256×5×5 = 6,400개가"),
        (MISTAKE, "55×55가 아니라 56×56"),
        (MISTAKE, "27×27이라 알아채기 어렵습니다"),
        # (230 + 10 − 11) / 4 + 1 = 58.25 → 58 → 28
        ((230, 11, 4, 5, FLOOR), "58×58입니다. pool1도 27×27이 아니라 28×28입니다. 오른쪽"),
        ((225, 9, 4, 0, FLOOR), "다만 논문의 커널은 11×11, 스트라이드는 4입니다"),
        ((224, 4, 6, 0, FLOOR), "사이에서도 2픽셀씩"),
    ],
)
def test_verdict_tells_what_is_wrong(values, words):
    assert words in verdict(*values)


@pytest.mark.parametrize("values", [CODE_2012, CAFFE, TORCHVISION])
def test_right_readings_have_no_reservation(values):
    assert "다만" not in verdict(*values)
    assert "사이" not in verdict(*values)


def test_formula_has_the_numbers_put_in():
    assert formula(*PAPER).endswith("⌊(224 + 2×0 − 11) / 4⌋ + 1  =  ⌊53.25⌋ + 1  =  54")
    assert formula(*CODE_2012).endswith("⌈(224 + 2×0 − 11) / 4⌉ + 1  =  ⌈53.25⌉ + 1  =  55")


def test_strip_tells_pixels_padding_unread_and_outside_apart():
    # 끝의 다섯 칸: 픽셀 223과 224, 읽은 패딩, 읽지 않은 패딩, 밖.
    read = np.array([True, False, True, False, True])
    pixels = strip_pixels(np.arange(222, 227), read, 224, 2)
    colors = ["#%02X%02X%02X" % tuple(pixels[3, 28 * i + 3]) for i in range(5)]  # noqa: UP031
    assert colors == [PIXEL_COLOR, UNREAD_COLOR, PADDING_COLOR, UNREAD_COLOR, "#FFFFFF"]


@pytest.mark.parametrize("rounding", [FLOOR, CEIL])
@pytest.mark.parametrize("values", [(230, 1, 1, 5), (220, 15, 6, 0), (228, 1, 6, 5)])
def test_nothing_is_drawn_over_the_margin(values, rounding, open_png):
    # 가장 긴 수, 가장 왼쪽에서 시작하는 창, 가장 멀리 나가는 창
    pixels = open_png(to_png(draw_sizes(*values, rounding)))
    border = np.concatenate([pixels[:, :4].ravel(), pixels[:, -4:].ravel(), pixels[:4].ravel()])
    assert border.min() == 255


@pytest.mark.parametrize(
    ("preset", "values"),
    list(zip(PRESETS, [PAPER, CODE_2012, CAFFE, TORCHVISION, MISTAKE], strict=True)),
)
def test_presets_set_all_controls_and_draw_once(preset, values):
    panel = size_calculator()
    assert tuple(panel.values().values()) == PAPER  # 논문의 글에서 시작합니다.
    panel.controls["kernel"].value = 5
    drawings = []
    panel.readout.observe(drawings.append, names="value")
    next(b for b in panel.children[0].children if b.description == preset).click()
    assert tuple(panel.values().values()) == values
    assert verdict(*values) in panel.readout.value
    assert len(drawings) == 1
