"""그림의 글꼴과 색, 그리고 그림마다 담긴 것을 확인합니다."""

import base64
import io
import itertools
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib import font_manager
from PIL import Image

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
    assert found == Path(plotting.__file__).parents[1] / "assets" / expected


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

# image-net.org의 2012년 결과, 그리고 논문의 검증 데이터 값(모델 하나)입니다.
RESULTS = [
    (2010, "NEC-UIUC", 28.2, "손으로 만든 특징", False),
    (2012, "ISI", 26.172, "손으로 만든 특징", False),
    (2012, "SuperVision", 16.422, "CNN 여럿(앙상블)", False),
    (2012, "SuperVision", 15.315, "CNN 여럿(앙상블)", True),
    (2012, "모델 하나\n(검증)", 18.2, "CNN 하나", False),
    (2014, "GoogLeNet", 6.7, "CNN 여럿(앙상블)", False),
    (2014, "VGG", 7.3, "CNN 여럿(앙상블)", False),
    (2015, "ResNet", 3.57, "CNN 여럿(앙상블)", False),
]
GROUPS = {
    "합성곱": ["conv1", "conv2", "conv3", "conv4", "conv5"],
    "FC": ["fc6", "fc7", "fc8"],
}
# 2012년 모델의 파라미터이고, 두 번째 막대는 글이 들어갈 가장 좁은 칸을 봅니다.
SHARES = {
    "파라미터": {
        "conv1": 34_944, "conv2": 307_456, "conv3": 885_120, "conv4": 663_936, "conv5": 442_624,
        "fc6": 37_752_832, "fc7": 16_781_312, "fc8": 4_097_000,
    },
    "백분율": {
        "conv1": 4, "conv2": 26, "conv3": 4, "conv4": 4, "conv5": 4,
        "fc6": 50, "fc7": 4, "fc8": 4,
    },
}  # fmt: skip
# 이미지 한 장에 1/64 GB씩, 그리고 처음에 1 GB: 3 GB에는 꼭 128장이 들어갑니다.
BATCHES = [1, 2, 4, 8, 16, 32, 64, 128, 256]
MEMORY = {
    "두 배": [1 + batch / 64 for batch in BATCHES],
    "작은 모델": [0.5 + batch / 512 for batch in BATCHES],
}
# 2012년 기록(layer-params-145.cfg)의 에폭들입니다.
SCHEDULES = {
    "나머지 층": [(0, 1e-2), (25, 1e-3), (51, 1e-4), (79, 1e-5)],
    "conv1": [(0, 1e-2), (25, 1e-3), (51, 1e-4), (67, 1e-5), (72, 0)],
}
MARKS = [
    (25, "학습률 ÷10"), (51, "학습률 ÷10"), (67, "conv1 ÷10,\n색 변화 끔"),
    (72, "conv1\n학습 멈춤"), (79, "학습률 ÷10"), (91, "끝"),
]  # fmt: skip
TRAFFIC = [("conv3", 86_528, 86_528), ("FC6", 18_432, 9_216), ("FC7", 8_192, 0)]


def draw_budget(**options):
    return plotting.plot_budget(
        BATCHES, MEMORY, limit=3, limit_label="GTX 580 한 장: 3 GB", **options
    )


def draw_schedule():
    return plotting.plot_schedule(SCHEDULES, end=91, marks=MARKS)


FIGURES = {
    "images": lambda: plotting.plot_images(np.zeros((3, 4, 4)), titles="가나다"),
    "curves": lambda: plotting.plot_curves([0, 1], {"가": [0, 1]}, xlabel="a", ylabel="b"),
    "runs": lambda: plotting.plot_runs([[3, 2], [5, 4]], label="가", color="blue"),
    "confusion": lambda: plotting.plot_confusion(np.eye(3, dtype=int), "012"),
    "digit frames": lambda: plotting.plot_digit_frames(np.zeros((32, 32))),
    "layer maps": lambda: plotting.plot_layer_maps({"C1": np.zeros((6, 8, 8))}),
    "timeline": lambda: plotting.plot_timeline([(1998, "가", "나")], groups={"나": "blue"}),
    "contest": lambda: plotting.plot_contest(RESULTS),
    "shares": lambda: plotting.plot_shares(SHARES, groups=GROUPS),
    "budget": draw_budget,
    "schedule": draw_schedule,
    "traffic": lambda: plotting.plot_traffic(TRAFFIC),
}
CROWDED = ["contest", "shares", "budget", "schedule", "traffic"]


