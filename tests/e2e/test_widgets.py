"""JupyterLab과 Voilà에서 노트북을 통째로 실행하고, 모든 위젯을 마우스와 키보드로 씁니다."""

import re

import pytest
from course_files import all_notebooks
from flows import CLICKS, SPECIAL, WIDGETS, click_picture, slider_latencies, use_every_control
from servers import ROOT

PLACES = ("lab", "voila")
# 같은 위젯을 두 곳에서 쓰므로, .ci/run은 Voilà에서 위젯의 종류가 모두 든 셋만 엽니다.
SHORT = {("voila", name) for name in ("00_start", "01_lenet5", "03_alexnet", "수업45")}


def case(place, name, *rest):
    """시험할 경우 하나입니다. 오래 걸리는 것에는 long을 붙입니다."""
    is_long = place == "voila" and (place, name) not in SHORT
    marks = pytest.mark.long if is_long else ()
    return pytest.param((place, name), *rest, marks=marks, id="-".join((place, name, *rest)))


EVERY_NOTEBOOK = [case(place, name) for place in PLACES for name in WIDGETS]
EVERY_QUIZ = [case(place, name) for place in PLACES for name in WIDGETS if "/" not in name]
EVERY_WIDGET = [case(place, name, widget)
                for place in PLACES for name in WIDGETS for widget in WIDGETS[name]]  # fmt: skip


@pytest.fixture
def healthy(opened):
    """시험이 끝날 때까지 콘솔에 오류가 없고, 이 컴퓨터 밖으로 요청이 나가지 않습니다."""
    yield opened
    assert opened.errors == []
    assert {host.split(":")[0] for host in opened.hosts} <= {"127.0.0.1", ""}


@pytest.mark.parametrize("opened", EVERY_NOTEBOOK, indirect=True)
def test_whole_notebook_runs_without_error(healthy):
    outputs = healthy.page.locator(".jp-OutputArea")
    assert outputs.count() > 5
    for kind in ("application/vnd.jupyter.stderr", "application/vnd.jupyter.error"):
        assert healthy.page.locator(f"[data-mime-type='{kind}']").count() == 0
    if not healthy.cells:  # Voilà는 코드를 보이지 않습니다.
        assert healthy.page.locator(".jp-InputArea-editor:visible").count() == 0
        return
    counts = [cell["count"] for cell in healthy.cells if cell["source"].strip()]
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.parametrize(("opened", "widget"), EVERY_WIDGET, indirect=["opened"])
def test_widget_answers_mouse_and_keyboard(healthy, widget, record_latency):
    root = healthy.widget(WIDGETS[healthy.name][widget])
    shots = ROOT / "build" / "e2e"  # 눈으로도 볼 수 있게 앞과 뒤의 모습을 남깁니다.
    root.screenshot(path=shots / f"{healthy.place}-{widget}-앞.png")
    if widget in CLICKS:
        click_picture(root, *CLICKS[widget])
    if special := SPECIAL.get(widget):
        times = special(root)
    else:
        use_every_control(root)
        times = slider_latencies(root) if root.locator(".noUi-handle").count() else None
    if times:
        record_latency(f"{healthy.place} {widget}", times)
    assert "⚠" not in root.inner_text()
    root.screenshot(path=shots / f"{healthy.place}-{widget}-뒤.png")


LESSONS = [case("voila", name) for name in ("수업45", "수업90")]


@pytest.mark.parametrize("opened", LESSONS, indirect=True)
def test_lesson_of_the_guide_is_alive_on_one_page(healthy):
    """`make present PLAN=45`: 여러 노트북의 위젯이 한 쪽에서 움직입니다."""
    assert healthy.page.locator("[data-mime-type='application/vnd.jupyter.error']").count() == 0
    for name, widget in (
        ("00_start", "convolution_stepper"), ("01_lenet5", "c3_table"),
        ("01_lenet5", "digit_recognizer"), ("03_alexnet", "architecture_explorer"),
    ):  # fmt: skip
        if widget == "architecture_explorer" and healthy.name == "수업90":
            continue  # 90분 수업은 그 절을 쓰지 않습니다.
        SPECIAL.get(widget, use_every_control)(healthy.widget(WIDGETS[name][widget]))


@pytest.mark.parametrize("opened", EVERY_QUIZ, indirect=True)
def test_quiz_answers_mouse_and_keyboard(healthy):
    page = healthy.page
    box = page.locator(".widget-radio-box").first
    box.scroll_into_view_if_needed()
    group = box.locator("xpath=ancestor::*[contains(@class, 'widget-vbox')][1]")
    box.locator("input").first.click()
    reply = group.locator("[role=status]")
    reply.wait_for()
    first = reply.inner_text()
    assert re.match("[✓✗]", first)
    page.keyboard.press("ArrowDown")
    page.wait_for_function("([group, before]) => "
                           "group.querySelector('[role=status]').innerText !== before",
                           arg=[group.element_handle(), first])  # fmt: skip
    assert re.match("[✓✗]", reply.inner_text())


def test_every_widget_of_every_notebook_is_tried():
    """노트북에 위젯을 더하면 여기의 표에도 더해야 합니다."""
    from course_utils import widgets

    makers = set(widgets.__all__) - {"Panel", "DrawPad"}
    for path in all_notebooks():
        name = path.relative_to(ROOT / "notebooks").with_suffix("").as_posix()
        used = set(re.findall(r"\b(\w+)\(", path.read_text(encoding="utf-8"))) & makers
        assert used == set(WIDGETS.get(name, {})), name
