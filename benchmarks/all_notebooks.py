"""노트북 일곱 권을 차례로 실행하며 권마다, 셀마다 걸린 시간을 잽니다. 파일은 고치지 않습니다."""

import sys
import time
from pathlib import Path

import nbformat
from timing import mnist

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tools"))
from run_notebooks import execute  # noqa: E402  # 노트북을 다시 담을 때와 같은 방법으로 실행합니다.

TOGETHER, EACH = 240, 60  # 초
CELL_LIMIT = 600


def run_notebook(path: Path) -> dict:
    """노트북 하나를 새 커널에서 끝까지 실행한 초와, 느린 셀 셋 `(초, 번호, 첫 줄)`입니다."""
    notebook = nbformat.read(path, as_version=4)
    start = time.perf_counter()
    seconds = execute(notebook, path.parent, CELL_LIMIT)
    total = time.perf_counter() - start  # 커널이 뜨고 꺼지는 시간까지입니다.
    code = [(spent, number) for spent, number in seconds
            if notebook.cells[number - 1].cell_type == "code"]  # fmt: skip
    slowest = [
        (spent, number, notebook.cells[number - 1].source.splitlines()[0])
        for spent, number in sorted(code, reverse=True)[:3]
    ]
    return {"seconds": total, "cells": len(code), "slowest": slowest}


def seven_notebooks(runs: int) -> dict:
    """240초를 모두 걸린 시간으로, 60초를 가장 긴 노트북의 시간으로 나눈 값 가운데 작은 쪽입니다."""
    mnist()  # 함께 담긴 데이터로는 재지 않습니다.
    paths = sorted((ROOT / "notebooks").glob("*.ipynb"))
    rounds = []
    for _ in range(runs):
        rounds.append({path.stem: run_notebook(path) for path in paths})
        for name, row in rounds[-1].items():
            spent, number, first = row["slowest"][0]
            print(f"  {name}: {row['seconds']:.1f}초. 가장 느린 셀 {number}번 {spent:.1f}초 "
                  f"({first[:50]})", flush=True)  # fmt: skip
    totals = [sum(row["seconds"] for row in each.values()) for each in rounds]
    longest = [max(row["seconds"] for row in each.values()) for each in rounds]
    return {
        "values": [min(TOGETHER / a, EACH / b) for a, b in zip(totals, longest, strict=True)],
        "ours_seconds": totals,
        "details": rounds,
        "note": f"모두 {min(totals):.0f}-{max(totals):.0f}초, "
        f"가장 긴 권 {min(longest):.0f}-{max(longest):.0f}초",
    }
