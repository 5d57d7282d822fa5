"""그림의 글꼴과 색, 그리고 그림마다 담긴 것을 확인합니다."""

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


# --- 그림 -----------------------------------------------------------------------------------------

FIGURES = {
    "images": lambda: plotting.plot_images(np.zeros((3, 4, 4)), titles="가나다"),
    "number grids": lambda: plotting.plot_number_grids({"가": np.eye(3), "나": np.zeros((2, 2))}),
    "curves": lambda: plotting.plot_curves([0, 1], {"가": [0, 1]}, xlabel="a", ylabel="b"),
    "history": lambda: plotting.plot_history(
        {"train_accuracy": [0.5, 0.9], "test_accuracy": [0.6, 0.8]}
    ),
    "runs": lambda: plotting.plot_runs([[3, 2], [5, 4]], label="가", color="blue"),
    "confusion": lambda: plotting.plot_confusion(np.eye(3, dtype=int), "012"),
    "digit frames": lambda: plotting.plot_digit_frames(np.zeros((32, 32))),
    "layer maps": lambda: plotting.plot_layer_maps({"C1": np.zeros((6, 8, 8))}),
    "timeline": lambda: plotting.plot_timeline([(1998, "가", "나")], groups={"나": "blue"}),
}


@pytest.fixture
def drawn(request):
    plotting.use_course_style()
    drawing = FIGURES[request.param]()
    figure = getattr(drawing, "figure", drawing)
    figure.canvas.draw()
    yield drawing
    plt.close("all")


@pytest.mark.parametrize("drawn", FIGURES, indirect=True)
def test_nothing_of_a_figure_is_cut_off(drawn):
    figure = getattr(drawn, "figure", drawn)
    width, height = figure.get_size_inches()
    left, bottom, right, top = figure.get_tightbbox(figure.canvas.get_renderer()).extents
    margin = 0.02  # 인치. 선의 굵기만큼은 넘어도 보입니다.
    assert left >= -margin
    assert bottom >= -margin
    assert right <= width + margin
    assert top <= height + margin


@pytest.mark.parametrize("drawn", ["history"], indirect=True)
def test_history_is_drawn_as_error_in_percent(drawn):
    train, test = (line.get_ydata() for line in drawn.lines)
    assert list(train) == pytest.approx([50, 10])
    assert list(test) == pytest.approx([40, 20])
    assert drawn.get_ylabel() == "오류율 (%)"


@pytest.mark.parametrize("drawn", ["runs"], indirect=True)
def test_runs_end_with_their_mean(drawn):
    assert list(drawn.lines[-1].get_ydata()) == [4, 3]


@pytest.mark.parametrize("drawn", ["confusion"], indirect=True)
def test_confusion_colours_only_mistakes_but_writes_every_count(drawn):
    assert drawn.images[0].get_array().sum() == 0
    assert sorted(text.get_text() for text in drawn.texts) == ["1", "1", "1"]


def test_history_without_a_test_set_has_one_line():
    ax = plotting.plot_history({"train_accuracy": [0.5], "test_accuracy": []})
    assert len(ax.lines) == 1


def test_empty_rows_keep_the_size_of_the_grid():
    few = plotting.plot_images(np.zeros((1, 4, 4)), rows=3)
    many = plotting.plot_images(np.zeros((30, 4, 4)), rows=3)
    assert tuple(few.get_size_inches()) == tuple(many.get_size_inches())
    assert len(few.axes) == 30


def test_show_hands_the_alternative_text_to_the_notebook(monkeypatch):
    calls = []
    monkeypatch.setattr("IPython.display.display", lambda *a, **options: calls.append((a, options)))
    ax = plotting.plot_curves([0], {"가": [0]}, xlabel="a", ylabel="b")
    plotting.show(ax, alt="설명")
    assert calls == [((ax.figure,), {"metadata": {"image/png": {"alt": "설명"}}})]
    assert not plt.fignum_exists(ax.figure.number)
