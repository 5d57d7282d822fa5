"""지역 응답 정규화: 글에 적은 식과 처음 값. 나누는 수는 tests/test_properties.py가 확인합니다."""

import numpy as np
import pytest
import torch

from course_utils.widgets.lrn import describe, lrn_explorer, window_sums


def test_window_stops_at_the_ends():
    assert window_sums(np.array([1, 2, 3, 4]), 3).tolist() == [5, 14, 29, 25]


@pytest.mark.parametrize("shape", [(), (5,), (4, 4), (1, 8, 4, 4), (0, 4, 4)])
def test_wrong_shape_is_explained(shape):
    with pytest.raises(ValueError, match=r"이미지 한 장의 \(C, H, W\)여야 하는데"):
        lrn_explorer(torch.zeros(shape))


def test_wrong_values_are_explained():
    with pytest.raises(ValueError, match="유한하지 않은 값"):
        lrn_explorer(torch.full((2, 3, 3), float("nan")))


def test_readout_is_the_formula_with_numbers():
    text = describe(np.array([3.0, 10.0, 0.0]), n=3, k=2.0, log_alpha=-1.0, beta=1.0)
    by = 2 + 0.1 / 3 * 109
    assert f"1번: <b>10 → {10 / by:.4g}</b>" in text
    assert f"10 / (2 + 10<sup>−1</sup> / 3 × 109)<sup>1</sup> = 10 / {by:.4g}" in text
    smallest = 2 + 0.1 / 3 * 100
    assert f"비는 <b>{by / smallest:.4g}</b>" in text


def test_starts_with_the_paper_at_the_largest_activation():
    activations = torch.randn(8, 5, 4, generator=torch.Generator().manual_seed(0)).relu() * 20
    values = lrn_explorer(activations.requires_grad_()).values()
    place = values.pop("row"), values.pop("column")
    assert values == {"n": 5, "k": 2.0, "log_alpha": -4.0, "beta": 0.75}
    assert activations[:, place[0], place[1]].max() == activations.max()


@pytest.mark.parametrize(
    ("shape", "value"),
    [((1, 1, 1), 0.0), ((2, 1, 5), -3.0), ((400, 2, 3), 1e5), ((3, 300, 200), 1e-5)],
)
def test_nothing_is_drawn_over_the_margin(shape, value, open_png):
    pixels = open_png(lrn_explorer(np.full(shape, value)).image.value)
    border = [pixels[:, :8], pixels[:, -8:], pixels[:5], pixels[-5:]]
    assert min(part.min() for part in border) == 255
