"""낡은 브라우저 탭이 엉뚱한 값을 보내도 위젯이 살아남고, 바른 값이 오면 다시 움직입니다."""

import logging

import matplotlib as mpl
import numpy as np
import pytest
import torch
import traitlets
from ipywidgets import HTML, Image
from tiny_classifier import tiny_classifier

from course_utils import quiz, widgets
from course_utils.augmentation import color_axes
from course_utils.lenet import LeNet5, LeNet5Original
from course_utils.plotting import use_course_style

# 옛 위젯이나 다른 판의 위젯이 보낼 수 있는 값들입니다. JSON으로 올 수 있는 것은 다 섞었습니다.
BAD = [None, -1, 10**9, -2.5, "없는 이름<script>", [], [[5, 99], ["a", None]], {"a": 1}]
BAD_BYTES = [b"", bytes(280 * 280 - 1), b"\xff" * 400_000]
FROM_BROWSER = {
    "answer", "clicked", "value", "index", "pixels", "count", "pen_width", "scene", "layers",
}  # fmt: skip


def photo(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0))


def recognizer():
    torch.manual_seed(0)
    example = np.full((28, 28), 255.0)
    return widgets.digit_recognizer(LeNet5(), LeNet5Original(), rubbish=10.0, example=example)


def stress():
    torch.manual_seed(0)
    images = torch.full((2, 1, 32, 32), -0.1)
    images[:, :, 8:24, 14:18] = 1.175
    return widgets.stress_test(LeNet5(), images, torch.tensor([1, 7]))


def kernel_viewer():
    pixels = np.random.default_rng(0).integers(0, 256, (64, 80, 3), dtype=np.uint8)
    return widgets.kernel_viewer(photo(8, 3, 11, 11), pixels, source="시험")


BUILDERS = {
    "DrawPad": lambda: widgets.DrawPad(),
    "LiveLeNet": lambda: widgets.LiveLeNet(np.zeros((28, 28), dtype=np.uint8)),
    "Predict": lambda: widgets.Predict("몇 개일까요?", 3),
    "activation_explorer": lambda: widgets.activation_explorer(),
    "architecture_explorer": lambda: widgets.architecture_explorer(),
    "augmentation_gallery": lambda: widgets.augmentation_gallery(
        photo(3, 32, 32), color_axes(photo(8, 3, 8, 8))
    ),
    "c3_table": lambda: widgets.c3_table(),
    "convolution_stepper": lambda: widgets.convolution_stepper(),
    "digit_recognizer": recognizer,
    "dropout_masks": lambda: widgets.dropout_masks(photo(256)),
    "kernel_stacks": lambda: widgets.kernel_stacks(),
    "kernel_viewer": kernel_viewer,
    "lenet_map": lambda: widgets.lenet_map(photo(1, 32, 32)),
    "lrn_explorer": lambda: widgets.lrn_explorer(20 * photo(8, 5, 4)),
    "mistakes_viewer": lambda: widgets.mistakes_viewer(
        photo(10, 1, 32, 32), torch.arange(10), torch.arange(10).flip(0)
    ),
    "occlusion_test": lambda: widgets.occlusion_test(
        tiny_classifier(), {"가": photo(3, 32, 32), "나": -photo(3, 32, 32)}
    ),
    "pooling_stepper": lambda: widgets.pooling_stepper(),
    "quiet_years_timeline": lambda: widgets.quiet_years_timeline(),
    "size_calculator": lambda: widgets.size_calculator(),
    "stress_test": stress,
    "vanishing_gradients": lambda: widgets.vanishing_gradients(
        photo(16, 1, 8, 8), torch.arange(16) % 10
    ),
    "quiz": lambda: quiz.Quiz("01_lenet5"),
}


def test_every_widget_is_tried():
    # Panel은 다른 위젯의 뼈대이고, LiveCurve에는 조작이 없습니다.
    assert set(BUILDERS) - {"quiz"} == set(widgets.__all__) - {"Panel", "LiveCurve"}


def controls_in(widget):
    """사람이 만지는 것들입니다. 글과 그림은 브라우저가 바꾸지 않습니다."""
    if not isinstance(widget, HTML | Image):
        yield widget
    for child in getattr(widget, "children", ()):
        yield from controls_in(child)


def send(widget, state, *, method="update", content=None):
    """브라우저가 보낸 것과 같은 메시지를 위젯에 넘기고, 거기서 난 오류를 돌려줍니다.

    ipywidgets는 오류를 커널의 기록에만 적습니다. 값이 틀렸다는 TraitError는 위젯의 바른 거절입니다.
    """
    buffers = [memoryview(value) for value in state.values() if isinstance(value, bytes)]
    paths = [[name] for name, value in state.items() if isinstance(value, bytes)]
    plain = {name: None if isinstance(value, bytes) else value for name, value in state.items()}
    data = {"method": method, "state": plain, "buffer_paths": paths, "content": content}
    errors = []

    def note(record):
        errors.append(record.exc_info[1] if record.exc_info else record.getMessage())
        return False

    logger = logging.getLogger("traitlets")
    logger.addFilter(note)
    try:
        widget._handle_msg({"content": {"data": data}, "buffers": buffers})
    except Exception as error:  # 판에 따라서는 그대로 올립니다.
        errors.append(error)
    finally:
        logger.removeFilter(note)
    return [error for error in errors if not isinstance(error, traitlets.TraitError)]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", BUILDERS)
def test_bad_messages_leave_a_working_widget(name):
    with mpl.rc_context():
        use_course_style()
        root = BUILDERS[name]()
        tried, strange = 0, []
        for part in controls_in(root):
            keys = sorted(FROM_BROWSER & set(part.keys))
            good = {key: getattr(part, key) for key in keys}
            for key in keys:
                for bad in [*BAD, *(BAD_BYTES if isinstance(good[key], bytes) else [])]:
                    errors = send(part, {key: bad})
                    strange += [(type(part).__name__, key, bad, error) for error in errors]
                    for one, value in good.items():
                        setattr(part, one, value)
                    tried += 1
            for content in ({}, {"event": "없음"}, {"event": 3}):
                errors = send(part, {}, method="custom", content=content)
                strange += [(type(part).__name__, "custom", content, error) for error in errors]
                tried += 1
        assert tried >= 10
        assert strange == []
        if hasattr(root, "refresh"):
            root.refresh()
            assert "⚠" not in root.readout.value
