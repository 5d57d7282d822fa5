"""우리 노트북의 연습문제와 제출한 파일을 읽고, 어느 문제의 답이 어느 셀에 있는지 알아봅니다.

파일의 이름은 보지 않습니다. 연습문제 셀의 id로 알아보고, id가 없거나 바뀌었으면(옛 형식으로 다시
저장했거나 셀을 복사한 경우) 코드에 있는 `my_…`의 정의나 `check_…`로 알아봅니다.

무엇을 돌리는가:

1. 우리 노트북의 준비 셀과 매개변수 셀
2. 연습문제가 있는 절에서는 학생이 더하거나 고친 코드 셀과 연습문제 셀을 차례로 모두
3. 그 밖의 코드 셀에서는 import, def, class, 수나 글을 담는 대입만(긴 학습을 다시 하지 않습니다)

풀이 셀은 돌리지 않습니다. 채점하는 줄은 학생의 셀이 아니라 우리 노트북에서 가져오므로, 학생이 자기
셀의 검사를 바꾸어도 소용없습니다.
"""

import ast
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from course_files import ROOT, course_notebooks, has_tag, verdicts

EXERCISE_HEADING = re.compile(r"^## +연습문제\b")
HEADING = re.compile(r"^##? ")
IN_TEXT = "본문"  # '## 연습문제' 절 밖에 있는 연습문제의 이름
MAX_BYTES = 50 * 2**20  # 제출 파일의 가장 큰 크기
MAX_SOURCE = 100_000  # 셀 하나의 가장 긴 코드(글자)
SKIPPED = {".ipynb_checkpoints", "__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini"}


@dataclass(frozen=True)
class Exercise:
    """연습문제 하나입니다."""

    cell_id: str
    label: str  # 노트북에 적힌 번호 "1", "2", …, 절 밖의 것은 "본문"
    name: str  # 학생이 채우는 이름. 예: my_output_size
    check_name: str  # 예: check_output_size
    check: str  # 채점하는 줄. 예: exercises.check_output_size(my_output_size)
    template: dict | None  # 사전을 채우는 문제이면 빈칸으로 된 사전, 함수이면 None

    @property
    def place(self) -> str:
        """비고에 적는 이름: 1번, 본문"""
        return self.label if self.label.startswith(IN_TEXT) else f"{self.label}번"

    def is_written_in(self, source: str) -> bool:
        """코드가 이 문제의 답을 정하거나 검사를 부르면 참입니다."""
        definition = rf"^[ \t]*(?:def[ \t]+{self.name}\b|{self.name}[ \t]*(?::[^=\n]+)?=(?!=))"
        call = rf"\b{self.check_name}[ \t]*\("
        return re.search(f"{definition}|{call}", source, re.M) is not None


@dataclass(frozen=True)
class CourseNotebook:
    """우리 노트북 하나입니다."""

    name: str  # 예: 04_innovations
    setup: str  # 준비 셀과 매개변수 셀
    checks: str  # 검사가 든 모듈의 이름. 예: course_utils.exercises
    exercises: tuple[Exercise, ...]
    solution_ids: frozenset[str]
    solution_sources: frozenset[str]
    sources: frozenset[str]  # 모든 코드 셀. 학생이 고치지 않은 셀을 알아볼 때 씁니다.


class Unreadable(Exception):
    """채점할 수 없는 파일입니다. 글이 CSV의 비고가 됩니다."""


@dataclass(frozen=True)
class Step:
    """돌릴 셀 하나입니다."""

    code: str
    whole: bool  # 참이면 모두, 거짓이면 정의만
    labels: tuple[str, ...] = ()  # 이 셀에 답이 있는 문제들
    passed: bool = False  # 저장된 결과가 모두 ✓


@dataclass(frozen=True)
class Submission:
    """읽은 제출 하나입니다."""

    notebook: CourseNotebook
    steps: tuple[Step, ...]
    digest: str


# --- 우리 노트북 ----------------------------------------------------------------------------------


def source_of(cell: dict) -> str:
    return "".join(cell.get("source", ""))


