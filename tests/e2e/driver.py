"""열린 노트북을 사람처럼 다룹니다: 위젯을 찾고, 조작하고, 그림이나 글이 바뀔 때까지 기다립니다."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # Playwright가 없어도 테스트가 이유를 알리고 건너뛸 수 있게 합니다.
    from playwright.sync_api import Locator, Page

LAB_PANEL = ".jp-NotebookPanel:not(.lm-mod-hidden)"
RUN_ALL = """async () => {
  const app = window.jupyterapp, panel = app.shell.currentWidget;
  await panel.context.ready;
  await panel.sessionContext.ready;
  // 이보다 먼저 실행하면 셀이 하나도 돌지 않습니다.
  await panel.sessionContext.session?.kernel?.info;
  await app.commands.execute("notebook:run-all-cells");
  return panel.content.widgets.filter(({ model }) => model.type === "code").map(({ model }) => ({
    source: model.sharedModel.getSource(),
    count: model.executionCount ?? null,
    outputs: model.sharedModel.outputs,
  }));
}"""
# 위젯이 지금 보여 주는 것: 낭독되는 글과 그림의 주소. 그림이 바뀌면 주소도 바뀝니다.
SHOWN = """root => JSON.stringify([
  [...root.querySelectorAll("[role=status], .note")].map((node) => node.textContent),
  [...root.querySelectorAll("img")].map(({ src }) => src)])"""
# 조작(event)부터 새 그림이 화면에 나올 준비가 될 때까지, 또는 글이 바뀔 때까지의 시간(ms)
ARM = """(root, [event, what]) => {
  window.courseTook = new Promise((done, fail) => {
    let start;
    setTimeout(() => fail(new Error("10초 동안 바뀌지 않았습니다.")), 10000);
    const finish = () => start !== undefined && done(performance.now() - start);
    addEventListener(event, () => { start = performance.now(); }, { capture: true, once: true });
    if (what === "picture") root.querySelector("img.widget-image").onload = finish;
    else new MutationObserver((_, observer) => {
      if (start !== undefined) { observer.disconnect(); finish(); }
    }).observe(root.querySelector(".widget-html-content"), { childList: true, subtree: true });
  });
}"""


@dataclass
class Opened:
    """브라우저에 열어 모두 실행한 노트북입니다. `cells`는 Lab에서만 압니다."""

    place: str  # "lab" 또는 "voila"
    name: str
    page: Page
    errors: list[str]  # 콘솔의 오류와 잡히지 않은 예외
    hosts: set[str]  # 요청한 주소의 호스트
    cells: list[dict]

    def close(self) -> None:
        """커널까지 끝냅니다. 남은 커널은 다음 노트북을 느리게 합니다."""
        if self.place == "lab":
            self.page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
        self.page.context.close()

    def widget(self, mark: str) -> Locator:
        """CSS 클래스(`.`으로 시작)나, 그림의 대체 텍스트가 시작하는 말이 `mark`인 위젯입니다."""
        root = self.page.locator(mark).first
        if not mark.startswith("."):
            picture = self.page.locator(f'img.widget-image[alt^="{mark}"]')
            root = self.page.locator(".course-controls").filter(has=picture).last
        root.wait_for(state="visible", timeout=30_000)
        root.scroll_into_view_if_needed()
        return root


def open_page(browser, **options):
    """(새 쪽, 그 쪽의 오류들, 요청한 호스트들)입니다."""
    options = {"viewport": {"width": 1280, "height": 720}, "locale": "ko-KR"} | options
    page = browser.new_context(**options).new_page()
    errors, hosts = [], set()
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    return page, errors, hosts


def open_in_lab(browser, server, name: str) -> Opened:
    """JupyterLab에서 노트북을 열고 처음부터 끝까지 실행합니다."""
    page, errors, hosts = open_page(browser)
    page.goto(server.lab(name), wait_until="domcontentloaded")
    page.wait_for_selector(f"{LAB_PANEL} .jp-Notebook .jp-Cell", timeout=60_000)
    cells = page.evaluate(RUN_ALL)
    page.set_default_timeout(10_000)
    return Opened("lab", name, page, errors, hosts, cells)


def open_in_voila(browser, server, name: str) -> Opened:
    """Voilà에서 코드 없는 쪽을 엽니다. 노트북이 모두 실행되어야 쪽이 나옵니다."""
    page, errors, hosts = open_page(browser)
    page.goto(server.voila(name), wait_until="domcontentloaded", timeout=300_000)
    page.wait_for_selector("#rendered_cells", state="visible", timeout=300_000)
    page.set_default_timeout(10_000)
    return Opened("voila", name, page, errors, hosts, [])


def changes(root: Locator, act, *, seconds=10) -> None:
    """`act()` 뒤에 위젯의 글이나 그림이 바뀔 때까지 기다립니다. 안 바뀌면 TimeoutError입니다."""
    before = root.evaluate(SHOWN)
    act()
    root.page.wait_for_function(
        f"([root, before]) => ({SHOWN})(root) !== before",
        arg=[root.element_handle(), before],
        timeout=1000 * seconds,
    )


def took(root: Locator, event: str, what: str, act) -> float:
    """`act()`가 일으킨 `event`부터 새 그림(`picture`)이나 글(`text`)까지의 시간(ms)입니다."""
    root.evaluate(ARM, [event, what])
    act()
    return root.page.evaluate("() => window.courseTook")


def drag(page: Page, start: tuple[float, float], *ends: tuple[float, float]) -> None:
    """마우스로 `start`에서 눌러 `ends`를 차례로 지나 놓습니다."""
    page.mouse.move(*start)
    page.mouse.down()
    for end in ends:
        page.mouse.move(*end, steps=4)
    page.mouse.up()


def draw_seven(page: Page, canvas: Locator) -> None:
    """7을 그립니다. 마우스 단추는 아직 놓지 않습니다."""
    box = canvas.bounding_box()
    scale = box["width"] / 280
    corners = [(80, 60), (200, 60), (190, 90), (160, 140), (130, 200), (120, 240)]
    for place, (x, y) in enumerate(corners):
        page.mouse.move(box["x"] + scale * x, box["y"] + scale * y, steps=6)
        if place == 0:
            page.mouse.down()


def middle(control: Locator) -> tuple[float, float]:
    """화면에서의 한가운데입니다."""
    control.scroll_into_view_if_needed()
    box = control.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
