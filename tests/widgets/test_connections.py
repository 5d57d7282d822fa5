"""C3 연결표: 파라미터 수를 실제로 만든 층, 논문의 값과 비교합니다."""

import numpy as np
import pytest
import torch

from course_utils.lenet import C3_TABLE, TableConv2d
from course_utils.widgets.connections import (
    c3_parameters,
    c3_table,
    describe,
    links_of,
    parameters_without_c3,
)


@pytest.mark.parametrize("seed", range(5))
def test_count_equals_the_layer_that_is_built(seed):
    links = np.random.default_rng(seed).random((6, 16)) < 0.5
    links[seed] = True  # 모든 열에 연결이 하나는 있게 합니다.
    layer = TableConv2d(tuple(tuple(np.flatnonzero(c)) for c in links.T), kernel_size=5)
    assert c3_parameters(links) == sum(parameter.numel() for parameter in layer.parameters())


@pytest.mark.parametrize(
    ("preset", "links", "c3", "total"),
    [
        ("논문의 표", 60, "1,516", "60,000"),
        ("모두 연결", 96, "2,416", "60,900"),
        ("모두 끊기", 0, "16", "58,500"),
    ],
)
def test_presets(preset, links, c3, total):
    panel = c3_table()
    buttons = {button.description: button for button in panel.children[0].children}
    buttons["모두 연결"].click()
    buttons[preset].click()
    assert f"<b>{links} / 96</b>" in panel.readout.value
    assert f"= <b>{c3}</b>" in panel.readout.value
    assert f"= <b>{total}</b>" in panel.readout.value


def test_clicking_one_cell_costs_25_parameters():
    panel = c3_table()
    links = [line[:] for line in panel.controls["links"].value]
    links[3][0] = True
    panel.controls["links"].value = links
    assert "<b>61 / 96</b>" in panel.readout.value
    assert "<b>60,025</b>" in panel.readout.value


def test_maps_without_links_are_explained():
    links = links_of(C3_TABLE)
    links[:, 4] = False
    links[2] = False
    text = describe(links, 58_484)
    assert "C3의 4번 맵: 연결이 없어 편향만" in text
    assert "S2의 2번 맵: 바라보는 C3 맵이 없어" in text


def test_static_picture_shows_the_table():
    panel = c3_table()
    data, _ = panel._repr_mimebundle_()
    assert data["text/plain"] == "<위젯: C3 연결표>"
    assert panel.image.layout.display == "none"
    panel.controls["links"].value = np.eye(6, 16, dtype=bool).tolist()
    assert panel._repr_mimebundle_()[0]["image/png"] != data["image/png"]


def test_building_the_widget_leaves_the_random_numbers_alone():
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    assert parameters_without_c3() == 58_484  # LeCun 1998: 60,000 - 1,516
    torch.testing.assert_close(torch.rand(2), expected)


def test_grid_needs_no_network():
    grid = c3_table().controls["links"]
    assert "http" not in grid._esm + grid._css
