"""그림의 글꼴과 색을 확인합니다."""

import io
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib import font_manager

from course_utils import plotting

TEXTS = {
    "korean": "합성곱 신경망, 뷁쉛퐳 ㄱㅎㅏㅣ",
    "minus_sign": "−3.5",
    "greek": "αβγδεθλμσω ΔΣΩ",
    "math": "5×5 ± ≤ ≥ √ ∑ ≈ ∂ ∞",
    "arrows": "→ ← ↑ ↓",
    "punctuation": "· … — – “인용” ‘인용’ •",
    "shapes": "● ○ ■ □ ▲ ▶ ✓ ①",
}


@pytest.fixture(autouse=True)
def course_style():
    with mpl.rc_context():
        plotting.use_course_style()
        yield
    plt.close("all")


def draw(text, *, weight="normal"):
    """글을 그린 그림을 RGBA 배열로 돌려줍니다."""
    figure = plt.figure(figsize=(6, 1))
    figure.text(0.02, 0.3, text, weight=weight, fontsize=20)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    buffer.seek(0)
    return plt.imread(buffer)


@pytest.mark.parametrize("weight", ["normal", "bold"])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_no_glyph_is_missing(text, weight):
    assert draw(text, weight=weight)[..., :3].min() < 0.5


def test_a_missing_glyph_fails_the_test():
    mpl.rcParams["font.family"] = ["DejaVu Sans"]  # 한글이 없는 글꼴입니다.
    with pytest.raises(UserWarning, match="missing"):
        draw("가")


@pytest.mark.parametrize("weight", ["normal", "bold"])
def test_font_comes_from_the_bundled_file(weight):
    properties = font_manager.FontProperties(family=plotting.FONT_FAMILY, weight=weight)
    found = Path(font_manager.findfont(properties, fallback_to_default=False))
    expected = {"normal": "CourseGothicKR-Regular.ttf", "bold": "CourseGothicKR-Bold.ttf"}[weight]
    assert found == Path(plotting.__file__).parent / "assets" / expected


def test_bold_text_has_more_ink_than_regular():
    regular, bold = (draw("합성곱", weight=weight)[..., :3].sum() for weight in ("normal", "bold"))
    assert bold < regular


def test_calling_twice_registers_each_file_once():
    plotting.use_course_style()
    names = [entry.fname for entry in font_manager.fontManager.ttflist]
    bundled = [name for name in names if "CourseGothicKR" in str(name)]
    assert len(bundled) == 2
    assert mpl.rcParams["font.family"] == [plotting.FONT_FAMILY, "DejaVu Sans"]


def test_negative_tick_labels_use_the_real_minus_sign():
    axes = plt.figure().add_subplot()
    axes.plot([-2, 2])
    axes.figure.canvas.draw()
    assert any(label.get_text().startswith("\u2212") for label in axes.get_yticklabels())


def test_figure_background_is_opaque_white():
    np.testing.assert_array_equal(draw("가")[0, 0], [1, 1, 1, 1])


def test_palette_is_the_one_okabe_and_ito_published():
    # Okabe & Ito 2008, "Color Universal Design", 표의 RGB 값입니다.
    published = {
        "black": (0, 0, 0),
        "orange": (230, 159, 0),
        "sky": (86, 180, 233),
        "green": (0, 158, 115),
        "yellow": (240, 228, 66),
        "blue": (0, 114, 178),
        "vermillion": (213, 94, 0),
        "purple": (204, 121, 167),
    }
    colors = {name: tuple(round(255 * part) for part in mpl.colors.to_rgb(code))
              for name, code in plotting.OKABE_ITO.items()}
    assert colors == published