def squeeze(source: str) -> str:
    """줄 끝의 빈칸과 빈 줄을 뺀 코드입니다. 다시 저장해도 같은 셀인지 비교할 때 씁니다."""
    return "\n".join(line.rstrip() for line in source.splitlines() if line.strip())


def load_course(folder: Path = ROOT / "notebooks") -> list[CourseNotebook]:
    """폴더의 강의 노트북을 모두 읽습니다."""
    return [read_notebook(path) for path in course_notebooks(folder)]


def read_notebook(path: Path) -> CourseNotebook:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    setup = [source_of(cell) for tag in ("setup", "parameters")
             for cell in cells if has_tag(cell, tag)]  # fmt: skip
    own = re.search(r"^from (course_utils\.exercises) import (\w+) as exercises$", setup[0], re.M)
    solutions = [cell for cell in cells if has_tag(cell, "solution")]
    return CourseNotebook(
        name=path.stem,
        setup="\n\n".join(setup),
        checks=".".join(own.groups()) if own else "course_utils.exercises",
        exercises=tuple(read_exercises(cells)),
        solution_ids=frozenset(cell["id"] for cell in solutions),
        solution_sources=frozenset(squeeze(source_of(cell)) for cell in solutions),
        sources=frozenset(squeeze(source_of(cell)) for cell in cells),
    )


def read_exercises(cells: list[dict]) -> Iterator[Exercise]:
    """exercise 태그가 붙은 셀들입니다. 노트북의 순서대로 번호를 붙입니다."""
    number = 0
    for cell in cells:
        if has_tag(cell, "exercise"):
            number += 1
            # 클래스나 모델을 주고받는 연습은 노트북에서만 확인합니다.
            if not has_tag(cell, "ungraded"):
                yield read_exercise(cell["id"], source_of(cell), str(number))


def read_exercise(cell_id: str, source: str, label: str) -> Exercise:
    """`my_…`를 정하는 문장 하나와, 그 뒤의 채점하는 줄로 나눕니다."""
    definition, *check = ast.parse(source).body
    if isinstance(definition, ast.FunctionDef):
        name, template = definition.name, None
    else:
        name, template = definition.targets[0].id, ast.literal_eval(definition.value)
    code = "\n".join(map(ast.unparse, check))
    check_name = re.search(r"\bexercises\.(check_\w+)", code)[1]
    return Exercise(cell_id, label, name, check_name, code, template)


# --- 제출한 파일 ----------------------------------------------------------------------------------


def find_files(folder: Path) -> Iterator[Path]:
    """폴더 아래의 파일을 이름 순서로 냅니다. 숨은 파일과 자동 저장본은 지나칩니다."""
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.name.startswith(".") or entry.name in SKIPPED:
            continue
        if not entry.is_dir(follow_symlinks=False):
            yield Path(entry.path)
            continue
        try:
            yield from find_files(Path(entry.path))
        except PermissionError:
            yield Path(entry.path)


def read_submission(path: Path, course: list[CourseNotebook]) -> Submission:
    """파일 하나를 읽습니다.

    Raises:
        Unreadable: 채점할 수 없을 때. 이유가 글에 있습니다.
    """
    data = read_bytes(path)
    cells = parse_cells(data)
    if not any(cell["source"].strip() for cell in cells):
        raise Unreadable("빈 노트북입니다")
    notebook = recognise(cells, course)
    if notebook is None:
        raise Unreadable("이 강의의 연습문제가 하나도 없는 노트북입니다")
    return Submission(notebook, tuple(plan(cells, notebook)), hashlib.sha256(data).hexdigest())


def read_bytes(path: Path) -> bytes:
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            raise Unreadable("바로 가기(심볼릭 링크)는 따라가지 않습니다. 파일을 직접 받으십시오")
        if stat.S_ISDIR(status.st_mode):
            raise Unreadable("열 수 없는 폴더입니다. 권한을 확인하십시오")
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("보통의 파일이 아닙니다")
        if path.suffix.lower() != ".ipynb":
            raise Unreadable("노트북(.ipynb)이 아닙니다. 압축 파일이면 먼저 푸십시오")
        if status.st_size > MAX_BYTES:
            raise Unreadable(f"너무 큽니다({status.st_size / 2**20:.0f} MB). "
                             "결과를 지우고 다시 내게 하십시오")  # fmt: skip
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(f"파일을 읽지 못했습니다: {error.strerror}") from error


