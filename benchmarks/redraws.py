"""배우는 사람이 기다리는 짧은 시간들: 모델의 해부, 그림 한 장, 위젯의 조작 한 번.

하나하나가 50 ms를 넘지 않고, 보이는 것이 네 배가 될 때 4.4배 넘게 느려지지 않아야 합니다.
"""

import copy
from collections.abc import Iterator
from functools import partial
from statistics import median
from types import SimpleNamespace

import matplotlib
import numpy as np
import torch
from figures import FIGURES
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from timing import median_seconds, seconds
from torch import nn

from course_utils import anatomy, plotting, widgets
from course_utils.alexnet import AlexNet, AlexNetOriginal, SmallAlexNet
from course_utils.augmentation import color_axes
from course_utils.lenet import LeNet5, LeNet5Original

LIMIT = 0.050  # 초
GROWTH = 4.4  # 보이는 것이 네 배일 때의 시간의 비. 4를 넘는 만큼은 측정하는 흔들림입니다.
STEPS = (1, 2, 4)  # 보이는 것의 수를 이만큼 곱해 가며 측정합니다.
RANDOM = torch.Generator().manual_seed(0)


# --- 위젯 ---


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


def occlusion(_):
    mean = SimpleNamespace(mean=[0.5] * 3, std=[0.25] * 3)
    net = SimpleNamespace(model=SmallAlexNet().eval(), transform=mean, label="클래스 {}".format)
    return widgets.occlusion_test(net, {"가": noise(3, 32, 32), "나": -noise(3, 32, 32)})


# 이름 → (노트북에서 쓰는 크기, n → 위젯). 크기가 정해진 위젯은 None이고 `n`을 쓰지 않습니다.
PANELS = {
    "activation_explorer": (None, lambda _: widgets.activation_explorer()),
    "architecture_explorer": (None, lambda _: widgets.architecture_explorer()),
    "augmentation_gallery": (None, gallery),
    "c3_table": (None, lambda _: widgets.c3_table()),
    "convolution_stepper": (None, lambda _: widgets.convolution_stepper()),
    "pooling_stepper": (None, lambda _: widgets.pooling_stepper()),
    "digit_recognizer": (
        None, lambda _: widgets.digit_recognizer(
            LeNet5(), LeNet5Original(), rubbish=10.0, example=seven()
        )
    ),
    "dropout_masks": (256, lambda n: widgets.dropout_masks(noise(n))),
    "kernel_stacks": (None, lambda _: widgets.kernel_stacks()),
    "kernel_viewer": (
        64, lambda n: widgets.kernel_viewer(noise(n, 3, 11, 11) - 0.5, photo(227), source="시험")
    ),
    "lenet_map": (None, lambda _: widgets.lenet_map(noise(1, 32, 32))),
    "lrn_explorer": (24, lambda n: widgets.lrn_explorer(noise(n, 32, 32))),
    "mistakes_viewer": (None, lambda _: widgets.mistakes_viewer(
        noise(100, 1, 32, 32), torch.arange(100) % 10, torch.arange(100) // 10
    )),
    "occlusion_test": (None, occlusion),
    "quiet_years_timeline": (None, lambda _: widgets.quiet_years_timeline()),
    "size_calculator": (None, lambda _: widgets.size_calculator()),
    "stress_test": (None, stress),
    "vanishing_gradients": (5, vanishing),
}  # fmt: skip
# 뼈대와 부품, 브라우저에서 그리는 것, 답을 한 번 받는 것. LiveCurve는 따로 측정합니다.
NOT_PANELS = {"Panel", "LiveCurve", "DrawPad", "LiveLeNet", "Predict"}


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


# --- 재기 ---


def draw(make, n: int, *, to_png: bool) -> None:
    """그림을 만들고(그리고 PNG로 바꾸고) 닫습니다."""
    drawing = make(n)
    figure = drawing if isinstance(drawing, Figure) else drawing.figure
    if to_png:
        plotting.to_png(figure)
    plt.close(figure)


def chain(num_layers: int) -> nn.Sequential:
    return nn.Sequential(*[nn.Conv2d(4, 4, kernel_size=3, padding=1) for _ in range(num_layers)])


ANATOMY = {  # 이름 → (크기, n → 부를 것). 크기가 None이면 늘려 보지 않습니다.
    "dissect(LeNet5)": (None, lambda _: partial(anatomy.dissect, LeNet5(), (1, 32, 32))),
    "dissect(LeNet5Original)": (
        None, lambda _: partial(anatomy.dissect, LeNet5Original(), (1, 32, 32))
    ),
    "dissect(AlexNet)": (None, lambda _: partial(anatomy.dissect, AlexNet(), (3, 227, 227))),
    "dissect(AlexNetOriginal)": (
        None, lambda _: partial(anatomy.dissect, AlexNetOriginal(), (3, 224, 224))
    ),
    "dissect(층 n개)": (16, lambda n: partial(anatomy.dissect, chain(n), (4, 32, 32))),
    "layer_outputs(LeNet5, n장)": (
        16, lambda n: partial(anatomy.layer_outputs, LeNet5(), torch.zeros(n, 1, 32, 32))
    ),
    "forward_and_count(LeNet5, n장)": (
        16, lambda n: partial(anatomy.forward_and_count, LeNet5(), torch.zeros(n, 1, 32, 32))
    ),
}  # fmt: skip


