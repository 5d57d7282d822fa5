"""노트북에서 나누어 줄 두 가지를 만듭니다: 풀이가 없는 학생용, 풀이를 펼친 풀이용.

    python tools/handouts.py            # build/handouts/학생용, 풀이용과 각각의 .zip
    python tools/handouts.py --check    # 만든 뒤 모든 노트북을 처음부터 실행해 확인합니다

강사 노트는 두 쪽 모두에서 뺍니다(강사는 notebooks/의 것을 씁니다). 폴더마다 course_utils와 필요한
패키지의 목록을 함께 담아, 저장소 없이도 열립니다.
"""

import argparse
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import nbformat
from course_files import (
    ROOT,
    all_notebooks,
    clear_outputs,
    has_tag,
    is_speaker_note,
    read_project,
    replace_folder,
    verdicts,
)
from run_notebooks import execute, normalise

STUDENT, SOLVED = "학생용", "풀이용"
EMPTY_MARK = "…"
# 접힌 풀이를 말하는 문장입니다. 두 쪽 모두에 접힌 풀이가 없습니다.
ABOUT_FOLDED = re.compile(r" ?[^.\n]*풀이[^.\n]*(?:접혀|접힌|펼치)[^.\n]*\.")
# notebooks/ 밖으로 가는 링크입니다. deep/의 노트북에서는 두 층 위입니다.
OUTSIDE_LINK = re.compile(r"\]\((?:\.\./)*((?:docs|data)/[^)#]+)")

README = {
    STUDENT: """# 강의 노트북 (학생용)

1. Python 3.10 이상에서, 이 폴더를 연 터미널에 한 번만 적습니다:
   `python -m pip install -r requirements.txt`
2. `python -m jupyterlab 00_start.ipynb`로 엽니다. `course_utils` 폴더는 노트북 옆에 두십시오.
3. 연습문제는 `여기를 채우십시오`라고 적힌 곳을 채우고 셀을 실행하면 바로 채점됩니다.
4. 도움 함수가 필요하면 그 문제가 있는 절에 셀을 더해 적습니다. 앞 절의 셀에서 계산한 변수는
   제출한 것을 채점할 때 없습니다. 파일을 읽거나 인터넷을 쓰는 코드도 채점할 때 멈춥니다.
5. 저장한 `.ipynb` 파일을 그대로 냅니다. 파일의 이름은 바꾸어도 됩니다.
""",
    SOLVED: """# 강의 노트북 (풀이용)

연습문제의 자리에 풀이가 있습니다. 풀이마다 채점을 통과하는지 확인하고, 틀리면 그 셀이
멈춥니다. 여는 법은 학생용과 같습니다:
`python -m pip install -r requirements.txt` 뒤에 `python -m jupyterlab 00_start.ipynb`.
""",
}


def make(notebook: nbformat.NotebookNode, kind: str) -> nbformat.NotebookNode:
    """학생용이나 풀이용 노트북을 새로 만듭니다. 받은 것은 고치지 않습니다."""
    made = nbformat.from_dict(json.loads(json.dumps(notebook)))
    removed = "solution" if kind == STUDENT else "exercise"
    made.cells = [cell for cell in made.cells
                  if not has_tag(cell, removed) and not is_speaker_note(cell)]  # fmt: skip
    for cell in made.cells:
        if cell.cell_type == "markdown":
            cell.source = rewrite(cell.source, kind)
        elif has_tag(cell, "exercise") and set(verdicts(cell)) != {EMPTY_MARK}:
            cell.outputs = []
        elif has_tag(cell, "solution"):
            unfold(cell)
    renumber(made.cells)
    return made


def rewrite(markdown: str, kind: str) -> str:
    """접힌 풀이를 말하는 문장을 바꾸고, notebooks/ 밖으로 가는 링크를 이 폴더 안으로 옮깁니다."""
    told = " 이 노트북에는 문제마다 풀이가 있습니다." if kind == SOLVED else ""
    return ABOUT_FOLDED.sub(told, markdown).replace("](../docs", "](docs").replace(
        "](../../docs", "](../docs")


