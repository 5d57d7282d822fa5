"""출력 크기 계산기: 크기는 PyTorch와 2012년 코드의 식으로, 끝의 픽셀은 하나씩 세어 견줍니다."""

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
    count_windows,
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


@pytest.fixture
def panel():
    return size_calculator()


def press(panel, description):
    next(b for b in panel.children[0].children if b.description == description).click()


def pixels_read(size, kernel, stride, padding, count):
    """창을 하나씩 놓아 보며 센 칸들입니다. 첫 픽셀이 0입니다."""
    return {i * stride + k - padding for i in range(count) for k in range(kernel)}


# --- 크기 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("values", SOME)
def test_floor_sizes_are_those_of_pytorch_layers(values):
    size, kernel, stride, padding = values
    x = torch.empty(1, 1, size, size, device="meta")
    x = F.conv2d(x, torch.empty(1, 1, kernel, kernel, device="meta"), None, stride, padding)
    expected = [x.shape[-1]]
    for _ in range(3):
        x = F.max_pool2d(x, 3, 2)
        expected.append(x.shape[-1])
    assert list(chain(*values, FLOOR).values()) == expected


def test_ceil_sizes_follow_the_rule_of_the_2012_code():
    for size, kernel, stride, padding in RANGES:
        expected = 1 + ceil((2 * padding + size - kernel) / stride)
        assert count_windows(size, kernel, stride, padding, CEIL) == expected


def test_window_that_starts_in_the_right_padding_is_kept():
    # 41번째 창은 40 × 6 − 5 = 235에서 시작합니다. PyTorch 풀링의 ceil_mode라면 버립니다.
    assert count_windows(228, 1, 6, 5, CEIL) == 1 + 40


def test_ceil_pools_keep_the_leftover_row():
    assert list(chain(228, 11, 4, 0, CEIL).values()) == [56, 28, 14, 7]


@pytest.mark.parametrize(
    ("values", "sizes"),
    [
        (PAPER, [54, 26, 12, 5]),
        (CODE_2012, [55, 27, 13, 6]),
        (CAFFE, [55, 27, 13, 6]),
        (TORCHVISION, [55, 27, 13, 6]),
        (MISTAKE, [56, 27, 13, 6]),
    ],
)
def test_five_readings_of_the_paper(values, sizes):
    assert list(chain(*values).values()) == sizes


# --- 오른쪽 끝 ------------------------------------------------------------------------------------


@pytest.mark.parametrize("rounding", [FLOOR, CEIL])
@pytest.mark.parametrize("values", SOME)
def test_right_edge_is_counted_as_by_laying_every_window(values, rounding):
    size, _, _, padding = values
    fit = windows(*values, rounding)
    read = pixels_read(*values, fit.count)
    edge = size + padding
    assert fit.end == max(read) + 1
    assert fit.unread == len([i for i in range(edge) if i > max(read)])
    assert fit.unread_padding == len([i for i in range(size, edge) if i > max(read)])
    assert fit.overhang == max(0, max(read) + 1 - edge)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (PAPER, "1픽셀을 읽지 않습니다"),
        (CODE_2012, "마지막 창이 밖으로 3픽셀 나갑니다"),
        (CAFFE, "남김없이 딱 맞습니다"),
        (TORCHVISION, "패딩 1픽셀을 읽지 않습니다"),
        (MISTAKE, "남김없이 딱 맞습니다"),
        ((224, 11, 4, 1, FLOOR), "3픽셀(패딩 1 포함)을 읽지 않습니다"),
    ],
)
def test_right_edge_in_words(values, words):
    assert words in edge_in_words(windows(*values))


def test_pixels_skipped_between_windows_are_told():
    assert "사이에서도 2픽셀씩" in verdict(224, 4, 6, 0, FLOOR)
    assert "사이" not in verdict(224, 6, 6, 0, FLOOR)


