"""드롭아웃 마스크: 기댓값이 같다는 것을 많은 마스크의 평균으로 확인합니다."""

import numpy as np
import pytest
import torch

from course_utils.widgets.dropout import (
    MODES,
    apply_dropout,
    dropout_masks,
    expected_outputs,
    keep_mask,
)

TRAIN_INVERTED, TRAIN_PAPER, TEST_INVERTED, TEST_PAPER = MODES


@pytest.fixture
def outputs():
    return torch.randn(256, generator=torch.Generator().manual_seed(0)).relu().double().numpy()


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("mode", [TRAIN_INVERTED, TRAIN_PAPER])
def test_average_of_many_masks_is_the_expectation(outputs, mode, p):
    x = outputs[:40]
    keep = np.random.default_rng(1).random((20_000, 40)) >= p
    average = apply_dropout(x, keep, p, mode).mean(axis=0)
    # 표준 오차의 다섯 배: 뒤집은 방식의 분산은 x² p / (1 − p)입니다.
    error = 5 * x * np.sqrt(p / (1 - p) / len(keep)) + 1e-12
    assert (np.abs(average - expected_outputs(x, p, mode)) <= error).all()


@pytest.mark.parametrize("p", [0.0, 0.3, 0.9])
def test_training_and_testing_have_the_same_expectation(outputs, p):
    for train, test in ((TRAIN_INVERTED, TEST_INVERTED), (TRAIN_PAPER, TEST_PAPER)):
        nothing = np.zeros(256, dtype=bool)
        tested = apply_dropout(outputs, nothing, p, test)  # 마스크를 보지 않습니다.
        np.testing.assert_allclose(tested, expected_outputs(outputs, p, train))


def test_inverted_dropout_scales_like_torch(outputs):
    torch.manual_seed(0)
    by_torch = torch.nn.functional.dropout(torch.tensor(outputs), 0.3, training=True).numpy()
    keep = (by_torch != 0) | (outputs == 0)
    ours = apply_dropout(outputs, keep, 0.3, TRAIN_INVERTED)
    np.testing.assert_allclose(ours, by_torch, rtol=1e-6)


def test_masks_are_repeatable_and_nested():
    masks = [keep_mask(500, p, seed=2, number=7) for p in (0.2, 0.2, 0.6)]
    np.testing.assert_array_equal(masks[0], masks[1])
    assert not (masks[2] & ~masks[0]).any()  # p를 키우면 더 지워질 뿐입니다.
    assert (keep_mask(500, 0.2, seed=2, number=8) != masks[0]).any()
    assert (keep_mask(500, 0.2, seed=3, number=7) != masks[0]).any()


@pytest.mark.parametrize("shape", [(), (0,), (1025,), (4, 4)])
def test_wrong_shape_is_explained(shape):
    with pytest.raises(ValueError, match="1차원이어야 하는데"):
        dropout_masks(torch.zeros(shape))


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_wrong_values_are_explained(value):
    with pytest.raises(ValueError, match="음수나 유한하지 않은 값"):
        dropout_masks([1.0, value])


@pytest.mark.parametrize("value", [0.0, 1e-6, 1e6])
def test_any_scale_is_drawn(value):
    assert " / 1,000</b>" in dropout_masks(np.full(1000, value)).readout.value


def test_readout_counts_what_was_kept(outputs):
    panel = dropout_masks(outputs)
    panel.controls["draws"].value = 5
    keep = keep_mask(256, 0.5, seed=0, number=4)
    after, total = 2 * (outputs * keep).sum(), outputs.sum()
    assert f"<b>{keep.sum()} / 256</b>" in panel.readout.value
    assert f"<b>{total:.4g} → {after:.4g}</b>" in panel.readout.value
    assert f"합의 기댓값 <b>{total:.4g}</b>" in panel.readout.value
    panel.controls["mode"].value = TEST_PAPER
    assert "<b>256 / 256</b>" in panel.readout.value
    assert f"<b>{total:.4g} → {total / 2:.4g}</b>" in panel.readout.value
