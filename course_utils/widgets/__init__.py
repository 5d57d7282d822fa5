"""함수 위에 얹은 얇은 조작판들입니다. 쓰는 이름만 그때 불러옵니다."""

from importlib import import_module
from pathlib import Path

STATIC = Path(__file__).parent / "static"  # 브라우저에서 도는 JavaScript와 CSS
_HOMES = {
    "Panel": "panel",
    "Predict": "predict",
    "LiveCurve": "live_curve",
    "LiveLeNet": "live_lenet",
    "convolution_stepper": "stepper",
    "pooling_stepper": "stepper",
    "lenet_map": "architecture",
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
    "occlusion_test": "occlusion",
    "vanishing_gradients": "vanishing",
    "quiet_years_timeline": "timeline",
    "mistakes_viewer": "mistakes",
}
__all__ = sorted(_HOMES)


def script(*names):
    """`static/`의 JavaScript 파일들을 한 글로 잇습니다. 앞의 것이 그 이름의 상수가 됩니다.

    anywidget은 파일 하나만 읽고, 강의 페이지도 파일 하나이므로 import 대신 씁니다.
    """
    parts = []
    for name in names:
        code, exports = (STATIC / f"{name}.js").read_text(encoding="utf-8").split("export default ")
        parts.append(f"const {name} = (() => {{\n{code}return {exports}}})();\n")
    return "".join(parts)


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"course_utils.widgets에 {name!r}은(는) 없습니다.")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__():
    return __all__
