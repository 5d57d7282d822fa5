"""위젯마다 같은 것: 조작마다 새 그림이 나오고, 조작할 수 없는 곳에는 그림이 남습니다."""

import numpy as np
import pytest
import torch
from tiny_classifier import tiny_classifier

from course_utils import widgets
from course_utils.augmentation import color_axes


def noise(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0))


def kernel_viewer():
    photo = np.random.default_rng(0).integers(0, 256, (64, 80, 3), dtype=np.uint8)
    return widgets.kernel_viewer(noise(96, 3, 11, 11) - 0.5, photo, source="테스트의 커널입니다.")


def lrn_explorer():
    panel = widgets.lrn_explorer((noise(8, 5, 4) - 0.5).relu() * 20)
    panel.controls["log_alpha"].value = -1.0  # 이웃의 영향이 보일 만큼
    return panel


def vanishing_gradients():
    return widgets.vanishing_gradients(noise(32, 1, 8, 8), torch.arange(32) % 10)


def occlusion_test():
    photos = {"가": noise(3, 32, 32), "나": -noise(3, 32, 32)}
    return widgets.occlusion_test(tiny_classifier(), photos)


# 이름 → (만드는 함수, 읽어 줄 설명에 있을 말)
PANELS = {
    "커널 보기": (kernel_viewer, "커널 96개"),
    "지역 응답 정규화": (lrn_explorer, "정규화 앞과 뒤"),
    "합성곱 한 칸씩": (widgets.convolution_stepper, "3×3 창"),
    "풀링 한 칸씩": (widgets.pooling_stepper, "창 속의 값"),
    "출력 크기 계산기": (widgets.size_calculator, "FC6"),
    "활성 함수와 기울기": (widgets.activation_explorer, "기울기"),
    "드롭아웃 마스크": (lambda: widgets.dropout_masks(noise(256)), "출력 256개"),
    "데이터 증강": (
        lambda: widgets.augmentation_gallery(noise(3, 32, 32), color_axes(noise(8, 3, 16, 16))),
        "주성분",
    ),
    "가려 보기": (occlusion_test, "회색 네모"),
    "큰 커널과 쌓은 커널": (widgets.kernel_stacks, "단면"),
    "층별 기울기": (vanishing_gradients, "기울기"),
    "조용한 해들의 연표": (widgets.quiet_years_timeline, "연표"),
}
# 그림에 나타나지 않고 글만 바꾸는 조작
ONLY_TEXT = {"channels"}


@pytest.fixture(params=PANELS)
def name(request):
    return request.param


def values_of(control):
    """슬라이더의 두 끝과 처음 값, 목록의 모든 값, 네모 칸의 두 값입니다."""
    if hasattr(control, "min"):
        return sorted({control.min, control.value, control.max})
    if hasattr(control, "options"):
        return [one[1] if isinstance(one, tuple) else one for one in control.options]
    return [False, True]


def test_every_control_through_its_range(name, open_png):
    panel = PANELS[name][0]()
    for key, control in panel.controls.items():
        values, start = values_of(control), control.value
        shapes, pictures, texts = set(), set(), set()
        for value in values:
            control.value = value
            shapes.add(open_png(panel.image.value).shape)
            pictures.add(panel.image.value)
            texts.add(panel.readout.value)
            assert "⚠" not in panel.readout.value
        (shape,) = shapes
        layout = panel.image.layout
        assert (layout.width, layout.height) == (f"{shape[1]}px", "auto")
        assert len(texts if key in ONLY_TEXT else pictures) == len(values), key
        control.value = start


def test_without_a_front_end_there_is_a_picture(name):
    make, words = PANELS[name]
    panel = make()
    data, metadata = panel._repr_mimebundle_()
    assert data["text/plain"] == repr(panel) == f"<위젯: {name}>"
    assert len(data["image/png"]) > 5000
    assert words in metadata["image/png"]["alt"]
