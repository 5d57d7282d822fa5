"""위젯이 살아 있는 노트북을 코드 없는 쪽으로 보여 줍니다(Voilà).

    python tools/present.py
    python tools/present.py --plan 45                # 강의 안내의 45분 수업을 한 쪽으로
    python tools/present.py --port=9000 --no-browser

강사 노트와 연습문제는 뺍니다. 쪽을 열 때마다 노트북이 처음부터 실행됩니다.
"""

import argparse
import dis
import os
import re
import shutil
import sys
from pathlib import Path
from types import CodeType

import nbformat
from course_files import (
    ROOT,
    all_notebooks,
    clear_outputs,
    course_notebooks,
    has_tag,
    is_speaker_note,
)
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from slidedeck.plan import places, read_plans

SHARE = Path(__file__).resolve().parent / "present"
PAGES = ROOT / "build" / "present"
OPTIONS = ["--template=course", "--classic_tree=True"]
GUIDE = ROOT / "docs" / "강의안내.md"
# 셀 → 수업의 쪽에서 대신 실행할 코드: 교실에서 학습을 기다리지 않고 담아 둔 가중치를 씁니다.
READY = {
    "4201975f": (
        "model = lenet.LeNet5()\n"
        "kept = load_pretrained(model, 'lenet5_mnist')\n"
        "print(f\"미리 학습해 둔 모델입니다. {kept['data']}, {kept['date']}, \"\n"
        "      f\"테스트 정확도 {100 * kept['test_accuracy'][-1]:.2f}%\")"
    ),
    "3f86d4de": "",
}


def presentable(cells):
    """발표에 쓸 셀들입니다: 강사 노트와 연습문제가 없습니다."""
    kept, in_exercises = [], False
    for cell in cells:
        if cell.source.startswith("## "):
            in_exercises = cell.source.startswith("## 연습문제")
        is_stub = has_tag(cell, "exercise")  # 코드가 안 보이면 채울 수 없습니다.
        if not (is_speaker_note(cell) or is_stub or in_exercises):
            kept.append(cell)
    return kept


def section(cells, title):
    """제목이 `title`로 시작하는 절의 (시작, 끝)입니다. 같은 높이나 더 높은 제목에서 끝납니다."""
    heads = {i: re.match(r"(#+) (.*)", cell.source) for i, cell in enumerate(cells)
             if cell.cell_type == "markdown"}  # fmt: skip
    heads = {i: (len(head[1]), head[2]) for i, head in heads.items() if head}
    start = next((i for i, (_, text) in heads.items() if text.startswith(title)), None)
    if start is None:
        raise ValueError(f"강의 안내의 표에 있는 '{title}'을(를) 노트북에서 찾지 못했습니다.")
    level = heads[start][0]
    return start, next((i for i, (other, _) in heads.items() if i > start and other <= level),
                       len(cells))  # fmt: skip


def names_in(source):
    """코드가 읽는 전역 이름들과 정하는 이름들입니다."""
    codes = [compile(source, "<셀>", "exec")]
    for code in codes:
        codes += [part for part in code.co_consts if isinstance(part, CodeType)]
    steps = [(step.opname, step.argval) for code in codes for step in dis.get_instructions(code)]
    return ({name for kind, name in steps if kind in ("LOAD_NAME", "LOAD_GLOBAL")},
            {name for kind, name in steps if kind == "STORE_NAME"})  # fmt: skip


def before(cells, start, wanted, done):
    """`wanted`라는 이름들을 정하는, `start` 앞의 코드 셀들입니다. `done`은 이미 실행한 셀입니다."""
    found = []
    for cell in reversed(cells[:start]):
        if cell.cell_type == "code" and not has_tag(cell, "solution"):
            reads, writes = names_in(cell.source)
            if writes & wanted:
                wanted = wanted - writes | (set() if cell.id in done else reads)
                found += [] if cell.id in done else [cell]
    return found[::-1]


def plan_page(total, rows, notebooks):
    """수업의 표를 따라 절들을 이은 노트북입니다. 앞 절의 준비는 화면에 내지 않고 실행합니다.

    Args:
        notebooks: 번호("00", "deep/05") → 셀들.
    """
    listed = "\n".join(f"- {minutes}분 · {what}" for minutes, what, *_ in rows)
    made, done, clock = [new_markdown_cell(f"# CNN의 탄생: {total}분 수업\n\n{listed}")], set(), 0
    for minutes, what, where, how in rows:
        end = clock + int(minutes)
        told = " · ".join(filter(None, [where, how]))
        made.append(new_markdown_cell(f"## {clock}~{end}분: {what}\n\n{told}"))
        clock = end
        for number, title in places(where):
            cells = notebooks[number]
            start, end_cell = section(cells, title)
            shown = presentable(cells[start:end_cell])
            code = "\n".join(cell.source for cell in shown if cell.cell_type == "code")
            hidden = before(cells, start, names_in(code)[0], done)
            done |= {cell.id for cell in [*hidden, *shown]}
            made += [new_code_cell(f"%%capture\n{cell.source}") for cell in hidden] + shown
    return new_notebook(cells=made)


def write_pages(folder=PAGES):
    """`notebooks/`의 노트북마다 한 쪽, 강의 안내의 수업마다 한 쪽을 `folder`에 담습니다."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    chapters = {}
    for path in all_notebooks():
        notebook = nbformat.read(path, as_version=4)
        clear_outputs(notebook)
        if path in course_notebooks():
            page = new_notebook(cells=presentable(notebook.cells), metadata=notebook.metadata)
            nbformat.write(page, folder / path.name)
        for cell in notebook.cells:
            cell.source = READY.get(cell.id, cell.source)
        prefix = "deep/" * (path.parent.name == "deep")
        chapters.setdefault(prefix + path.name[:2], notebook.cells)
    for total, rows in read_plans(GUIDE.read_text(encoding="utf-8")).items():
        page = plan_page(total, rows, chapters)
        page.metadata = notebook.metadata
        nbformat.write(page, folder / f"수업{total}.ipynb")


def environment():
    """Voilà가 이 폴더의 템플릿을 찾을 수 있는 환경입니다."""
    paths = [str(SHARE), *filter(None, [os.environ.get("JUPYTER_PATH")])]
    return os.environ | {"JUPYTER_PATH": os.pathsep.join(paths)}


def main():
    parser = argparse.ArgumentParser(description="노트북을 코드 없는 쪽으로 보여 줍니다.")
    parser.add_argument("--plan", help="강의 안내의 수업(분). 그 수업의 쪽만 엽니다. 예: 45")
    options, rest = parser.parse_known_args()
    write_pages()
    page = PAGES / f"수업{options.plan}.ipynb" if options.plan else PAGES
    if not page.exists():
        known = ", ".join(path.stem.removeprefix("수업") for path in PAGES.glob("수업*.ipynb"))
        raise SystemExit(f"{options.plan}분 수업이 docs/강의안내.md에 없습니다. 있는 수업: {known}")
    command = [sys.executable, "-m", "voila", str(page), "--Voila.ip=127.0.0.1", "--token"]
    print("발표할 쪽을 엽니다. 아래의 주소(token까지)로 열고, 끝낼 때는 Ctrl-C를 누르십시오.")
    os.execve(command[0], [*command, *OPTIONS, *rest], environment())


if __name__ == "__main__":
    main()
