"""슬라이드: 노트북의 글이 빠짐없이 담기고, 모든 것이 이 폴더 안에 있습니다."""

import html
import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
import serve_slides
import slides
from slidedeck import cells
from slidedeck.deck import read_deck
from slidedeck.plan import plan_deck, read_plans

from course_utils.quiz import load_questions
from course_utils.widgets import Predict

ROOT = Path(__file__).resolve().parents[1]

NAMES = [path.stem for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))]


class Page(HTMLParser):
    """셀별 글, 강사 노트의 글, 쪽이 불러오는 주소를 모읍니다."""

    def __init__(self, text):
        super().__init__()
        self.cells, self.notes, self.loads, self.links = {}, [], [], []
        self.stack, self.cell = [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if "data-cell" in attrs:
            self.cell = (attrs["data-cell"], len(self.stack))
            self.cells.setdefault(attrs["data-cell"], "")
        if tag == "aside":
            self.notes.append("")
        if tag == "a":
            self.links.append(attrs["href"])
        elif "src" in attrs or "href" in attrs:
            self.loads.append(attrs.get("src") or attrs["href"])
        if tag not in {"meta", "link", "img", "br"}:
            self.stack.append(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag, f"<{tag}>의 짝이 맞지 않습니다."
        if self.cell and len(self.stack) == self.cell[1]:
            self.cell = None

    def handle_data(self, data):
        if self.cell:
            self.cells[self.cell[0]] += data
        if "aside" in self.stack:
            self.notes[-1] += data


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """저장소의 노트북으로 만든 슬라이드의 폴더입니다."""
    output = tmp_path_factory.mktemp("새 폴더") / "slides"
    slides.build_all(output)
    return output


@pytest.fixture(scope="module")
def pages(built):
    return {name: Page((built / f"{name}.html").read_text(encoding="utf-8")) for name in NAMES}


@pytest.fixture(scope="module")
def notebooks():
    return {name: nbformat.read(ROOT / f"notebooks/{name}.ipynb", as_version=4) for name in NAMES}


def kind(cell):
    return cell.metadata.slideshow.slide_type


def squeeze(text):
    """글자만 남깁니다. 마크다운의 표시와 빈칸은 비교하지 않습니다."""
    return re.sub(r"</?(?:details|summary)>|[\s*`\\|>#\-]", "", text)


@pytest.mark.parametrize("name", NAMES)
def test_every_text_cell_is_on_a_slide_word_for_word(pages, notebooks, name):
    for cell in notebooks[name].cells:
        plain = not re.search(r"\$|\]\(|^\d+\. |```|:--", cell.source, re.M)
        body = re.sub(r"^#+ .*$", "", cell.source, flags=re.M)
        if cell.cell_type == "markdown" and kind(cell) not in ("notes", "skip") and body.strip():
            assert cell.id in pages[name].cells
            if plain:
                assert squeeze(pages[name].cells[cell.id]) == squeeze(html.unescape(body))


@pytest.mark.parametrize("name", NAMES)
def test_headings_of_the_notebook_are_the_titles(built, notebooks, name):
    found = re.findall(r"<h[12]>(.*?)</h[12]>", (built / f"{name}.html").read_text("utf-8"))
    titles = {squeeze(html.unescape(re.sub(r"<[^>]+>", "", title))) for title in found}
    for cell in notebooks[name].cells:
        if cell.cell_type == "markdown" and kind(cell) != "notes":
            for heading in re.findall(r"^#+ (.*)$", cell.source, re.M):
                assert squeeze(heading) in titles or heading == "퀴즈"


@pytest.mark.parametrize("name", NAMES)
def test_setup_parameters_and_solutions_stay_out(pages, notebooks, name):
    skipped = [cell.id for cell in notebooks[name].cells if kind(cell) == "skip"]
    assert len(skipped) == len(set(skipped) - set(pages[name].cells)) > 0
    assert "# 풀이" not in "".join(pages[name].cells.values())


@pytest.mark.parametrize("name", NAMES)
def test_every_output_that_is_not_a_widget_view_is_on_a_slide(built, pages, notebooks, name):
    for cell in notebooks[name].cells:
        if cell.cell_type != "code" or kind(cell) == "skip":
            continue
        if "exercise" in cell.metadata.get("tags", []):
            source = cell.source.replace("# fmt: skip", "")
            assert squeeze(source) == squeeze(pages[name].cells[cell.id])
            continue
        for number, output in enumerate(cell.outputs):
            data = output.get("data", {})
            if "image/png" in data:
                assert (built / name / f"{cell.id}-{number}.png").is_file()
            elif output.output_type == "stream":
                assert squeeze(output.text) in squeeze(pages[name].cells[cell.id])


@pytest.mark.parametrize("name", NAMES)
def test_speaker_notes_are_notes_and_nothing_else(pages, notebooks, name):
    written = [cell.source for cell in notebooks[name].cells if kind(cell) == "notes"]
    for source in written:
        text = re.sub(r"</?(details|summary)>", "", source)
        assert any(squeeze(text) in squeeze(note) for note in pages[name].notes)
    assert not any("강사 노트 (" in text for text in pages[name].cells.values())
    assert not re.search("details|summary", "".join(pages[name].notes))


@pytest.mark.parametrize("name", NAMES)
def test_every_slide_has_a_note_and_only_notes_tell_the_answers(pages, name):
    assert all(note.strip() for note in pages[name].notes)
    shown = squeeze("".join(pages[name].cells.values()))
    for question in load_questions(name):
        right = next(choice for choice in question.choices if choice.correct)
        assert any(squeeze(right.feedback) in squeeze(note) for note in pages[name].notes)
        assert squeeze(right.feedback) not in shown


def test_minutes_are_the_sum_of_the_notes(built, notebooks):
    index = (built / "index.html").read_text(encoding="utf-8")
    for name, notebook in notebooks.items():
        minutes = sum(int(re.search(r"\((\d+)분\)", cell.source)[1])
                      for cell in notebook.cells if kind(cell) == "notes")  # fmt: skip
        row = re.search(rf'<tr>.*?href="{name}\.html".*?</tr>', index)[0]
        assert f"<td>{minutes}분</td>" in row
        title = re.search(r"^# (.*)$", notebook.cells[0].source, re.M)[1]
        assert html.escape(title) in row


def test_everything_a_page_loads_lies_in_the_folder(built):
    for path in built.glob("*.html"):
        for address in Page(path.read_text(encoding="utf-8")).loads:
            assert address == "data:," or (built / address).is_file(), address
    for path in [*built.glob("*.html"), *built.glob("assets/*.css")]:
        text = path.read_text(encoding="utf-8")
        assert "@import" not in text
        for address in re.findall(r"url\([\"']?([^\"')]+)", text):
            assert address.startswith("data:") or (path.parent / address).is_file(), address


def test_links_between_notebooks_lead_to_slides(built, pages):
    for page in pages.values():
        for link in page.links:
            assert link.startswith("https://") or (built / link).is_file()


@pytest.mark.parametrize("name", NAMES)
def test_formulas_are_mathml(built, notebooks, name):
    text = (built / f"{name}.html").read_text(encoding="utf-8")
    written = [formula for cell in notebooks[name].cells if cell.cell_type == "markdown"
               for formula in re.findall(r"\$\$[^$]+\$\$|\$[^$\n]+\$", cell.source)]  # fmt: skip
    assert text.count("<math ") == len(written)
    slide_text = re.sub(r"<pre.*?</pre>|<code.*?</code>", "", text, flags=re.S)
    assert not re.search(r"\$|\\frac|\\sum", slide_text)


def test_a_formula_keeps_its_parts():
    made = cells.markdown(r"크기는 $\lfloor N/S \rfloor$이고 $$\frac{가}{b}$$입니다.")
    assert re.sub(r"<[^>]+>", "", html.unescape(made)).strip() == "크기는 ⌊N/S⌋이고 가b입니다."
    assert "<mfrac>" in made
    assert 'display="block"' in made


def test_a_note_without_the_wrapper_is_refused():
    with pytest.raises(ValueError, match="강사 노트의 꼴"):
        cells.speaker_notes("요점: 3분")


def code(source, outputs, tags=()):
    """결과가 글인 코드 셀입니다."""
    made = [nbformat.v4.new_output("stream", text=text) for text in outputs]
    metadata = {"tags": list(tags), "slideshow": {"slide_type": "-"}}
    return nbformat.v4.new_code_cell(source, outputs=made, metadata=metadata)


@pytest.mark.parametrize(
    ("source", "tags", "shown"),
    [
        ("print(1)", (), True),
        ("\n".join(["x = 1"] * 30), (), False),
        ("assert x == 1\nprint(1)", (), False),
        ("x = 1\nassert x == 1\nassert x > 0\nprint(1)", (), False),
        ("class Net(nn.Module):\n" + "\n".join(["    x = 1"] * 20), (), True),
        ("def mine():\n    return None", ("exercise",), True),
    ],
)
def test_only_code_that_is_the_point_is_shown(source, tags, shown):
    assert ("<code>" in cells.code_cell(code(source, ["결과"], tags), {}, "x")) == shown


def test_text_of_code_and_outputs_is_escaped():
    made = cells.code_cell(code("print('<b>' & 1)", ["<script>alert(1)</script>"]), {}, "x")
    assert not re.search("<script>|<b>", made)


def test_an_answer_waits_behind_its_question_and_a_heading_opens_a_slide():
    def text(source, slide_type):
        metadata = {"slideshow": {"slide_type": slide_type}}
        return nbformat.v4.new_markdown_cell(source, metadata=metadata)

    question = code("Predict('몇?', 3)", [])
    shown = Predict("몇?", 3)._repr_mimebundle_()[0]
    question.outputs = [nbformat.v4.new_output("execute_result", shown)]
    written = [text("# 하나", "slide"), question, text("답", "fragment"),
               text("끝\n\n### 둘\n\n글", "subslide")]  # fmt: skip
    (stack,) = read_deck(nbformat.v4.new_notebook(cells=written), "x").stacks
    assert [slide.title for slide in stack] == ["하나", "둘"]
    assert re.search('class="ask".*몇.*\n.*class="answer".*3', stack[0].cells[0])
    assert 'class="cell later"' in stack[0].cells[1]
    assert "끝" in stack[0].cells[2]


def test_a_plan_goes_through_the_sections_of_the_guide_with_a_clock(notebooks):
    guide = (ROOT / "docs" / "강의안내.md").read_text(encoding="utf-8")
    decks = {name[:2]: read_deck(notebook, name) for name, notebook in notebooks.items()}
    plans = read_plans(guide)
    assert list(plans) == [45, 90]
    for total, rows in plans.items():
        made = plan_deck(total, rows, decks)
        assert len(made.stacks) == 1 + len(rows)
        assert all("분: " in slide.notes for stack in made.stacks[1:] for slide in stack)
        assert f"~{total}분: " in made.stacks[-1][0].notes
    with pytest.raises(ValueError, match="99절"):
        plan_deck(5, [["5", "없는 절", "01 99절", "–"]], decks)
    with pytest.raises(ValueError, match="더하면 5분"):
        plan_deck(45, [["5", "절", "01 1절", "–"]], decks)


def test_the_server_is_for_this_computer_only_and_a_taken_port_is_told(built):
    with serve_slides.open_server(built, 0) as server:
        host, port = server.server_address
        assert host == "127.0.0.1"
        with pytest.raises(SystemExit, match=f"포트 {port}번을 열지"):
            serve_slides.open_server(built, port)


def test_vendored_files_are_small_and_carry_their_licences():
    files = [path for path in slides.STATIC.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 500_000
    assert "MIT" in (slides.STATIC / "reveal/LICENSE").read_text(encoding="utf-8")
    assert "Bitstream" in (slides.STATIC / "math/LICENSE_DEJAVU").read_text(encoding="utf-8")
    notes = (slides.STATIC / "reveal/notes.js").read_text(encoding="utf-8")
    assert all(english in notes for english in slides.SPEAKER_VIEW)