def unfold(cell: nbformat.NotebookNode) -> None:
    """접어 둔 코드를 펼칩니다. 발표할 때에도 보입니다."""
    cell.metadata.pop("jupyter", None)
    if cell.metadata.get("slideshow", {}).get("slide_type") == "skip":
        cell.metadata.slideshow.slide_type = "-"


def renumber(cells: list[nbformat.NotebookNode]) -> None:
    """코드 셀의 실행 번호를 1부터 다시 매깁니다."""
    number = 0
    for cell in cells:
        if cell.cell_type != "code":
            continue
        number += bool(cell.source.strip())
        cell.execution_count = number if cell.source.strip() else None
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = number


def linked_files(notebooks: Iterable[nbformat.NotebookNode]) -> set[str]:
    """노트북이 링크한, notebooks/ 밖의 파일들입니다. 예: docs/실험.md"""
    text = "\n".join(cell.source for notebook in notebooks for cell in notebook.cells
                     if cell.cell_type == "markdown" and not is_speaker_note(cell))  # fmt: skip
    return set(OUTSIDE_LINK.findall(text))


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def build(target: Path, kind: str) -> None:
    """`target` 폴더에 한 가지를 만듭니다."""
    folder = ROOT / "notebooks"
    notebooks = {path.relative_to(folder): nbformat.read(path, as_version=4)
                 for path in all_notebooks(folder)}  # fmt: skip
    (target / "deep").mkdir(parents=True)
    for name, notebook in notebooks.items():
        write(target / name, normalise(make(notebook, kind)))
    for name in linked_files(notebooks.values()):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target / name)
    skipped = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(ROOT / "course_utils", target / "course_utils", ignore=skipped)
    shutil.copyfile(ROOT / "LICENSE", target / "LICENSE")
    project = read_project()
    needed = [*project["dependencies"], *project["optional-dependencies"]["lab"]]
    write(target / "requirements.txt", "\n".join(needed) + "\n")
    write(target / "읽어보기.md", README[kind])


def build_all(output: Path) -> None:
    """두 폴더와 그 .zip을 다 만든 뒤 한꺼번에 바꿉니다."""

    def both(folder: Path) -> None:
        for kind in (STUDENT, SOLVED):
            build(folder / kind, kind)
            shutil.make_archive(str(folder / kind), "zip", folder, kind)

    replace_folder(output, both)


def check(path: Path, kind: str, timeout: int) -> list[str]:
    """노트북 하나를 처음부터 실행하고 문제를 늘어놓습니다. 파일은 고치지 않습니다."""
    notebook = nbformat.read(path, as_version=4)
    clear_outputs(notebook)
    try:
        execute(notebook, path.parent, timeout)
    except RuntimeError as error:
        return [str(error)]
    if kind == SOLVED:  # 틀린 풀이는 그 셀에서 멈춥니다.
        return []
    return [f"{cell.id}: 판정이 {verdicts(cell) or '없음'}입니다. 모두 {EMPTY_MARK}이어야 합니다."
            for cell in notebook.cells
            if has_tag(cell, "exercise") and set(verdicts(cell)) != {EMPTY_MARK}]  # fmt: skip


def check_all(output: Path, timeout: int) -> int:
    """만든 것을 모두 실행합니다. 문제의 수를 돌려줍니다."""
    # 만든 폴더에 __pycache__를 남기지 않습니다.
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    problems = 0
    for kind in (STUDENT, SOLVED):
        for path in sorted((output / kind).rglob("*.ipynb")):
            start = time.perf_counter()
            found = check(path, kind, timeout)
            problems += len(found)
            state = "; ".join(found) or "이상 없음"
            print(f"{kind}/{path.name}: {time.perf_counter() - start:.1f}초, {state}", flush=True)
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(description="학생용과 풀이용 노트북을 만듭니다.")
    parser.add_argument("--check", action="store_true", help="만든 뒤 모두 실행해 확인합니다")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "handouts")
    parser.add_argument("--timeout", type=int, default=600, help="셀 하나의 제한 시간(초)")
    options = parser.parse_args()
    build_all(options.output)
    print(f"{options.output}에 {STUDENT}과 {SOLVED}을 만들었습니다.", flush=True)
    return int(options.check and check_all(options.output, options.timeout) > 0)


if __name__ == "__main__":
    sys.exit(main())
