"""채점한 것을 제출 하나에 한 줄씩 CSV로 씁니다.

한 줄에 문제마다 한 칸인 까닭: 강사는 학생을 세로로 늘어놓고 합계를 옮겨 적습니다. 칸의 이름은
노트북에 적힌 번호이고, 그 노트북에 없는 번호는 빈칸입니다.
"""

import csv
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

LONGEST_REASON = 160  # 까닭 하나의 가장 긴 글(글자)
NAMES = ("제출 파일", "노트북")
TOTALS = ("합계", "만점", "비고")


@dataclass
class Row:
    """CSV의 한 줄입니다."""

    file: str
    notebook: str = ""
    points: dict[str, float] = field(default_factory=dict)  # 문제의 이름 → 점수
    reasons: list[str] = field(default_factory=list)

    @property
    def total(self) -> float:
        return round(sum(self.points.values()), 2)


def write_csv(path: Path, rows: list[Row], labels: list[str]) -> None:
    """한꺼번에 바꿔 씁니다. 도중에 꺼져도 반쯤 쓴 파일이 남지 않습니다.

    맨 앞의 BOM은 엑셀이 한글을 바로 읽게 합니다.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8-sig", newline="") as file:
            table = csv.writer(file)
            table.writerow([*NAMES, *labels, *TOTALS])
            table.writerows(cells_of(row, labels) for row in sorted(rows, key=lambda row: row.file))
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def cells_of(row: Row, labels: list[str]) -> list[str]:
    points = [number(row.points[label]) if label in row.points else "" for label in labels]
    full = str(len(row.points)) if row.points else ""
    note = " | ".join(map(one_line, row.reasons))
    return [no_formula(row.file), row.notebook, *points, number(row.total), full, no_formula(note)]


def number(value: float) -> str:
    """1은 1로, 0.6은 0.6으로 씁니다."""
    return f"{value:g}"


def one_line(text: str) -> str:
    """줄바꿈과 보이지 않는 글자를 빼고, 길면 줄입니다."""
    text = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\s]+", " ", text).strip()
    # 짝이 없는 서로게이트는 UTF-8로 쓸 수 없습니다.
    text = text.encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= LONGEST_REASON else text[: LONGEST_REASON - 1] + "…"


def no_formula(text: str) -> str:
    """엑셀이 수식으로 읽지 않게 합니다. 파일 이름과 오류의 글은 학생이 정합니다."""
    text = one_line(text) if len(text) <= LONGEST_REASON else text
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