@pytest.fixture(scope="module")
def drawn(request):
    """그림 하나를 한 번만 그려 여러 시험이 나눠 봅니다."""
    with mpl.rc_context():
        plotting.use_course_style()
        drawing = FIGURES[request.param]()
        getattr(drawing, "figure", drawing).canvas.draw()
    return drawing


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


def boxes_of(ax):
    """그림 위의 글과 범례가 차지하는 자리입니다."""
    legend = [ax.get_legend()] if ax.get_legend() else []
    return [item.get_window_extent() for item in [*ax.texts, *legend] if item.get_visible()]


@pytest.mark.parametrize("drawn", CROWDED, indirect=True)
def test_texts_do_not_overlap(drawn):
    boxes = boxes_of(drawn)
    assert boxes
    assert not [(a, b) for a, b in itertools.combinations(boxes, 2) if a.overlaps(b)]


@pytest.mark.parametrize("drawn", CROWDED, indirect=True)
def test_every_text_is_legible_at_a_projector(drawn):
    key = drawn.get_legend().get_texts() if drawn.get_legend() else []
    texts = [*drawn.texts, *key, *drawn.get_xticklabels(), *drawn.get_yticklabels()]
    assert min(text.get_size() for text in texts) >= 11


@pytest.mark.parametrize("drawn", ["runs"], indirect=True)
def test_runs_end_with_their_mean(drawn):
    assert list(drawn.lines[-1].get_ydata()) == [4, 3]


@pytest.mark.parametrize("drawn", ["confusion"], indirect=True)
def test_confusion_colours_only_mistakes_but_writes_every_count(drawn):
    assert drawn.images[0].get_array().sum() == 0
    assert sorted(text.get_text() for text in drawn.texts) == ["1", "1", "1"]


# --- 대회, 몫, 메모리, 학습률, 통신 ---------------------------------------------------------------


@pytest.mark.parametrize("drawn", ["contest"], indirect=True)
def test_contest_bars_are_as_high_as_the_errors(drawn):
    assert [bar.get_height() for bar in drawn.patches] == [error for _, _, error, *_ in RESULTS]


@pytest.mark.parametrize("drawn", ["contest"], indirect=True)
def test_contest_bars_stand_side_by_side(drawn):
    spans = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in drawn.patches]
    assert all(end < start for (_, end), (start, _) in itertools.pairwise(spans))


@pytest.mark.parametrize("drawn", ["contest"], indirect=True)
def test_contest_years_stand_under_the_middle_of_their_bars(drawn):
    middles = {}
    for bar, (year, *_) in zip(drawn.patches, RESULTS, strict=True):
        middles.setdefault(str(year), []).append(bar.get_x() + bar.get_width() / 2)
    expected = {year: np.mean(places) for year, places in middles.items()}
    labels = [label.get_text() for label in drawn.get_xticklabels()]
    assert dict(zip(labels, drawn.get_xticks(), strict=True)) == pytest.approx(expected)


@pytest.mark.parametrize("drawn", ["contest"], indirect=True)
def test_contest_colour_tells_the_method_and_hatch_tells_extra_data(drawn):
    colors = {}
    for bar, (*_, method, extra_data) in zip(drawn.patches, RESULTS, strict=True):
        colors.setdefault(method, set()).add(bar.get_facecolor())
        assert bool(bar.get_hatch()) == extra_data
    assert all(len(each) == 1 for each in colors.values())
    assert len(set.union(*colors.values())) == 3


@pytest.mark.parametrize("drawn", ["contest"], indirect=True)
def test_contest_writes_names_values_and_a_key(drawn):
    texts = [text.get_text() for text in drawn.texts]
    assert texts[2:6] == ["26.2", "ISI", "16.4", "SuperVision"]
    assert texts[-2] == "3.57"
    assert [text.get_text() for text in drawn.get_legend().get_texts()] == [
        "손으로 만든 특징", "CNN 여럿(앙상블)", "CNN 하나", "추가 데이터",
    ]  # fmt: skip
    assert (drawn.get_xlabel(), drawn.get_ylabel()) == ("연도", "top-5 오류율 (%)")


