"""함수 위에 얹은 얇은 조작판들입니다. 쓰는 이름만 그때 불러옵니다."""

from importlib import import_module
from pathlib import Path

STATIC = Path(__file__).parent / "static"  # 브라우저에서 도는 JavaScript와 CSS
_HOMES = {
    "Panel": "panel",
    "Predict": "predict",
    "LiveCurve": "live_curve",
    "convolution_stepper": "stepper",
    "c3_table": "connections",
    "DrawPad": "draw_pad",
    "digit_recognizer": "recognizer",
    "stress_test": "stress",
    "size_calculator": "output_sizes",
    "kernel_viewer": "kernels",
    "architecture_explorer": "explorer",
    "activation_explorer": "activation",
    "dropout_masks": "dropout",
    "augmentation_gallery": "color_gallery",
    "lrn_explorer": "lrn",
    "kernel_stacks": "small_kernels",
    "vanishing_gradients": "vanishing",
    "quiet_years_timeline": "timeline",
}
__all__ = sorted(_HOMES)


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"course_utils.widgets에 {name!r}은(는) 없습니다.")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__():
    return __all__
