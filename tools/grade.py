"""제출한 노트북 폴더를 채점해 CSV로 씁니다.

    python tools/grade.py 3주차                        # 폴더 옆의 3주차_점수.csv에 씁니다
    python tools/grade.py 3주차 --output 점수.csv --seconds 30

노트북이 쓰는 것과 같은 검사로, 연습문제 하나에 1점입니다. 어느 노트북인지는 이름이 아니라 내용으로
알아봅니다. 제출마다 빈 임시 폴더의 따로 된 프로세스에서 돌고, 멈추지 않거나 죽거나 폴더 밖을 읽으려
한 것은 그 문제의 점수만 잃습니다. 무엇을 돌리는지는 `grading/submissions.py`에 있습니다.

실수와 가벼운 부정을 막을 뿐 작정한 공격을 막지는 못합니다(`grading/student.py`). 믿을 수 없는
제출은 네트워크를 끊은 컨테이너 안에서 채점하십시오.
"""

import argparse
import csv
import io
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from grading.judge import HELPER_MARK, REFUSED_MARK, NotStarted, grade_submission, stop_all
from grading.submissions import (
    IN_TEXT,
    CourseNotebook,
    Submission,
    Unreadable,
    find_files,
    load_course,
    read_submission,
)

from course_utils.checkpoint import write_atomically

LONGEST_REASON = 160  # 이유 하나의 가장 긴 글(글자)
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
    """제출 하나에 한 줄씩, 통째로 바꿔 씁니다. 맨 앞의 BOM은 엑셀이 한글을 바로 읽게 합니다.

    한 줄에 문제마다 한 칸인 이유: 강사는 학생을 세로로 늘어놓고 합계를 옮겨 적습니다. 칸의 이름은
    노트북에 적힌 번호이고, 그 노트북에 없는 번호는 빈칸입니다.
    """
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow([*NAMES, *labels, *TOTALS])
    writer.writerows(cells_of(row, labels) for row in sorted(rows, key=lambda row: row.file))
    write_atomically(path, table.getvalue().encode("utf-8-sig"))


def cells_of(row: Row, labels: list[str]) -> list[str]:
    points = [f"{row.points[label]:g}" if label in row.points else "" for label in labels]
    full = str(len(row.points)) if row.points else ""
    note = " | ".join(one_line(reason, LONGEST_REASON) for reason in row.reasons)
    return [no_formula(one_line(row.file)), row.notebook, *points, f"{row.total:g}", full,
            no_formula(note)]  # fmt: skip


def one_line(text: str, longest: int | None = None) -> str:
    """줄바꿈과 보이지 않는 글자를 빼고, 길면 줄입니다."""
    text = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\s]+", " ", text).strip()
    # 짝이 없는 서로게이트는 UTF-8로 쓸 수 없습니다.
    text = text.encode("utf-8", "replace").decode("utf-8")
    return text if not longest or len(text) <= longest else text[: longest - 1] + "…"