def test_contest_without_extra_data_has_no_hatch_in_its_key():
    ax = plotting.plot_contest(RESULTS[:3])
    assert not [patch for patch in ax.get_legend().get_patches() if patch.get_hatch()]


def test_contest_puts_years_in_order():
    ax = plotting.plot_contest(RESULTS[::-1])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["2010", "2012", "2014", "2015"]


@pytest.mark.parametrize("drawn", ["shares"], indirect=True)
def test_shares_of_each_bar_join_up_to_100_percent(drawn):
    for bars in (drawn.patches[:8], drawn.patches[8:]):
        assert sum(bar.get_width() for bar in bars) == pytest.approx(100)
        for left, right in itertools.pairwise(bars):
            assert left.get_x() + left.get_width() == pytest.approx(right.get_x())


@pytest.mark.parametrize("drawn", ["shares"], indirect=True)
def test_shares_are_drawn_to_scale(drawn):
    widths = [bar.get_width() for bar in drawn.patches[8:]]
    assert widths == pytest.approx(list(SHARES["백분율"].values()))


@pytest.mark.parametrize("drawn", ["shares"], indirect=True)
def test_shares_name_the_groups_with_their_percentages(drawn):
    # 96.2%: 2,334,080개를 뺀 나머지가 60,965,224개에서 차지하는 몫
    groups = [text.get_text() for text in drawn.texts if "%" in text.get_text()]
    assert groups == ["합성곱 3.8%", "FC 96.2%", "합성곱 42.0%", "FC 58.0%"]


@pytest.mark.parametrize("drawn", ["shares"], indirect=True)
def test_shares_of_groups_stand_over_the_two_ends_of_the_bar(drawn):
    spans = [drawn.transData.inverted().transform(text.get_window_extent())[:, 0]
             for text in drawn.texts if "%" in text.get_text()]  # fmt: skip
    assert all(left == pytest.approx(0, abs=0.5) for left, _ in spans[::2])
    assert all(right == pytest.approx(100, abs=0.5) for _, right in spans[1::2])


@pytest.mark.parametrize("drawn", ["shares"], indirect=True)
def test_shares_name_only_layers_that_have_room(drawn):
    names = [text.get_text() for text in drawn.texts if "%" not in text.get_text()]
    assert names == ["fc6", "fc7", "fc8", *SHARES["백분율"]]


@pytest.mark.parametrize("drawn", ["shares"], indirect=True)
def test_names_of_layers_stay_inside_their_segments(drawn):
    segments = [bar.get_window_extent() for bar in drawn.patches]
    names = [text.get_window_extent() for text in drawn.texts if "%" not in text.get_text()]
    for name in names:
        (holder,) = [segment for segment in segments if segment.contains(*name.get_points()[0])]
        assert holder.contains(*name.get_points()[1])


@pytest.mark.parametrize("drawn", ["shares"], indirect=True)
def test_groups_differ_in_hue_and_layers_in_shade(drawn):
    colors = [bar.get_facecolor()[:3] for bar in drawn.patches[:8]]
    assert all(blue > red for red, _, blue in colors[:5])
    assert all(red > blue for red, _, blue in colors[5:])
    assert len(set(colors)) == 8


def test_layer_outside_every_group_is_refused():
    with pytest.raises(ValueError, match="fc9"):
        plotting.plot_shares({"가": {"fc9": 1.0}}, groups={"FC": []})


@pytest.mark.parametrize("drawn", ["budget"], indirect=True)
def test_budget_lines_pass_through_the_given_points(drawn):
    lines = [line for line in drawn.lines if line.get_label().split(":")[0] in MEMORY]
    for line, values in zip(lines, MEMORY.values(), strict=True):
        marked = line.get_markevery()
        assert list(line.get_xdata()[marked]) == BATCHES
        assert list(line.get_ydata()[marked]) == values


@pytest.mark.parametrize("drawn", ["budget"], indirect=True)
def test_budget_memory_between_the_points_grows_with_the_batch(drawn):
    (line,) = [line for line in drawn.lines if line.get_label().startswith("두 배")]
    np.testing.assert_allclose(line.get_ydata(), 1 + line.get_xdata() / 64)


@pytest.mark.parametrize("drawn", ["budget"], indirect=True)
def test_budget_axis_shows_batch_sizes_as_integers_at_equal_steps(drawn):
    assert [label.get_text() for label in drawn.get_xticklabels()] == list(map(str, BATCHES))
    steps = np.diff(drawn.transData.transform([(batch, 0) for batch in BATCHES])[:, 0])
    np.testing.assert_allclose(steps, steps[0])
    assert drawn.get_ylabel() == "메모리 (GB)"


