"""브라우저에 넘기는 것이 논문의 신경망 그대로입니다. 계산은 tests/e2e에서 봅니다."""

import numpy as np

from course_utils.widgets import LiveLeNet
from course_utils.widgets.live_lenet import browser_model


def test_browser_gets_60000_parameters_and_840_fixed_codes():
    model = browser_model()
    assert sum(size for _, size in model["order"]) == 60_000 + 84 * 10
    assert len(model["weights"]) == 2 * 60_840  # float16
    assert sum(map(len, model["table"])) == 60


def test_without_a_front_end_the_layers_are_a_picture():
    digit = np.zeros((28, 28), np.uint8)
    digit[4:24, 13:16] = 255
    live = LiveLeNet(digit)
    data, metadata = live._repr_mimebundle_()
    assert data["text/plain"] == "<위젯: 그리는 동안 답하는 LeNet-5>"
    assert "C1" in metadata["image/png"]["alt"]
    assert len(data["image/png"]) > 1000