def table(cases: dict, measure, runs: int) -> dict:
    """이름마다 크기 n, 2n, 4n에서 측정한 밀리초와, 4n과 n의 비입니다."""
    rows = {}
    for name, (size, make) in cases.items():
        sizes = [size * step for step in STEPS] if size else [1]
        spent = [1000 * measure(make, n, runs) for n in sizes]
        rows[name] = {"sizes": sizes if size else None, "ms": spent, "growth": spent[-1] / spent[0]}
    return rows


def summary(rows: dict, runs: int, *, largest: bool = False) -> dict:
    """표의 한 줄입니다. 비율은 50 ms ÷ 가장 느린 것과 4.4 ÷ 가장 가파른 것 가운데 작은 쪽입니다.

    Args:
        largest: 참이면 노트북에서 쓰는 크기가 아니라 측정해 본 가장 큰 크기(4n)로 비교합니다.
    """
    spent = {name: row["ms"][-1 if largest else 0] / 1000 for name, row in rows.items()}
    slowest = max(spent, key=spent.get)
    steepest = max(rows, key=lambda name: rows[name]["growth"])
    growth = rows[steepest]["growth"]
    over = [name for name, each in spent.items() if each > LIMIT]
    return {
        "values": [LIMIT / each for each in spent.values()],
        "ratio": min(LIMIT / spent[slowest], GROWTH / growth),
        "runs": runs,
        "ours_seconds": list(spent.values()),
        "details": rows,
        "note": f"가장 느린 것 {slowest} {1000 * spent[slowest]:.1f} ms, 50 ms를 넘는 것 "
        f"{len(over)}/{len(rows)}, 네 배로 늘릴 때 가장 많이 느는 것 {steepest} {growth:.2f}배",
    }


def anatomy_costs(runs: int) -> dict:
    """`anatomy`의 함수들입니다."""
    rows = table(ANATOMY, lambda make, n, runs: median_seconds(make(n), runs=runs), runs)
    return summary(rows, runs)


def figure_costs(runs: int, *, to_png: bool = False) -> dict:
    """`plotting`의 함수들이 그림을 만드는 데까지입니다.

    PNG까지는 대부분 matplotlib이 글자를 찍는 시간입니다.
    """
    use_style()

    def measure(make, n: int, runs: int) -> float:
        return median_seconds(lambda: draw(make, n, to_png=to_png), runs=runs)

    return summary(table(FIGURES, measure, runs), runs)


def use_style() -> None:
    matplotlib.use("Agg")
    plotting.use_course_style()


def control_seconds(panel, name: str, runs: int) -> float:
    """조작 하나를 움직여 글과 그림이 새로 서기까지 걸린 초의 중앙값입니다."""
    control = panel.controls[name]
    if isinstance(control, widgets.DrawPad):
        change, pictures = control.show, moves(control)
    else:
        change, pictures = partial(setattr, control, "value"), moves(control)
    for _ in range(2):
        change(next(pictures))
    return median(seconds(change, next(pictures)) for _ in range(max(runs, 7)))


def slowest_control(make, n: int, runs: int) -> float:
    """조작마다 측정한 것 가운데 가장 느린 것입니다. 하나를 측정하는 동안 나머지는 처음 값입니다."""
    panel = make(n)
    found = []
    for name, control in panel.controls.items():
        before = copy.deepcopy(control.value)
        found.append(control_seconds(panel, name, runs))
        if not isinstance(control, widgets.DrawPad):
            control.value = before
    return max(found)


def live_curve(n: int):
    """배치 `n`개까지의 기록을 그리는 실시간 그래프의 `_draw`입니다."""
    history = {"step_loss": np.geomspace(2.3, 0.05, n).tolist(),
               "train_accuracy": [0.9, 0.95], "test_accuracy": [0.91, 0.96]}  # fmt: skip
    curve = widgets.LiveCurve(n)
    return lambda: curve.finish(history)


def widget_costs(runs: int) -> dict:
    """위젯마다 가장 느린 조작입니다."""
    use_style()
    rows = table(PANELS, slowest_control, runs)
    rows |= table(
        {"LiveCurve": (469, live_curve)},
        lambda make, n, runs: median_seconds(make(n), runs=runs), runs,
    )  # fmt: skip
    return summary(rows, runs, largest=True)
