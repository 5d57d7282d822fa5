"""우리 노트북에서 채점에 쓰는 것을 읽습니다: 연습문제, 채점하는 줄, 준비 셀.

채점하는 줄은 학생의 셀이 아니라 여기서 가져오므로, 학생이 자기 셀의 검사를 바꾸어도 소용없습니다.
"""

import ast
import json
import re
from dataclasses import dataclass
from pathlib import Path

from course_files import course_notebooks

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
EXERCISE_HEADING = re.compile(r"^## +연습문제\b")
HEADING = re.compile(r"^##? ")
IN_TEXT = "본문"  # '## 연습문제' 절 밖에 있는 연습문제의 이름


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
    exercises_import: str  # 검사들을 exercises라는 이름으로 불러오는 줄
    exercises: tuple[Exercise, ...]
    solution_ids: frozenset[str]
    solution_sources: frozenset[str]
    sources: frozenset[str]  # 모든 코드 셀. 학생이 고치지 않은 셀을 알아볼 때 씁니다.


def source_of(cell: dict) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def squeeze(source: str) -> str:
    """줄 끝의 빈칸과 빈 줄을 뺀 코드입니다. 다시 저장해도 같은 셀인지 견줄 때 씁니다."""
    return "\n".join(line.rstrip() for line in source.splitlines() if line.strip())


def load_course(folder: Path = NOTEBOOKS) -> list[CourseNotebook]:
    """폴더의 강의 노트북을 모두 읽습니다."""
    notebooks = [read_notebook(path) for path in course_notebooks(folder)]
    checks = [item.check_name for notebook in notebooks for item in notebook.exercises]
    if len(set(checks)) < len(checks) or not checks:
        raise ValueError(f"{folder}: 연습문제가 없거나 같은 검사를 두 번 씁니다: {checks}")
    return notebooks


def read_notebook(path: Path) -> CourseNotebook:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    codes = [source_of(cell) for cell in cells if cell["cell_type"] == "code"]
    tagged = {tag: cells_with(cells, tag) for tag in ("setup", "parameters", "solution")}
    return CourseNotebook(
        name=path.stem,
        setup="\n\n".join(source_of(cell) for cell in tagged["setup"] + tagged["parameters"]),
        exercises_import=find_exercises_import(source_of(tagged["setup"][0])),
        exercises=tuple(read_exercises(cells)),
        solution_ids=frozenset(cell["id"] for cell in tagged["solution"]),
        solution_sources=frozenset(squeeze(source_of(cell)) for cell in tagged["solution"]),
        sources=frozenset(map(squeeze, codes)),
    )


def cells_with(cells: list[dict], tag: str) -> list[dict]:
    return [cell for cell in cells if tag in cell.get("metadata", {}).get("tags", [])]


def find_exercises_import(setup: str) -> str:
    """준비 셀에서 `exercises`라는 이름을 만드는 import 한 줄입니다."""
    for node in ast.parse(setup).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == "exercises":
                    kept = ast.ImportFrom(node.module, [alias], node.level)
                    return ast.unparse(kept)
    raise ValueError("준비 셀이 exercises를 불러오지 않습니다.")


def read_exercises(cells: list[dict]) -> list[Exercise]:
    """exercise 태그가 붙은 셀들입니다. 절 안의 것에는 차례로 번호를 붙입니다."""
    found, inside, inside_count, outside_count = [], False, 0, 0
    for cell in cells:
        source = source_of(cell)
        if cell["cell_type"] == "markdown" and HEADING.match(source):
            inside = EXERCISE_HEADING.match(source) is not None
        if "exercise" in cell.get("metadata", {}).get("tags", []):
            inside_count += inside
            outside_count += not inside
            label = str(inside_count) if inside else f"{IN_TEXT} {outside_count}".removesuffix(" 1")
            found.append(read_exercise(cell["id"], source, label))
    return found


def read_exercise(cell_id: str, source: str, label: str) -> Exercise:
    """`my_…`를 정하는 문장 하나와, 그 뒤의 채점하는 줄로 나눕니다."""
    definition, *check = ast.parse(source).body
    if isinstance(definition, ast.FunctionDef):
        name, template = definition.name, None
    else:
        name, template = definition.targets[0].id, ast.literal_eval(definition.value)
    code = "\n".join(map(ast.unparse, check))
    check_names = set(re.findall(r"\bexercises\.(check_\w+)", code))
    if not name.startswith("my_") or len(check_names) != 1:
        raise ValueError(f"셀 {cell_id}: my_로 시작하는 이름 하나와 검사 하나가 있어야 합니다.")
    return Exercise(cell_id, label, name, check_names.pop(), code, template)