@pytest.mark.parametrize("drawn", ["budget"], indirect=True)
def test_budget_shows_the_limit_with_its_name(drawn):
    assert list(drawn.lines[0].get_ydata()) == [3, 3]
    assert drawn.lines[0].get_linestyle() == "--"
    assert drawn.texts[0].get_text() == "GTX 580 한 장: 3 GB"


@pytest.mark.parametrize("drawn", ["budget"], indirect=True)
def test_budget_marks_where_a_line_meets_the_limit(drawn):
    dots = [line for line in drawn.lines if len(line.get_xdata()) == 1]
    assert [(dot.get_xdata()[0], dot.get_ydata()[0]) for dot in dots] == [(128, 3)]
    labels = [text.get_text() for text in drawn.get_legend().get_texts()]
    assert labels == ["두 배: 128장까지", "작은 모델"]


def test_budget_can_leave_the_crossings_out():
    ax = draw_budget(crossings=False)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == list(MEMORY)


def test_budget_names_a_limit_above_every_line_below_the_key():
    ax = plotting.plot_budget(BATCHES, MEMORY, limit=9, limit_label="9 GB")
    ax.figure.canvas.draw()
    name, key = boxes_of(ax)
    assert not name.overlaps(key)


@pytest.mark.parametrize("drawn", ["schedule"], indirect=True)
def test_schedule_steps_at_the_given_epochs(drawn):
    line = drawn.lines[0]
    assert list(line.get_xdata()) == [0, 25, 51, 79, 91]
    assert list(line.get_ydata()) == [1e-2, 1e-3, 1e-4, 1e-5, 1e-5]
    assert line.get_drawstyle() == "steps-post"
    assert drawn.get_yscale() == "log"


@pytest.mark.parametrize("drawn", ["schedule"], indirect=True)
def test_schedule_ends_with_a_cross_where_the_rate_becomes_zero(drawn):
    line, cross = drawn.lines[1:3]
    assert (line.get_xdata()[-1], line.get_ydata()[-1]) == (72, 1e-5)
    assert (cross.get_xdata()[0], cross.get_ydata()[0]) == (72, 1e-5)
    assert cross.get_marker() == "X"


@pytest.mark.parametrize("drawn", ["schedule"], indirect=True)
def test_schedule_rates_are_written_as_decimals(drawn):
    labels = [label.get_text() for label in drawn.get_yticklabels()]
    assert labels == ["0.00001", "0.0001", "0.001", "0.01"]
    assert (drawn.get_xlabel(), drawn.get_ylabel()) == ("에폭", "학습률")


@pytest.mark.parametrize("drawn", ["schedule"], indirect=True)
def test_schedule_marks_stand_at_their_epochs(drawn):
    marks = [(text.get_position()[0], text.get_text().replace("\n ", "\n").strip())
             for text in drawn.texts]  # fmt: skip
    assert sorted(marks) == MARKS
    dotted = {line.get_xdata()[0] for line in drawn.lines if line.get_linestyle() == ":"}
    assert dotted == {epoch for epoch, _ in MARKS}


@pytest.mark.parametrize("drawn", ["schedule"], indirect=True)
def test_schedule_marks_are_not_struck_through_by_other_lines(drawn):
    for text, line in itertools.product(drawn.texts, drawn.lines):
        box, path = text.get_window_extent(), line.get_window_extent()
        # 글은 제 점선에 붙어 있습니다.
        own = line.get_linestyle() == ":" and line.get_xdata()[0] == text.get_position()[0]
        assert own or not box.overlaps(path), text.get_text()


def test_schedule_without_marks_leaves_no_empty_room():
    ax = plotting.plot_schedule({"가": [(0, 0.1), (5, 0.01)]}, end=9)
    assert ax.get_ylim()[1] < 0.2


@pytest.mark.parametrize("drawn", ["traffic"], indirect=True)
def test_traffic_bars_are_in_thousands_of_bytes(drawn):
    widths = [bar.get_width() for bar in drawn.patches]
    assert widths == pytest.approx([86.528, 18.432, 8.192, 86.528, 9.216, 0])
    assert "kB" in drawn.get_xlabel()


