"""숫자 알아보기: 값은 모델을 직접 불러 계산한 것과 비교합니다."""

import numpy as np
import pytest

from course_utils.data import center_digit, normalize
from course_utils.lenet import digit_bitmaps
from course_utils.widgets import digit_recognizer
from course_utils.widgets.recognizer import PLACES, describe, map_at, recognize


@pytest.fixture
def image(seven):
    return normalize(center_digit(seven)["pad"])[None, None]


def test_probabilities_are_the_softmax_of_the_logits(models, seven, image):
    result = recognize(seven, *models)
    expected = models[0].eval()(image).softmax(dim=1)[0].detach().numpy()
    np.testing.assert_allclose(result["probabilities"], expected, atol=1e-6)


def test_penalties_are_the_output_of_the_original(models, seven, image):
    result = recognize(seven, *models)
    expected = models[1].eval()(image)[0].detach().numpy()
    np.testing.assert_allclose(result["penalties"], expected, rtol=1e-5)


def test_penalties_are_squared_distances_from_the_shown_code(models, seven):
    result = recognize(seven, *models)
    difference = result["code"] - digit_bitmaps().numpy()
    np.testing.assert_allclose(
        result["penalties"], (difference**2).sum(axis=(1, 2)), rtol=1e-4
    )  # LeCun 1998, 식 7


def test_all_layers_have_maps_of_the_papers_sizes(models, seven):
    shapes = {name: values.shape for name, values in recognize(seven, *models)["maps"].items()}
    assert shapes == {
        "C1": (6, 28, 28), "S2": (6, 14, 14), "C3": (16, 10, 10),
        "S4": (16, 5, 5), "C5": (120, 1, 1),
    }  # fmt: skip


def test_maps_are_after_the_activation(models, seven):
    maps = recognize(seven, *models)["maps"]
    assert all(np.abs(values).max() <= 1 for values in maps.values())
    pooled = maps["C1"].reshape(6, 14, 2, 14, 2).mean(axis=(2, 4))
    np.testing.assert_allclose(maps["S2"], pooled, atol=1e-6)


def test_text_names_both_answers():
    result = {
        "probabilities": np.eye(10)[4] * 0.9 + 0.01,
        "penalties": np.array([9.0, 50, 50, 3.25, 50, 50, 50, 50, 50, 50]),
    }
    text = describe(result, rubbish=10.0)
    assert "LeNet5의 답 <b>4</b> (확률 91.0%)" in text
    assert "LeNet5Original의 답 <b>3</b> (벌점 3.2, 다음은 0의 9.0)" in text
    assert "숫자가 아님</b> (가장 작은 벌점 3.2도 한도 3보다" in describe(result, rubbish=3.0)


@pytest.fixture
def panel(models, seven):
    return digit_recognizer(*models, rubbish=10.0, example=seven)


def test_all_fits_one_screen(panel, open_png):
    answers = open_png(panel.children[0].children[1].children[2].value)
    maps = open_png(panel.image.value)
    assert 280 + answers.shape[1] <= maps.shape[1] == 960  # 그림판 옆에 답이 들어갑니다.
    assert 280 + maps.shape[0] <= 600


def test_clearing_asks_for_a_digit_again(panel, seven):
    before = panel.image.value
    panel.controls["drawing"].show(np.zeros((28, 28)))
    assert "그려 주세요" in panel.readout.value
    panel.names.clicked = [20.0, 40.0]  # 누를 맵이 없습니다.
    panel.controls["drawing"].show(seven)
    assert panel.image.value == before


@pytest.mark.parametrize("drawing", ["dot", "full"])
def test_strange_drawings_do_not_fail(panel, drawing):
    pixels = np.zeros((280, 280))
    pixels[(slice(0, 1), slice(279, 280)) if drawing == "dot" else slice(None)] = 255
    panel.controls["drawing"].show(pixels)
    assert "LeNet5의 답" in panel.readout.value


def test_example_is_recognized_at_once_and_by_the_button(panel, seven):
    first = panel.readout.value, panel.image.value
    assert "LeNet5의 답" in first[0]
    panel.controls["drawing"].show(seven.T)
    assert panel.image.value != first[1]
    panel.children[0].children[1].children[0].click()
    assert (panel.readout.value, panel.image.value) == first


def test_click_finds_every_map_and_enlarges_it(panel, click, models, seven):
    maps = recognize(seven, *models)["maps"]
    for layer, (columns, factor, left, top) in PLACES.items():
        count, side = maps[layer].shape[:2]
        cell = factor * (side + (side > 1))
        places = [(left + cell * (i % columns) + 1, top + cell * (i // columns) + 1)
                  for i in range(count)]  # fmt: skip
        assert [map_at(maps, *place) for place in places] == [(layer, i) for i in range(count)]
    assert map_at(maps, 950, 300) is None
    before = panel.image.value
    click(panel, PLACES["S4"][2] + 5, PLACES["S4"][3] + 5)
    assert panel.image.value != before


def test_models_keep_their_mode(models, seven):
    models[0].train()
    recognize(seven, *models)
    assert models[0].training
    assert all(parameter.grad is None for parameter in models[0].parameters())