# --- 판정 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("values", [CODE_2012, CAFFE, TORCHVISION])
def test_three_readings_are_right(values):
    assert verdict(*values).startswith("<b>맞습니다.</b>")
    assert "다만" not in verdict(*values)


def test_literal_reading_fails_at_fc6():
    text = verdict(*PAPER)
    assert text.startswith("<b>FC6에서 오류가 납니다.</b>")
    assert "256×6×6 = 9,216개를" in text
    assert "256×5×5 = 6,400개가" in text


def test_common_mistake_looks_right():
    text = verdict(*MISTAKE)
    assert text.startswith("<b>맞아 보이지만 틀립니다.</b>")
    assert "55×55가 아니라 56×56" in text
    assert "27×27이라 알아채기 어렵습니다" in text


def test_pool1_is_said_to_hide_the_mistake_only_when_it_is_27():
    text = verdict(230, 11, 4, 5, FLOOR)  # (230 + 10 − 11) / 4 + 1 = 58.25 → 58 → 28
    assert text.startswith("<b>맞아 보이지만 틀립니다.</b>")
    assert "pool1도 27×27이 아니라 28×28" in text
    assert "어렵습니다" not in text


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


def test_same_size_from_another_kernel_is_not_called_the_paper():
    text = verdict(225, 9, 4, 0, FLOOR)  # (225 − 9) / 4 + 1 = 55
    assert text.startswith("<b>맞습니다.</b>")
    assert "다만 논문의 커널은 11×11, 스트라이드는 4입니다" in text


@pytest.mark.parametrize(
    ("size", "rounding", "reason"),
    [
        (8, FLOOR, "커널(11)이 패딩을 더한 입력(8 + 2×0 = 8)보다 큽니다"),
        (8, CEIL, "커널(11)이 패딩을 더한 입력(8 + 2×0 = 8)보다 큽니다"),
        (20, FLOOR, "커널(3)이 패딩을 더한 입력(1 + 2×0 = 1)보다 큽니다"),  # conv1 3, pool1 1
        (20, CEIL, "커널(3)이 패딩을 더한 입력(2 + 2×0 = 2)보다 큽니다"),  # conv1 4, pool1 2
    ],
)
def test_impossible_sizes_are_explained(size, rounding, reason):
    text = verdict(size, 11, 4, 0, rounding)
    assert text.startswith("<b>계산할 수 없습니다.</b>")
    assert reason in text


# --- 그림 -----------------------------------------------------------------------------------------


def test_formula_has_the_numbers_put_in():
    assert formula(*PAPER).endswith("⌊(224 + 2×0 − 11) / 4⌋ + 1  =  ⌊53.25⌋ + 1  =  54")
    assert formula(*CODE_2012).endswith("⌈(224 + 2×0 − 11) / 4⌉ + 1  =  ⌈53.25⌉ + 1  =  55")


def test_impossible_size_still_has_a_picture(open_png):
    assert open_png(to_png(draw_sizes(8, 11, 4, 0, FLOOR))).std() > 1


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


# --- 조작 -----------------------------------------------------------------------------------------


def test_starts_with_the_text_of_the_paper(panel):
    assert tuple(panel.values().values()) == PAPER


def test_start_can_be_chosen():
    values = {"size": 227, "kernel": 9, "stride": 2, "padding": 1, "rounding": CEIL}
    assert size_calculator(**values).values() == values


PRESET_VALUES = [PAPER, CODE_2012, CAFFE, TORCHVISION, MISTAKE]


@pytest.mark.parametrize(("preset", "values"), list(zip(PRESETS, PRESET_VALUES, strict=True)))
def test_presets_set_all_controls_and_draw_once(panel, preset, values):
    panel.controls["kernel"].value = 5
    drawings = []
    panel.readout.observe(drawings.append, names="value")
    press(panel, preset)
    assert tuple(panel.values().values()) == values
    assert verdict(*values) in panel.readout.value
    assert len(drawings) == 1