def no_formula(text: str) -> str:
    """엑셀이 수식으로 읽지 않게 합니다. 파일 이름과 오류의 글은 학생이 정합니다."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def read_all(files: list[Path], folder: Path, course: list[CourseNotebook]) -> list[tuple]:
    """[(줄, 제출 또는 None), …]. 읽을 수 없는 파일은 이유가 적힌 줄이 됩니다."""
    read, same = [], {}
    for path in files:
        row, submission = Row(path.relative_to(folder).as_posix()), None
        try:
            submission = read_submission(path, course)
        except Unreadable as reason:
            row.reasons.append(str(reason))
        else:
            row.notebook = submission.notebook.name
            same.setdefault(submission.digest, []).append(row)
        read.append((row, submission))
    for group in same.values():
        for row in group:
            if others := [other.file for other in group if other is not row]:
                row.reasons.append(f"내용이 똑같은 파일이 있습니다: {', '.join(others)}")
    return read


def grade_row(row: Row, submission: Submission, seconds: float) -> Row:
    """제출 하나를 채점해 줄을 채웁니다. 채점기의 잘못도 그 줄에 적고 다음으로 갑니다."""
    try:
        results, notes = grade_submission(submission, seconds=seconds)
    except (Exception, NotStarted) as error:
        row.reasons.append(f"채점기가 멈췄습니다(손으로 채점하십시오): {error}")
        return row
    places: dict[str, list[str]] = {}
    for item in submission.notebook.exercises:
        result = results[item.label]
        row.points[item.label] = result.points
        if result.reason:
            places.setdefault(result.reason, []).append(item.place)
    for reason, names in places.items():
        where = "모두" if len(names) == len(row.points) > 1 else "·".join(names)
        row.reasons.append(f"{where}: {reason}")
    # 돕는 셀이 멈춘 것은 점수를 잃은 이유일 수 있을 때만, 막은 일은 늘 알립니다.
    lost = row.total < len(row.points)
    row.reasons += dict.fromkeys(
        note for note in notes
        if lost or REFUSED_MARK in note or not note.startswith(HELPER_MARK)
    )  # fmt: skip
    return row


def grade_folder(folder: Path, output: Path, *, seconds: float, jobs: int) -> bool:
    """폴더를 채점해 `output`에 씁니다. 끝까지 했으면 참, Ctrl-C로 멈췄으면 거짓입니다.

    하나가 끝날 때마다 다시 써서, 꺼져도 한 것은 남습니다.
    """
    course = load_course()
    names = {item.label for notebook in course for item in notebook.exercises}
    labels = sorted(names, key=lambda name: (name != IN_TEXT, name))  # 본문, 1, 2, …
    files = [path for path in find_files(folder) if path.resolve() != output.resolve()]
    if not files:
        raise SystemExit(f"채점할 파일이 없습니다: {folder}")
    read = read_all(files, folder, course)
    rows = [row for row, submission in read if submission is None]
    write_csv(output, rows, labels)
    for row in rows:
        print(f"{row.file}: 채점하지 못했습니다. {row.reasons[0]}")
    pool = ThreadPoolExecutor(jobs)
    try:
        futures = [pool.submit(grade_row, row, submission, seconds)
                   for row, submission in read if submission is not None]  # fmt: skip
        for future in as_completed(futures):
            row = future.result()
            rows.append(row)
            write_csv(output, rows, labels)
            done = f"[{len(rows)}/{len(read)}] {row.file}"
            print(f"{done}: {row.total:g}/{len(row.points)}점", flush=True)
    except KeyboardInterrupt:
        pool.shutdown(wait=False, cancel_futures=True)
        stop_all()
        return False
    finally:
        pool.shutdown()
    return True


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="제출한 노트북 폴더를 채점해 CSV로 씁니다.")
    parser.add_argument(
        "folder", type=Path, nargs="?", metavar="제출폴더", help="아래의 폴더까지 모두 봅니다"
    )
    parser.add_argument("--output", type=Path, help="쓸 CSV. 없으면 폴더 옆의 제출폴더_점수.csv")
    parser.add_argument(
        "--seconds", type=float, default=60,
        help="제출 하나의 제한 시간(초). 연습문제마다 똑같이 나눕니다",
    )  # fmt: skip
    parser.add_argument(
        "--jobs", type=int, default=min(os.cpu_count() or 1, 4), help="한꺼번에 채점할 수"
    )
    options = parser.parse_args()
    if options.folder is None:
        parser.error('제출한 노트북이 든 폴더를 적으십시오: make grade ARGS="제출폴더"')
    if not options.folder.is_dir():
        parser.error(f"폴더가 없습니다: {options.folder}")
    if options.seconds <= 0 or options.jobs < 1:
        parser.error("--seconds는 0보다 크고 --jobs는 1 이상이어야 합니다.")
    if options.output is None:
        folder = options.folder.resolve()
        options.output = folder.with_name(f"{folder.name}_점수.csv")
    return options


def main() -> int:
    options = read_options()
    try:
        finished = grade_folder(
            options.folder, options.output, seconds=options.seconds, jobs=options.jobs
        )
    except KeyboardInterrupt:  # 채점을 시작하기 전입니다.
        return 130
    except OSError as error:
        place = error.filename or options.output
        print(f"{place}: {error.strerror}\nCSV가 엑셀에 열려 있으면 닫으십시오.", file=sys.stderr)
        return 1
    print(f"{'점수를' if finished else '멈추기 전까지의 점수를'} {options.output}에 썼습니다.")
    return 0 if finished else 130


if __name__ == "__main__":
    sys.exit(main())
