"""슬라이드를 1280×720에서 한 장씩 넘기며 봅니다: 넘침, 글자의 크기, 그림, 바깥 요청, 강사 화면."""

import threading
from pathlib import Path

import pytest
import serve_slides
import slides
from driver import draw_seven, open_page

ROOT = Path(__file__).resolve().parents[2]

NAMES = [path.stem for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))]
NAMES += ["수업45", "수업90"]
READY = "() => window.Reveal && Reveal.isReady()"
# 셀별 글 조각들과 그림들. 쪼갠 표의 제목 줄은 되풀이되므로 한 번만 셉니다.
TEXTS = """() => {
  const found = {};
  for (const block of document.querySelectorAll("[data-cell]")) {
    block.querySelectorAll(".live-widget").forEach((widget) => widget.remove());
    const parts = (found[block.dataset.cell] ??= []);
    const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) parts.push(walker.currentNode.data.trim());
    parts.push(...[...block.querySelectorAll("img")]
      .filter((image) => !image.closest("[data-widget]")).map((image) => image.src));
  }
  for (const [cell, parts] of Object.entries(found))
    found[cell] = [...new Set(parts.filter(Boolean))].sort();
  return found;
}"""
# 슬라이드 하나를 끝까지 펼치고 문제를 늘어놓습니다.
LOOK = r"""async (index) => {
  const slide = Reveal.getSlides()[index];
  const { h, v } = Reveal.getIndices(slide);
  Reveal.slide(h, v, 99);
  const images = [...slide.querySelectorAll("img")];
  await Promise.all(images.map((image) => image.decode().catch(() => 0)));
  const problems = [];
  const say = (what, node) =>
    problems.push(`${what}: ${node.tagName} ${node.textContent.trim().slice(0, 40)}`);
  if (Reveal.getCurrentSlide() !== slide) say("이 슬라이드로 가지 못했습니다", slide);
  const page = slide.querySelector(".page");
  const box = page.getBoundingClientRect();
  const screen = slide.querySelector(".sheet").getBoundingClientRect();
  if (screen.left < 0 || screen.top < 0 || screen.right > 1280 || screen.bottom > 720)
    say("화면을 넘칩니다", slide);
  const outer = ".sheet, .page, pre, table:not(.live-widget *), h1, h2, footer";
  for (const node of slide.querySelectorAll(outer))
    if (node.scrollWidth > node.clientWidth + 1 || node.scrollHeight > node.clientHeight + 1)
      if (!node.matches("table, h1, h2")) say("안의 것이 넘칩니다", node);
  for (const node of page.querySelectorAll("*:not(.live-widget *)")) {
    const { left, top, right, bottom, width } = node.getBoundingClientRect();
    if (width && (left < box.left - 1 || right > box.right + 1 || bottom > box.bottom + 1))
      say(`자리를 넘칩니다(${Math.round(right)}, ${Math.round(bottom)})`, node);
    if (width && top < box.top - (node.closest("math") ? 8 : 1)) say("위로 넘칩니다", node);
  }
  const title = slide.querySelector("h1, h2").getBoundingClientRect();
  if (title.left < 0 || title.right > 1280 || title.bottom > box.top + 1)
    say("제목이 넘칩니다", slide);
  const texts = document.createTreeWalker(slide.querySelector(".sheet"), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || node.closest(".live-widget")) continue;
    const math = node.closest("math");
    const size = parseFloat(getComputedStyle(math ?? node).fontSize);
    const floor = node.closest("footer") ? 16 : node.closest("pre.code") ? 18 : 20;
    if (size < floor) say(`글자가 ${size}px입니다`, node);
  }
  for (const node of slide.querySelectorAll(".fragment:not(.visible)")) say("안 나옵니다", node);
  for (const image of images) {
    if (!image.naturalWidth) say(`그림이 없습니다(${image.src})`, image);
    const scale = image.width / image.naturalWidth;
    if (scale < 0.7) say(`그림이 ${scale.toFixed(2)}배입니다(${image.alt})`, image);
    if (Math.abs(scale - image.height / image.naturalHeight) > 0.02) say("찌그러졌습니다", image);
    if (!image.alt) say("대체 텍스트가 없습니다", image);
  }
  const shown = page.innerText.trim() || page.querySelector("img, .live-widget");
  if (!shown) say("빈 슬라이드입니다", slide);
  return problems.map((problem) => `${index + 1}번째 슬라이드, ${problem}`);
}"""
NOTE = "() => document.querySelector('.speaker-controls-notes .value').innerText"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """모든 노트북의 슬라이드를 만들어 여는 서버의 주소입니다."""
    folder = tmp_path_factory.mktemp("슬라이드") / "slides"
    slides.build_all(folder)
    with serve_slides.open_server(folder, 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.address
        server.shutdown()
        thread.join()


@pytest.fixture
def opened(browser, address):
    """(쪽, 콘솔의 오류들)입니다. 끝에 바깥으로 나간 요청이 없었는지 봅니다."""
    page, errors, _ = open_page(browser)
    asked = []
    page.context.on("request", lambda request: asked.append(request.url))
    failed = []
    page.context.on(
        "response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None
    )
    page.set_default_timeout(30_000)
    yield page
    page.context.close()
    assert errors == []
    assert failed == []
    assert [url for url in asked if not url.startswith((address, "data:", "about:", "blob:"))] == []


def go(page, address, name, query=""):
    page.goto(f"{address}/{name}.html{query}")
    page.wait_for_function(READY)


@pytest.mark.parametrize("name", NAMES)
def test_every_slide_fits_the_screen_and_reads_from_the_back_row(opened, address, name):
    go(opened, address, name)
    problems = []
    for index in range(opened.evaluate("() => Reveal.getTotalSlides()")):
        problems += opened.evaluate(LOOK, index)
    assert problems == []


@pytest.mark.parametrize("name", NAMES)
def test_dividing_slides_loses_nothing(opened, address, name):
    opened.route("**/deck.js", lambda route: route.fulfill(content_type="text/javascript", body=""))
    opened.goto(f"{address}/{name}.html")
    written = opened.evaluate(TEXTS)
    opened.unroute("**/deck.js")
    go(opened, address, name)
    assert opened.evaluate(TEXTS) == written


def open_widget(page, address, name, selector):
    """움직이는 위젯이 있는 슬라이드를 끝까지 펼치고 그 위젯을 줍니다."""
    go(page, address, name)
    widget = page.locator(f".live-widget:has({selector})")
    widget.evaluate("""(node) => {
      const { h, v } = Reveal.getIndices(node.closest("section"));
      Reveal.slide(h, v, 99);
    }""")
    return widget


def test_digit_is_read_in_the_slide_during_the_stroke(opened, address):
    widget = open_widget(opened, address, "00_start", ".course-live")
    widget.get_by_role("button", name="지우기").click()
    draw_seven(opened, widget.locator(".board canvas"))
    seven = "node => node.textContent === '7'"
    opened.wait_for_function(seven, arg=widget.locator(".digit").element_handle())
    opened.mouse.up()


def test_connections_are_counted_in_the_slide(opened, address):
    widget = open_widget(opened, address, "01_lenet5", ".course-c3")
    slide = opened.evaluate("() => Reveal.getSlidePastCount()")
    widget.get_by_role("button", name="S2 3번과 C3 0번 끊김").click()
    assert widget.locator(".note").inner_text().endswith("0, 1, 2, 3")
    opened.keyboard.press("ArrowRight")
    opened.keyboard.press("Space")
    assert opened.evaluate("() => Reveal.getSlidePastCount()") == slide


@pytest.mark.parametrize(("name", "layer", "words"), [
    ("01_lenet5", "C3", "60 × 25 + 16 = 1,516"), ("03_alexnet", "conv3", "885,120"),
    ("수업45", "conv3", "885,120"),
])  # fmt: skip
def test_layers_tell_their_numbers_in_the_slide(opened, address, name, layer, words):
    widget = open_widget(opened, address, name, f"[data-layer={layer}]")
    widget.locator(f"[data-layer={layer}]").click()
    assert words in widget.inner_text()
    opened.keyboard.press("ArrowRight")
    assert words not in widget.inner_text()


def test_the_korean_font_of_the_course_is_used(opened, address):
    go(opened, address, "01_lenet5")
    loaded = opened.evaluate(
        "() => [...document.fonts].filter(({ status }) => status === 'loaded').map((f) => f.family)"
    )
    wanted = {"Course Gothic KR", "Course Mono", "Course Math"}
    assert wanted <= {name.strip('"') for name in loaded}
    family = opened.evaluate("() => getComputedStyle(document.querySelector('.page p')).fontFamily")
    assert "Course Gothic KR" in family


def test_right_arrow_walks_through_every_slide(opened, address):
    go(opened, address, "00_start")
    total = opened.evaluate("() => Reveal.getTotalSlides()")
    seen = set()
    for _ in range(6 * total):
        seen.add(opened.evaluate("() => Reveal.getSlidePastCount()"))
        opened.keyboard.press("ArrowRight")
    assert seen == set(range(total))


def test_an_answer_appears_only_after_its_question(opened, address):
    go(opened, address, "00_start")
    hidden = opened.evaluate(
        """() => {
          const slide = Reveal.getSlides().find((slide) => slide.querySelector(".ask ~ .answer"));
          const { h, v } = Reveal.getIndices(slide);
          Reveal.slide(h, v, -1);
          const answer = slide.querySelector(".answer");
          const before = getComputedStyle(answer).visibility;
          Reveal.next();
          return [before, answer.classList.contains("visible")];
        }"""
    )
    assert hidden == ["hidden", True]


def test_speaker_view_shows_the_notes_of_the_slide_in_front(opened, address):
    go(opened, address, "02_ai_winter")
    with opened.context.expect_page() as popup:
        opened.keyboard.press("s")
    speaker = popup.value
    wanted = "() => document.querySelector('.slides .present .present aside.notes').innerText"
    notes = []
    for section in (1, 2, 3):
        opened.evaluate("(section) => Reveal.slide(section, 0)", section)
        expected = opened.evaluate(wanted.replace("innerText", "textContent"))
        speaker.wait_for_function(
            """(expected) => {
              const squeeze = (text) => text.replace(/\\s+/g, "");
              const value = document.querySelector(".speaker-controls-notes .value");
              return value && squeeze(value.textContent) === squeeze(expected);
            }""",
            arg=expected,
        )
        notes.append(speaker.evaluate(NOTE))
    assert len(set(notes)) == 3
    assert all("강사 노트 (" in note and "흔한 오답" in note for note in notes)
    assert "다음" in speaker.locator("#upcoming-slide .label").inner_text()


def test_print_view_has_one_page_for_every_slide(opened, address):
    go(opened, address, "00_start")
    total = opened.evaluate("() => Reveal.getTotalSlides()")
    go(opened, address, "00_start", "?print-pdf")
    opened.wait_for_function(f"() => document.querySelectorAll('.pdf-page').length === {total}")
