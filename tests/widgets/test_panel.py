"""위젯의 뼈대를 확인합니다."""

import base64
import gc
import subprocess
import sys
import weakref
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib import pyplot as plt

import course_utils.widgets as package
from course_utils.quiz import Quiz
from course_utils.widgets.live_curve import LiveCurve
from course_utils.widgets.names import VIEW
from course_utils.widgets.panel import Panel, slider
from course_utils.widgets.pictures import (
    add_hint,
    blank,
    caption,
    mosaic,
    number,
    number_grid,
    paste,
    to_pixels,
    to_png,
)


def draw_number(number):
    figure = blank(200, 100)
    caption(figure, f"값 {number}", 10, 10)
    return f"지금 값은 {number}", figure


@pytest.fixture
def panel():
    return Panel("시험", {"number": slider("값", 0, 9, value=3)}, draw_number, alt="숫자 하나")


def test_moving_a_control_changes_text_and_picture(panel):
    before = panel.image.value
    panel.controls["number"].value = 4
    assert "지금 값은 4" in panel.readout.value
    assert panel.image.value != before


def test_without_front_end_the_current_picture_is_shown(panel, open_png):
    data, metadata = panel._repr_mimebundle_()
    shown = open_png(panel.image.value)
    kept = open_png(base64.b64decode(data["image/png"]))
    assert (kept[: len(shown)] == shown).all()
    assert (kept[len(shown) :] < 200).any()  # 그 아래에 실행하면 움직인다고 적혀 있습니다.
    assert data["text/plain"] == "<위젯: 시험>"
    assert data[VIEW]["model_id"] == panel.model_id
    assert metadata["image/png"]["alt"] == "숫자 하나"


@pytest.mark.parametrize("make", [
    lambda: Panel("시험", {"number": slider("값", 0, 9, value=3)}, draw_number, alt="숫자"),
    lambda: Quiz("00_start"),
    lambda: LiveCurve(10),
])  # fmt: skip
def test_colab_is_told_to_load_the_widget_manager(make, monkeypatch):
    assert VIEW not in make()._repr_mimebundle_()[1]
    colab = SimpleNamespace(
        enable_custom_widget_manager=lambda: None,
        _widgets=SimpleNamespace(_installed_url="https://example.org/manager.js"),
    )
    monkeypatch.setitem(sys.modules, "google.colab.output", colab)
    manager = {"custom_widget_manager": {"url": "https://example.org/manager.js"}}
    assert make()._repr_mimebundle_()[1][VIEW] == {"colab": manager}


def test_static_figure_replaces_the_picture():
    panel = Panel(
        "글만", {"number": slider("값", 0, 9, value=3)}, lambda number: f"{number}",
        alt="숫자", static=lambda number: draw_number(number)[1],
    )  # fmt: skip
    assert panel.image.layout.display == "none"
    data, _ = panel._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]) == add_hint(to_png(draw_number(3)[1]))


def test_error_is_shown_and_raised():
    def fail_above_five(number):
        if number > 5:
            raise ValueError("<너무> 큽니다")
        return draw_number(number)

    panel = Panel("오류", {"number": slider("값", 0, 9, value=3)}, fail_above_five, alt="숫자")
    with pytest.raises(ValueError, match="큽니다"):
        panel.controls["number"].value = 6
    assert "그림을 새로 그리지 못했습니다" in panel.readout.value
    assert "&lt;너무&gt;" in panel.readout.value
    panel.controls["number"].value = 5
    assert "지금 값은 5" in panel.readout.value


def test_generator_shows_its_text_before_its_picture():
    shown = []

    def draw(number):
        yield f"답 {number}"
        shown.append((panel.readout.value, panel.image.value) if panel else None)
        yield draw_number(number)[1]

    panel = None
    panel = Panel("순서", {"number": slider("값", 0, 9, value=3)}, draw, alt="숫자")
    old_picture = panel.image.value
    panel.controls["number"].value = 4
    text, picture_then = shown[-1]
    assert "답 4" in text
    assert picture_then == old_picture != panel.image.value


