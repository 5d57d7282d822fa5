"""위젯마다 만드는 방법과, 조작마다 번갈아 넣을 값입니다. `redraws.py`가 잽니다.

`PANELS[이름] = (노트북에서 쓰는 크기, n → 위젯)`. 크기가 정해진 위젯은 `n`을 쓰지 않습니다. 위젯이
늘면 여기에도 한 줄이 늘어야 합니다(tests/test_benchmarks.py).
"""

from collections.abc import Iterator

import numpy as np
import torch

from course_utils import widgets
from course_utils.augmentation import color_axes
from course_utils.lenet import LeNet5, LeNet5Original

FIXED = None  # 보이는 것의 수가 정해져 있는 위젯입니다.
RANDOM = torch.Generator().manual_seed(0)


def noise(*shape: int) -> torch.Tensor:
    return torch.rand(*shape, generator=RANDOM)


def photo(side: int) -> np.ndarray:
    return (255 * noise(side, side, 3)).to(torch.uint8).numpy()


def seven() -> np.ndarray:
    drawing = np.zeros((28, 28), dtype=np.float32)
    drawing[5:8, 7:21] = drawing[5:23, 18:21] = 255
    return drawing


def gallery(_: int):
    return widgets.augmentation_gallery(noise(3, 32, 32), color_axes(noise(9, 3, 32, 32)))


def stress(_: int):
    labels = torch.arange(10)
    return widgets.stress_test(LeNet5(), noise(10, 1, 32, 32), labels)


def vanishing(n: int):
    panel = widgets.vanishing_gradients(noise(128, 1, 32, 32), torch.arange(128) % 10)
    panel.controls["depth"].value = n
    return panel


PANELS = {
    "activation_explorer": (FIXED, lambda _: widgets.activation_explorer()),
    "architecture_explorer": (FIXED, lambda _: widgets.architecture_explorer()),
    "augmentation_gallery": (FIXED, gallery),
    "c3_table": (FIXED, lambda _: widgets.c3_table()),
    "convolution_stepper": (FIXED, lambda _: widgets.convolution_stepper()),
    "digit_recognizer": (
        FIXED, lambda _: widgets.digit_recognizer(LeNet5(), LeNet5Original(), example=seven())
    ),
    "dropout_masks": (256, lambda n: widgets.dropout_masks(noise(n))),
    "kernel_stacks": (FIXED, lambda _: widgets.kernel_stacks()),
    "kernel_viewer": (
        64, lambda n: widgets.kernel_viewer(noise(n, 3, 11, 11) - 0.5, photo(227), source="시험")
    ),
    "lrn_explorer": (24, lambda n: widgets.lrn_explorer(noise(n, 32, 32))),
    "quiet_years_timeline": (FIXED, lambda _: widgets.quiet_years_timeline()),
    "size_calculator": (FIXED, lambda _: widgets.size_calculator()),
    "stress_test": (FIXED, stress),
    "vanishing_gradients": (5, vanishing),
}  # fmt: skip
NOT_PANELS = {"Panel", "LiveCurve", "DrawPad"}  # 뼈대와 부품. LiveCurve는 redraws.py가 따로 잽니다.


def settings(control) -> list:
    """조작에 번갈아 넣을 서로 다른 값들입니다."""
    if hasattr(control, "options"):
        return [option[1] if isinstance(option, tuple) else option for option in control.options]
    if hasattr(control, "min"):
        values = np.linspace(control.min, control.max, 7)
        whole = isinstance(control.value, int)
        return list(dict.fromkeys(round(value) if whole else float(value) for value in values))
    if isinstance(control.value, bool):
        return [True, False]
    if isinstance(control.value, list):  # 연결표
        rows = np.array(control.value)
        return [rows.tolist(), np.ones_like(rows).tolist()]
    if hasattr(control, "layers"):  # 구조도
        return [layer["name"] for layer in control.layers]
    drawing = np.array(control.value)  # 그림판
    return [drawing, drawing.T.copy()]


def moves(control) -> Iterator:
    """지금 값과 다른 값을 끝없이 번갈아 냅니다. 같은 값을 넣으면 다시 그리지 않습니다."""
    values = settings(control)
    while True:
        for value in values:
            if not np.array_equal(value, control.value):
                yield value