@pytest.mark.parametrize("drawn", ["traffic"], indirect=True)
def test_traffic_writes_every_value(drawn):
    values = [text.get_text() for text in drawn.texts]
    assert values == ["86.5", "18.4", "8.2", "86.5", "9.2", "0.0"]


@pytest.mark.parametrize("drawn", ["traffic"], indirect=True)
def test_traffic_reads_from_top_to_bottom_and_forward_first(drawn):
    labels = [label.get_text() for label in drawn.get_yticklabels()]
    assert labels == ["conv3", "FC6", "FC7"]
    heights = [bar.get_window_extent().y0 for bar in drawn.patches]
    assert heights[0] > heights[3] > heights[1] > heights[4] > heights[2] > heights[5]
    assert [text.get_text() for text in drawn.get_legend().get_texts()] == ["순전파", "역전파"]


@pytest.mark.parametrize("x", [torch.linspace(-1, 1, 3), np.linspace(-1, 1, 3), range(-1, 2)])
def test_curves_through_zero_have_both_axes(x):
    assert len(plotting.plot_curves(x, {"가": [0, 1, 2]}, xlabel="a", ylabel="b").lines) == 3


def test_curves_over_epochs_have_no_line_at_zero():
    ax = plotting.plot_curves(range(1, 4), {"가": [0, 1, 2]}, xlabel="에폭", ylabel="b")
    assert len(ax.lines) == 1


def test_empty_rows_keep_the_size_of_the_grid():
    few = plotting.plot_images(np.zeros((1, 4, 4)), rows=3)
    many = plotting.plot_images(np.zeros((30, 4, 4)), rows=3)
    assert tuple(few.figure.get_size_inches()) == tuple(many.figure.get_size_inches())
    assert (len(few.images), len(many.images)) == (1, 30)


def test_images_keep_their_shape_and_stay_in_their_cells():
    ax = plotting.plot_images(np.zeros((12, 20, 10)), titles=range(12), columns=5, size=1.5)
    extents = np.array([image.get_extent() for image in ax.images])
    left, right, bottom, top = extents.T
    np.testing.assert_allclose((bottom - top) / (right - left), 20 / 10)  # 늘어나지 않습니다.
    assert np.array_equal(left // 1.5, np.arange(12) % 5)  # 칸의 너비는 1.5인치입니다.
    assert np.array_equal((right - 1e-9) // 1.5, np.arange(12) % 5)
    np.testing.assert_allclose((left + right) / 2 % 1.5, 0.75)
    row = np.arange(12) // 5  # 줄의 높이는 칸 1.5에 제목 0.28을 더한 것입니다.
    assert ((row * 1.78 + 0.2 < top) & (bottom < (row + 1) * 1.78)).all()
    titles = [(text.get_text(), text.get_position()) for text in ax.texts]
    assert [name for name, _ in titles] == [str(i) for i in range(12)]
    assert all(y < t and t - y < 0.1 for (_, (_, y)), t in zip(titles, top, strict=True))


def test_powers_of_ten_are_written_without_mathematics():
    _, ax = plt.subplots()
    ax.set(yscale="log", ylim=(2e-3, 300))
    plotting.mark_powers(ax.yaxis)
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "10⁻²", "10⁻¹", "10⁰", "10¹", "10²",
    ]  # fmt: skip
    assert list(ax.get_yticks()) == pytest.approx([0.01, 0.1, 1, 10, 100])
    ax.set_ylim(1e-30, 1)
    plotting.mark_powers(ax.yaxis)
    assert len(ax.get_yticks()) <= 10
    assert ax.get_yticks()[-1] == 1


def test_show_hands_the_alternative_text_to_the_notebook(monkeypatch):
    calls = []
    monkeypatch.setattr("IPython.display.display", lambda *a, **options: calls.append((a, options)))
    ax = plotting.plot_curves([0], {"가": [0]}, xlabel="a", ylabel="b")
    plotting.show(ax, alt="설명")
    (((data,), options),) = calls
    assert options == {"metadata": {"image/png": {"alt": "설명"}}, "raw": True}
    assert data["text/plain"] == repr(ax.figure) == "<Figure size 700x400 with 1 Axes>"
    picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert (picture.format, picture.size) == ("PNG", (700, 400))
    assert not plt.fignum_exists(ax.figure.number)
