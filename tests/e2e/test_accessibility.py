"""누구나 쓸 수 있는지 브라우저에서 확인합니다: axe-core, 어두운 테마, 200% 배율, 1280×720."""

from pathlib import Path

import pytest
from driver import LAB_PANEL
from flows import WIDGETS

NOTEBOOKS = [pytest.param(("lab", name), id=f"lab-{name}") for name in WIDGETS]
WITH_WIDGETS = [case for case in NOTEBOOKS if WIDGETS[case.values[0][1]]]
THEMES = {"밝게": "JupyterLab Light", "어둡게": "JupyterLab Dark"}
# 저장된 그림(.jp-RenderedImage)의 대체 텍스트는 출력의 메타데이터에 있지만, JupyterLab 4는 읽지
# 않습니다. 우리가 고칠 수 없는 그 하나만 뺍니다.
AXE = f"""async () => (await axe.run({{
  include: [["{LAB_PANEL} .jp-OutputArea-output:not(.jp-RenderedImage)"],
    ["{LAB_PANEL} .jp-RenderedMarkdown"]],
}})).violations.map(({{ id, nodes }}) => [id, nodes[0].html.slice(0, 200), nodes[0].failureSummary])
"""
# 위젯의 조작과 그림 가운데 결과 칸의 오른쪽 밖으로 나간 것들. 연결표는 표라서 옆으로 밀어 봅니다.
CUT = f"""() => [...document.querySelectorAll("{LAB_PANEL} .course-controls")].flatMap((root) => {{
  const edge = root.closest(".jp-OutputArea-output").getBoundingClientRect().right + 1;
  const parts = "button, select, canvas, img, svg, .noUi-base, .widget-readout, [role=status]";
  return [...root.querySelectorAll(parts)]
    .filter((part) => part.checkVisibility() && !part.closest(".course-c3")
      && part.getBoundingClientRect().right > edge)
    .map((part) => part.outerHTML.slice(0, 120));
}})"""


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("opened", NOTEBOOKS, indirect=True)
def test_axe_finds_nothing(opened, theme):
    axe = pytest.importorskip("axe_playwright_python", reason="`make e2e`로 실행하십시오.")
    opened.page.evaluate(Path(axe.__file__).with_name("axe.min.js").read_text(encoding="utf-8"))
    change = "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })"
    opened.page.evaluate(change, THEMES[theme])
    light = str(theme == "밝게").lower()
    opened.page.wait_for_selector(f"body[data-jp-theme-light={light}]", state="attached")
    opened.page.wait_for_timeout(1000)  # 글꼴과 색이 자리를 잡을 때까지
    try:
        assert opened.page.evaluate(AXE) == []
    finally:
        opened.page.evaluate(change, THEMES["밝게"])


@pytest.mark.parametrize("size", [(1280, 720), (640, 360)], ids=["1280x720", "200%"])
@pytest.mark.parametrize("opened", WITH_WIDGETS, indirect=True)
def test_no_control_is_cut_off(opened, size):
    """200%로 키운 1280×720은 640×360으로 보입니다. 왼쪽 막대는 접습니다."""
    page = opened.page
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.wait_for_timeout(1000)
    try:
        assert page.evaluate(CUT) == []
    finally:
        page.set_viewport_size({"width": 1280, "height": 720})


@pytest.mark.parametrize("opened", WITH_WIDGETS, indirect=True)
def test_every_control_can_be_reached_by_keyboard_and_shows_it(opened):
    page = opened.page
    for alt in WIDGETS[opened.name].values():
        root = opened.widget(alt)
        controls = root.locator(".noUi-handle, select, button, input, canvas, [data-layer]")
        for control in controls.all():
            if not control.is_visible() or control.evaluate("node => node.tabIndex") < 0:
                continue
            page.keyboard.press("Shift")  # 마지막으로 쓴 것이 키보드여야 :focus-visible이 됩니다.
            control.focus()
            seen = control.evaluate("""node => {
              const marks = [node, node.parentElement, node.querySelector(".band"),
                node.nextElementSibling].filter(Boolean).map((part) => getComputedStyle(part));
              return document.activeElement === node && marks.some((style) =>
                (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0)
                || parseFloat(style.strokeWidth) >= 3);
            }""")
            assert seen, control.evaluate("node => node.outerHTML.slice(0, 200)")
