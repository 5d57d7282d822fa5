"""스트레스 테스트: 조작을 모두 훑고, 곡선을 한 점씩 따로 계산한 것과 비교합니다."""

import numpy as np
import pytest
import torch

from course_utils.augmentation import distort
from course_utils.widgets.stress import CONTROLS, probability_curve, stress_test

NEUTRAL = {name: spec[-1] for name, spec in CONTROLS.items()}


@pytest.fixture
def images():
    images = torch.full((3, 1, 32, 32), -0.1)
    images[0, :, 8:24, 14:18] = 1.175
    images[1, :, 8:24, 10:22] = 1.175
    images[2, :, 14:18, 6:26] = 1.175
    return images


@pytest.fixture
def panel(models, images):
    return stress_test(models[0], images, torch.tensor([1, 0, 7]))


@pytest.mark.parametrize("name", CONTROLS)
def test_every_slider_through_its_range(panel, name):
    slider = panel.controls[name]
    pictures = {panel.image.value}
    for value in (slider.max, slider.min, (slider.min + 3 * slider.max) / 4):
        slider.value = value
        pictures.add(panel.image.value)
        assert f"{CONTROLS[name][0]} {slider.value:g}" in panel.readout.value
    assert len(pictures) >= 3


def test_curve_follows_the_slider_that_moved(panel):
    panel.controls["noise"].value = 0.5
    assert panel.controls["control"].value == "noise"
    panel.controls["scale"].value = 0.8
    assert panel.controls["control"].value == "scale"


def test_readout_is_the_models_probability(panel, models, images):
    panel.controls["rotation"].value = 30.0
    probability = models[0].eval()(distort(images[:1], rotation=30.0)).softmax(dim=1)[0, 1].item()
    assert f"<b>{100 * probability:.1f}%</b>" in panel.readout.value


def test_restore_button_undoes_everything(panel):
    start = {name: control.value for name, control in panel.controls.items()}
    for name in CONTROLS:
        panel.controls[name].value = panel.controls[name].max
    panel.children[0].children[2].click()
    values = {name: panel.controls[name].value for name in CONTROLS}
    assert values == {name: start[name] for name in CONTROLS} == NEUTRAL


@pytest.mark.parametrize("control", CONTROLS)
def test_curve_equals_one_image_at_a_time(models, images, control):
    settings = NEUTRAL | {"rotation": 10.0, "noise": 0.2, "stroke": 0.5}
    _, _, low, high, _, _ = CONTROLS[control]
    values = np.linspace(low, high, 5)
    curve = probability_curve(
        models[0], images[0], control=control, values=values, settings=settings
    )
    for value, confidence in zip(values, curve[:, 3], strict=True):
        one = distort(images[:1], **(settings | {control: value}))
        expected = models[0].eval()(one).softmax(dim=1)[0, 3].item()
        assert confidence == pytest.approx(expected, abs=1e-5)
