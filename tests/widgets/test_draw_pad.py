"""그림판: 브라우저가 보내는 바이트를 받고, 파이썬이 올린 그림을 보냅니다."""

import numpy as np
import pytest

from course_utils.widgets import DrawPad


@pytest.fixture
def pad():
    return DrawPad()


def receive(pad, drawing):
    """브라우저가 보낸 것처럼 memoryview와 횟수를 한 번에 넣습니다."""
    pad.set_state({"pixels": memoryview(drawing.tobytes()), "count": pad.count + 1})


def test_starts_blank(pad):
    assert pad.value.shape == (280, 280)
    assert not pad.value.any()


def test_receives_what_the_browser_draws(pad):
    drawing = np.random.default_rng(0).integers(0, 256, (280, 280), dtype=np.uint8)
    receive(pad, drawing)
    np.testing.assert_array_equal(pad.value, drawing)


def test_the_same_drawing_twice_is_noticed_twice(pad):
    seen = []
    pad.observe(lambda change: seen.append(change.new), names="value")
    for _ in range(2):
        receive(pad, np.zeros((280, 280), dtype=np.uint8))
    assert len(seen) == 2


def test_shown_drawing_fills_the_pad(pad):
    drawing = np.zeros((28, 28))
    drawing[14:, :] = 255
    pad.show(drawing)
    assert pad.value[:130].max() == 0
    assert pad.value[150:].min() == 255


def test_keyboard_and_touch_have_a_path(pad):
    for name in ("ArrowUp", "Delete", "setPointerCapture", "aria-label", "tabindex"):
        assert name in pad._esm
    assert "touch-action: none" in pad._css
    assert "http" not in pad._esm + pad._css
