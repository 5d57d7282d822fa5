"""고장표(docs/고장표.md)가 말하는 시험이 정말 있는지 확인합니다."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TABLE = (ROOT / "docs" / "고장표.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"(tests/[\w/]+\.py)::(\w+)", TABLE)))
ROWS = [line for line in TABLE.splitlines() if re.match(r"\| (?!무슨|---|파이썬)", line)]


def functions_of(path):
    """파일에 있는 시험 함수의 이름들입니다. 실행하지 않고 읽기만 합니다."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_test_of_the_table_exists():
    files = {path: functions_of(path) for path, _ in NAMED}
    assert [f"{path}::{name}" for path, name in NAMED if name not in files[path]] == []
    assert all(name.startswith("test_") for _, name in NAMED)


def test_every_row_has_four_cells_and_a_test():
    faults = [row for row in ROWS if row.count("|") == 5]
    assert [row for row in faults if "::" not in row and "사람이 돌렸습니다" not in row] == []
