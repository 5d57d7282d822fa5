"""파이썬 없는 페이지(`make web`)가 파이썬과 같은 답을 내고, 혼자 열리며, 누구나 쓸 수 있습니다."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
import web
from driver import draw_seven
from PIL import Image

from course_utils.data import center_digit, load_digits, normalize
from course_utils.training import predict
from course_utils.widgets.live_lenet import shipped_model
from course_utils.widgets.output_sizes import CEIL, FLOOR, chain

LIMIT = 600_000  # 바이트
PAD = "#live .board canvas"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    path = tmp_path_factory.mktemp("한글 폴더") / "lenet5.html"
    path.write_text(web.build_page(), encoding="utf-8")
    return path


@pytest.fixture
def page(browser, address):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address.as_uri())
    yield page
    page.close()
    assert errors == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


@pytest.fixture(scope="module")
def digits():
    return load_digits(offline=True).test_images[:1000]


def draw_and_lift(page):
    draw_seven(page, page.locator(PAD))
    page.mouse.up()
    page.wait_for_timeout(100)


def answer(page):
    return page.locator("#live .digit").text_content()


def test_page_is_one_small_file(address):
    assert address.stat().st_size < LIMIT


def test_every_digit_gets_torchs_answer(page, digits):
    model, _ = shipped_model()
    expected = predict(model, digits)
    run = """images => { const net = lenet.unpack(bytes(data.weights), data.order);
      return images.map((image) => [...lenet.forward(net, data.table, Float32Array.from(image))
        .penalties]); }"""
    penalties = torch.tensor(page.evaluate(run, digits.flatten(1).tolist()))
    assert torch.equal(penalties.argmin(dim=1), expected.argmin(dim=1))
    # 가중치를 float16으로 줄였으므로 벌점은 조금 다릅니다.
    torch.testing.assert_close(penalties, expected, rtol=0.01, atol=0.05)


def test_every_drawing_is_centered_as_in_python(page, digits):
    chance, drawings = np.random.default_rng(0), []
    for image in digits[:, 0].numpy():
        ink = ((image + 0.1) / 1.275 * 255).clip(0, 255).astype(np.uint8)
        side = int(chance.integers(28, 281))
        top, left = chance.integers(0, 281 - side, 2)
        drawing = np.zeros((280, 280), np.uint8)
        resized = Image.fromarray(ink).resize((side, side), Image.Resampling.BILINEAR)
        drawing[top : top + side, left : left + side] = resized
        drawings.append(drawing)
    for part in np.array_split(np.stack(drawings), 20):
        run = "([text, n]) => { const all = bytes(text); return Array.from({ length: n }, (_, i) =>"
        run += " [...lenet.centerDigit(all.subarray(78400 * i, 78400 * (i + 1)), 280)]); }"
        theirs = np.array(page.evaluate(run, [web.b64encode(part.tobytes()).decode(), len(part)]))
        ours = [normalize(center_digit(one)["pad"]).flatten() for one in part]
        np.testing.assert_allclose(theirs, np.stack(ours), atol=1e-5)


def test_output_sizes_are_pythons(page):
    layers = list(itertools.product((224, 227, 231), (3, 11), (1, 2, 4), (0, 2), (False, True)))
    theirs = page.evaluate("layers => layers.map((layer) => sizes.chain(...layer))", layers)
    ours = [[*chain(*layer, CEIL if up else FLOOR).values()] for *layer, up in layers]
    assert theirs == ours


def test_answer_appears_during_the_stroke(page):
    draw_seven(page, page.locator(PAD))
    assert answer(page) == "7"
    page.mouse.up()
    assert "답은 7" in page.locator("#live .sentence").text_content()


def test_every_pixel_comes_from_where_the_zoom_says(page, digits):
    """되짚어 계산한 값이 순전파의 값과 같습니다. 창은 맵을 벗어나지 않습니다."""
    worst = page.evaluate("""image => {
      const net = lenet.unpack(bytes(data.weights), data.order);
      const input = Float32Array.from(image);
      const values = { 입력: input, ...lenet.forward(net, data.table, input) };
      const sides = { C1: [6, 28], S2: [6, 14], C3: [16, 10], S4: [16, 5] };
      let worst = 0;
      for (const [name, [maps, side]] of Object.entries(sides))
        for (let map = 0; map < maps; map++)
          for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) {
            const found = lenet.trace(net, data.table, values, name, map, y, x);
            const expected = values[name][(map * side + y) * side + x];
            worst = Math.max(worst, Math.abs(found.value - expected));
          }
      return worst; }""", digits[0].flatten().tolist())  # fmt: skip
    assert worst < 1e-4


def test_pixel_under_the_pointer_or_the_keys_shows_its_window(page):
    draw_and_lift(page)
    maps, told = page.locator("#live .maps canvas"), page.locator("#live .zoom [role=status]")
    c1, c3 = maps.nth(1), maps.nth(3)
    c1.hover(position={"x": 2 * 29 + 11, "y": 21})  # 1번 맵의 10행 5열: 칸 하나는 2픽셀
    assert told.text_content().startswith("C1의 1번 맵, 10행 5열은")
    assert "입력에서 5×5 창" in told.text_content()
    assert page.locator("#live .frame").count() == 2
    c3.focus()
    page.keyboard.press("PageDown")
    page.keyboard.press("ArrowRight")
    assert told.text_content().startswith("C3의 1번 맵, 5행 6열은")
    assert "S2의 1, 2, 3번 맵에서" in told.text_content()  # LeCun 1998, Table I
    assert page.locator("#live .parts > div").count() == 3


def test_scribble_is_called_rubbish(page):
    box = page.locator("#live .board canvas").bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    for i in range(24):
        page.mouse.move(box["x"] + (40 if i % 2 else 240), box["y"] + 40 + 9 * i)
    page.mouse.up()
    page.wait_for_timeout(100)
    assert answer(page) == "✗"


def test_digit_can_be_drawn_with_the_keyboard(page):
    page.locator("#live .board canvas").focus()
    page.keyboard.press("Space")
    for _ in range(22):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    page.wait_for_timeout(100)
    assert answer(page) == "1"


def test_link_shows_the_same_screen(browser, page):
    draw_and_lift(page)
    page.get_by_role("button", name="모두 연결").click()
    page.get_by_role("button", name="Caffe (227)").click()
    other = browser.new_page()
    other.goto(page.url)
    other.wait_for_timeout(100)
    assert answer(other) == "7"
    assert "2,416" in other.locator("#count").text_content()
    assert "논문과 같습니다" in other.locator("#calculator .result").text_content()
    other.close()


@pytest.mark.parametrize("hash_", ["draw=%%%", "c3=zz&layer=1,2", "layer=9,9,0,0,0", "draw=AAAA"])
def test_broken_link_starts_from_the_beginning(page, address, hash_):
    page.goto(f"{address.as_uri()}#{hash_}")
    page.reload()
    assert "60,000" in page.locator("#count").text_content()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_page(page, scheme):
    axe = pytest.importorskip("axe_playwright_python", reason="`make e2e`로 실행하십시오.")
    page.emulate_media(color_scheme=scheme)
    draw_and_lift(page)
    page.evaluate(Path(axe.__file__).with_name("axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("async () => (await axe.run()).violations.map((v) => [v.id, "
                          "v.nodes[0].html.slice(0, 200), v.nodes[0].failureSummary])")  # fmt: skip
    assert found == []


@pytest.mark.parametrize("width", [1280, 640, 360])
def test_nothing_sticks_out_of_a_narrow_window(page, width):
    page.set_viewport_size({"width": width, "height": 700})
    page.wait_for_timeout(100)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