def test_figures_are_not_kept():
    drawn = []

    def draw(number):
        text, figure = draw_number(number)
        drawn.append(weakref.ref(figure))
        return text, figure

    panel = Panel("반복", {"number": slider("값", 0, 9, value=3)}, draw, alt="숫자")
    for value in range(10):
        panel.controls["number"].value = value
    gc.collect()
    assert plt.get_fignums() == []
    assert len(drawn) > 10
    assert not any(figure() for figure in drawn)


def test_changes_made_together_are_drawn_once(panel):
    drawings = []
    panel.image.observe(drawings.append, names="value")
    with panel.together():
        for value in (5, 6, 7):
            panel.controls["number"].value = value
    assert len(drawings) == 1
    assert "지금 값은 7" in panel.readout.value


def test_every_public_name_can_be_imported():
    for name in package.__all__:
        assert callable(getattr(package, name))
    with pytest.raises(AttributeError, match="없습니다"):
        package.no_such_widget  # noqa: B018


def test_importing_the_package_loads_nothing_heavy():
    code = (
        "import sys, course_utils.widgets\n"
        "print(sorted({'torch', 'matplotlib', 'ipywidgets', 'anywidget'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"


def test_pasted_pixels_stand_where_they_were_put(open_png):
    figure = blank(30, 20)
    pixels = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)
    paste(figure, pixels, 7, 2)
    drawn = open_png(to_png(figure))
    np.testing.assert_array_equal(drawn[2:6, 7:12], pixels)
    drawn = np.delete(drawn, np.s_[2:6], axis=0)
    assert drawn.min() == 255


def test_mosaic_and_grid_keep_every_value():
    sheet = mosaic(np.arange(12).reshape(3, 2, 2), columns=2, low=0, high=255)
    np.testing.assert_array_equal(sheet[:2, :2, 0], [[0, 1], [2, 3]])
    np.testing.assert_array_equal(sheet[:2, 3:, 0], [[4, 5], [6, 7]])
    np.testing.assert_array_equal(sheet[3:, :2, 0], [[8, 9], [10, 11]])
    grid = number_grid(np.array([[0, 255]]), cell=30, low=0, high=255)
    assert grid[5, 5].tolist() == [0, 0, 0]
    assert grid[5, 35].tolist() == [255, 255, 255]


@pytest.mark.parametrize(("value", "text"), [(-3, "−3"), (2.25, "2.2"), (-0.01, "0"), (765, "765")])
def test_numbers_are_short(value, text):
    assert number(value) == text


def ink_box(pixels):
    """검은 글자가 차지하는 `(위, 아래, 왼쪽, 오른쪽)` 픽셀입니다."""
    rows, columns = (pixels[..., 0] < 128).any(axis=1), (pixels[..., 0] < 128).any(axis=0)
    (rows,), (columns,) = rows.nonzero(), columns.nonzero()
    return np.array([rows[0], rows[-1], columns[0], columns[-1]])


@pytest.mark.parametrize("ha", ["left", "center", "right"])
@pytest.mark.parametrize("va", ["top", "center", "bottom"])
@pytest.mark.parametrize("text", ["합성곱 3×3", "224"])
def test_caption_stands_where_matplotlib_would_put_it(ha, va, text):
    ours, theirs = blank(300, 120), blank(300, 120)
    caption(ours, text, 150, 60, ha=ha, va=va)
    theirs.text(0.5, 0.5, text, ha=ha, va=va, fontsize=12)
    assert not ours.texts  # Pillow가 찍었습니다.
    far = ink_box(to_pixels(ours)) - ink_box(to_pixels(theirs))
    assert abs(far[:2]).max() <= 2
    assert abs(far[2:]).max() <= 4  # 글자의 너비를 픽셀로 맞추는 법이 조금 다릅니다.


def test_caption_has_its_colour_and_lies_over_boxes(open_png):
    figure = blank(60, 40)
    figure.add_axes((0, 0, 1, 1)).set_facecolor("white")
    caption(figure, "■", 30, 20, ha="center", va="center", fontsize=20, color="#D55E00")
    pixels = open_png(to_png(figure)).reshape(-1, 3)
    assert (pixels == (0xD5, 0x5E, 0x00)).all(axis=1).any()


def test_letters_missing_from_the_font_are_left_to_matplotlib():
    figure = blank(60, 40)
    caption(figure, "합 ⁶", 0, 0)
    assert [text.get_text() for text in figure.texts] == ["합 ⁶"]
