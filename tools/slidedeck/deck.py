"""노트북 하나를 슬라이드의 차례로 읽고 한 쪽의 HTML로 씁니다."""

import html
import re
from dataclasses import dataclass, field
from string import Template

from course_utils.quiz import load_questions

from .cells import code_cell, markdown, speaker_notes

HEADING = re.compile(r"\s*<h[1-4][^>]*>(.*?)</h[1-4]>", re.S)
CLOSING = "<p>이 장에서 가장 뜻밖이었던 것을 한 사람에게 물어보십시오.</p>"
MORE = ' <span class="more">(이어서)</span>'


@dataclass
class Slide:
    """화면에 맞게 나누기 전의 슬라이드 하나입니다. `cells`는 셀별 HTML입니다."""

    title: str
    level: int = 2
    cells: list[str] = field(default_factory=list)
    notes: str = ""
    source: str = ""  # 다른 노트북에서 가져왔다면 그 이름
    ends_note: bool = False  # 이 장 바로 뒤에 강사 노트가 있습니다.

    @property
    def plain_title(self) -> str:
        return re.sub(r"<[^>]+>", "", self.title)


@dataclass
class Deck:
    """노트북 하나의 슬라이드입니다. `stacks`는 [[아래로 이어지는 슬라이드, …], …]입니다."""

    name: str
    stacks: list[list[Slide]]
    minutes: int  # 강사 노트의 분을 더한 것
    images: dict[str, bytes]  # 파일 이름 → PNG

    @property
    def title(self) -> str:
        return self.stacks[0][0].plain_title


def read_deck(notebook: dict, name: str) -> Deck:
    """노트북의 슬라이드입니다. 강사 노트는 앞의 노트 뒤부터 거기까지의 모든 장에서 보입니다.

    연습문제의 노트는 풀이이고 퀴즈의 노트는 정답입니다. 나머지에는 `CLOSING`을 둡니다.
    """
    stacks: list[list[Slide]] = []
    minutes, images = 0, {}
    for cell in notebook.cells:
        kind = cell.metadata.get("slideshow", {}).get("slide_type", "-")
        if "solution" in cell.metadata.get("tags", []):
            stacks[-1][-1].notes += f"<pre>{html.escape(cell.source)}</pre>"
        elif kind == "notes":
            text, spent = speaker_notes(cell.source)
            minutes += spent
            for slide in reversed([slide for stack in stacks for slide in stack]):
                if slide.ends_note:
                    break
                slide.notes = text + slide.notes
            stacks[-1][-1].ends_note = True
        elif kind != "skip":
            if kind == "slide" or not stacks:
                stacks.append([])
            add_cell(stacks[-1], cell, kind, images, name)
    stacks = [[slide for slide in stack if slide.cells] for stack in stacks]
    for stack in stacks:
        for slide in stack:
            slide.notes = slide.notes or CLOSING
    return Deck(name, [stack for stack in stacks if stack], minutes, images)


def add_cell(stack: list[Slide], cell: dict, kind: str, images: dict, name: str) -> None:
    """셀을 마지막 슬라이드에 더합니다. 제목이 있는 셀은 늘 새 슬라이드를 엽니다."""
    if cell.cell_type == "code" and cell.source.startswith("Quiz("):
        first, *rest = quiz_slides(cell)
        first.cells[:0] = stack.pop().cells  # 퀴즈의 머리말
        stack += [first, *rest]
        return
    if cell.cell_type == "markdown":
        parts = [part for part in re.split(r"(?=<h[1-4])", markdown(cell.source)) if part.strip()]
    else:
        parts = [code_cell(cell, images, name)]
    for number, content in enumerate(parts):
        heading = HEADING.match(content) if cell.cell_type == "markdown" else None
        # 셀 가운데에 제목이 있으면 그 앞의 글은 앞 슬라이드의 끝입니다.
        opens = kind == "slide" or (kind == "subslide" and len(parts) == 1)
        if heading or not stack or (opens and number == 0):
            # 제목이 없는 슬라이드는 앞의 제목을 이어받습니다.
            title = heading[1] if heading else stack[-1].title.removesuffix(MORE) + MORE
            stack.append(Slide(title, level=1 if content.startswith("<h1") else 2))
        content = content[heading.end() :] if heading else content
        if content.strip():
            stack[-1].cells.append(wrap(cell.id, content, later=kind == "fragment"))


def quiz_slides(cell: dict) -> list[Slide]:
    """퀴즈의 물음마다 한 장입니다. 정답과 설명은 강사 노트에만 있습니다."""
    questions = load_questions(re.search(r'Quiz\("(\w+)"\)', cell.source)[1])
    slides = []
    for number, question in enumerate(questions, start=1):
        choices = "".join(f"<li>{html.escape(one.text)}</li>" for one in question.choices)
        content = (f'<p class="question">{html.escape(question.prompt)}</p>'
                   f'<ol class="choices" data-live>{choices}</ol>')  # fmt: skip
        right = next(one for one in question.choices if one.correct)
        slides.append(Slide(
            f"퀴즈 {number} / {len(questions)}", cells=[wrap(cell.id, content)],
            notes=f"<p><strong>정답</strong>: {html.escape(f'{right.text} {right.feedback}')}</p>",
        ))  # fmt: skip
    return slides


def wrap(cell_id: str, content: str, later: bool = False) -> str:
    return f'<div class="cell{" later" * later}" data-cell="{cell_id}">{content}</div>'


# --- HTML ----------------------------------------------------------------------------------------


def slide_html(slide: Slide, stack: list[Slide], name: str) -> str:
    """슬라이드 하나의 <section>입니다. 맨 아래에 어느 노트북의 어느 절인지 적습니다."""
    part = stack[0].title
    if part == slide.title.removesuffix(MORE) or part.startswith("퀴즈"):
        part = ""
    notes = f'<aside class="notes">{slide.notes}</aside>' if slide.notes else ""
    return "\n".join([
        f'<section class="slide"><h{slide.level}>{slide.title}</h{slide.level}>',
        *slide.cells,
        f'<footer data-live="노트북 {name}에서 직접 해 봅니다" data-hidden="코드는 노트북에서">'
        f"{' · '.join(filter(None, [name, part]))}</footer>{notes}</section>",
    ])  # fmt: skip


def deck_html(deck: Deck, template: Template) -> str:
    stacks = [
        "\n".join(slide_html(slide, stack, slide.source or deck.name) for slide in stack)
        for stack in deck.stacks
    ]
    slides = "\n".join(f"<section>\n{stack}\n</section>" for stack in stacks)
    return template.substitute(title=html.escape(deck.title), name=deck.name, slides=slides)
