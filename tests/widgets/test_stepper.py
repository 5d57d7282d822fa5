"""합성곱 한 칸씩: 값과 식을 손으로 계산한 것과 비교합니다."""

import asyncio

import numpy as np
import pytest
from skimage.measure import block_reduce

from course_utils.widgets.stepper import (
    OUTPUT,
    camera_patch,
    convolution_stepper,
    draw_pooling,
    draw_step,
    photo_patch,
    pooling_stepper,
    size_formula,
    sum_in_words,
)


@pytest.fixture
def panel():
    return convolution_stepper()


def test_sum_is_written_out():
    window, weights = np.array([[12, 45], [3, 9]]), np.array([[-1, 0], [1, 2]])
    assert sum_in_words(window, weights, 1) == ("12×(−1) + 45×0 + 3×1 + 9×2", "9")
    assert sum_in_words(window, np.ones((2, 2), dtype=int), 4) == ("(12 + 45 + 3 + 9) ÷ 4", "17.2")


def test_formula_has_the_numbers_put_in():
    assert size_formula(10, 3, 2, 1).endswith("⌊(10 + 2×1 − 3) / 2⌋ + 1  =  5")


def test_patch_is_the_mean_of_its_blocks():
    photo = np.zeros((40, 50), dtype=np.uint8)
    photo[4:6, 8:10] = [[10, 20], [30, 40]]
    patch = photo_patch(photo, 4, 8, 20)
    assert patch.shape == (10, 10)
    assert patch[0, 0] == 25
    assert patch.sum() == 25


@pytest.mark.parametrize(
    ("stride", "padding", "size"), [(1, 0, 8), (1, 1, 10), (2, 0, 4), (2, 1, 5)]
)
def test_every_position_range(panel, stride, padding, size):
    panel.controls["stride"].value, panel.controls["padding"].value = stride, padding
    position = panel.controls["position"]
    assert position.max == size * size - 1
    pictures = set()
    for value in (position.min, size, position.max):
        position.value = value
        assert f"<b>{size}×{size}</b>" in panel.readout.value
        assert f"{value // size + 1}행 {value % size + 1}열" in panel.readout.value
        pictures.add(panel.image.value)
    assert len(pictures) == 3


@pytest.mark.parametrize(
    ("settings", "position", "answer"),
    [
        # 값이 오른쪽으로 1, 아래로 10씩 커지는 조각입니다.
        ({"kernel": "세로 에지", "stride": 1, "padding": 0}, 9, "2행 2열 = <b>6</b>"),
        ({"kernel": "가로 에지", "stride": 2, "padding": 0}, 15, "4행 4열 = <b>60</b>"),
        ({"kernel": "흐리게", "stride": 1, "padding": 1}, 0, "1행 1열 = <b>2.4</b>"),  # 22 / 9
        ({"kernel": "선명하게", "stride": 2, "padding": 1}, 24, "5행 5열 = <b>88</b>"),
    ],
)
def test_readout_is_computed_by_hand(settings, position, answer):
    patch = np.arange(100).reshape(10, 10)
    text, _ = draw_step(patch, np.zeros((228, 228)), **settings, position=position)
    assert answer in text


def test_position_is_clamped_when_the_output_shrinks(panel):
    panel.controls["position"].value = 63
    panel.controls["stride"].value = 2
    assert panel.controls["position"].value == 15
    assert "16 / 16번째" in panel.readout.value


def test_buttons_move_one_step_and_stop_at_the_ends(panel):
    previous, following = panel.children[1].children[1:3]
    position = panel.controls["position"]
    previous.click()
    assert position.value == 0
    following.click()
    assert position.value == 1
    position.value = position.max
    following.click()
    assert position.value == position.max


def test_sky_of_the_patch_is_flat_and_its_edge_is_not(panel):
    answers = []
    for position in range(4):
        panel.controls["position"].value = position
        answers.append(panel.readout.value.split("<b>")[1].split("</b>")[0])
    patch = camera_patch()[1][:3]
    expected = patch[:, 2:].sum(axis=0) - patch[:, :-2].sum(axis=0)
    assert answers == [str(value).replace("-", "−") for value in expected[:4]]
    assert abs(expected[:2]).max() < 5
    assert expected[3] < -100


@pytest.mark.parametrize(("method", "reduce"), [("최대", np.max), ("평균", np.mean)])
def test_pooling_is_a_block_reduction(method, reduce):
    patch = camera_patch()[1]
    blocks = block_reduce(patch, (2, 2), reduce)
    for position in (0, 7, 24):
        text, _ = draw_pooling(
            patch, np.zeros((228, 228)), method=method, size=2, stride=2, position=position
        )
        value = round(float(blocks.flat[position]), 1)
        assert f"= <b>{value:g}</b>" in text
        assert f"<b>5×5</b> &nbsp;·&nbsp; {position + 1} / 25번째" in text


def test_overlapping_windows_read_the_shared_row():
    patch = np.arange(100).reshape(10, 10)
    text, _ = draw_pooling(
        patch, np.zeros((228, 228)), method="최대", size=3, stride=2, position=5
    )  # 둘째 줄, 둘째 칸: 2~4행, 2~4열
    assert "2행 2열 = <b>44</b>" in text
    assert "<b>4×4</b>" in text


@pytest.mark.parametrize("make", [convolution_stepper, pooling_stepper])
def test_click_on_an_output_cell_goes_there(make, click):
    panel = make()
    click(panel, OUTPUT[0] + 28 * 2 + 5, OUTPUT[1] + 28 + 5)
    assert "2행 3열" in panel.readout.value
    click(panel, OUTPUT[0] - 5, OUTPUT[1])  # 격자의 밖
    click(panel, OUTPUT[0] + 28 * 9, OUTPUT[1])
    assert "2행 3열" in panel.readout.value


def test_play_goes_on_until_it_is_stopped(panel):
    position, play = panel.controls["position"], panel.children[1].children[3]

    async def watch():
        position.value = position.max
        play.click()  # 끝에서 누르면 처음부터 갑니다.
        await asyncio.sleep(0.6)
        assert 1 <= position.value <= 2
        assert "멈춤" in play.description
        play.click()
        before = position.value
        await asyncio.sleep(0.6)
        assert position.value == before
        assert "재생" in play.description

    asyncio.run(watch())