def parse_cells(data: bytes) -> list[dict]:
    """노트북의 셀들입니다. 옛 형식(nbformat 3)의 셀도 같은 꼴로 바꿉니다."""
    if not data.strip():
        raise Unreadable("빈 파일입니다")
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Unreadable("노트북의 형식이 깨졌습니다(JSON이 아닙니다)") from error
    try:
        cells = content["cells"] if "cells" in content else content["worksheets"][0]["cells"]
        return [clean(cell) for cell in cells if isinstance(cell, dict)]
    except (TypeError, KeyError, IndexError) as error:
        raise Unreadable("노트북의 형식이 깨졌습니다(셀이 없습니다)") from error


def clean(cell: dict) -> dict:
    """쓰는 것만, 뜻밖의 형이 없게 담습니다. 옛 형식은 코드를 input에 담습니다."""
    source, metadata = cell.get("input", cell.get("source", "")), cell.get("metadata", {})
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    tags = metadata.get("tags", []) if isinstance(metadata, dict) else []
    try:
        passed = set(verdicts(cell)) == {"✓"}
    except (TypeError, AttributeError):  # 결과의 꼴이 뜻밖입니다.
        passed = False
    return {
        "id": cell["id"] if isinstance(cell.get("id"), str) else "",
        "cell_type": "code" if cell.get("cell_type") == "code" else "markdown",
        "source": source[:MAX_SOURCE] if isinstance(source, str) else "",
        "solution": isinstance(tags, list) and "solution" in tags,
        "passed": passed,
    }


def is_solution(cell: dict, notebook: CourseNotebook) -> bool:
    """우리 풀이 셀이면 참입니다. 학생이 그 셀에 자기 답(`my_…`)을 적었으면 학생의 것입니다."""
    if squeeze(cell["source"]) in notebook.solution_sources:
        return True
    ours = cell["solution"] or cell["id"] in notebook.solution_ids
    return ours and not any(item.name in cell["source"] for item in notebook.exercises)


def labels_of(cell: dict, notebook: CourseNotebook) -> tuple[str, ...]:
    """셀에 답이 있는 문제들입니다."""
    if cell["cell_type"] != "code" or is_solution(cell, notebook):
        return ()
    return tuple(item.label for item in notebook.exercises
                 if item.cell_id == cell["id"] or item.is_written_in(cell["source"]))  # fmt: skip


def recognise(cells: list[dict], course: list[CourseNotebook]) -> CourseNotebook | None:
    """연습문제가 가장 많이 들어 있는 우리 노트북입니다. 하나도 없으면 None입니다."""
    ids = {cell["id"] for cell in cells}
    text = "\n".join(cell["source"] for cell in cells)

    def score(notebook: CourseNotebook) -> tuple[int, int]:
        # my_sizes처럼 두 노트북에 있는 이름은 id와 검사의 이름으로 가립니다.
        labels = {label for cell in cells for label in labels_of(cell, notebook)}
        sure = sum(item.cell_id in ids or f"{item.check_name}(" in text
                   for item in notebook.exercises)  # fmt: skip
        return len(labels), sure

    best = max(course, key=score)
    return best if score(best)[0] else None


def plan(cells: list[dict], notebook: CourseNotebook) -> Iterator[Step]:
    """돌릴 셀들을 차례로 냅니다."""
    for section in sections(cells):
        labels = [labels_of(cell, notebook) for cell in section]
        for cell, found in zip(section, labels, strict=True):
            if cell["cell_type"] != "code" or not cell["source"].strip():
                continue
            if found:
                yield Step(cell["source"], True, found, cell["passed"])
            elif not is_solution(cell, notebook):
                changed = squeeze(cell["source"]) not in notebook.sources
                yield Step(cell["source"], any(labels) and changed)


def sections(cells: list[dict]) -> Iterator[list[dict]]:
    """`## 제목`에서 나눈 셀들의 묶음입니다."""
    section: list[dict] = []
    for cell in cells:
        if cell["cell_type"] == "markdown" and HEADING.match(cell["source"]) and section:
            yield section
            section = []
        section.append(cell)
    yield section
