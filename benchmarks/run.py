"""속도를 한 번의 실행 안에서 비율로 측정합니다: `make bench`. 결과는 `build/bench.json`에 남습니다.

우리 쪽과 비교할 쪽을 번갈아 측정하므로, 컴퓨터가 느려졌다 빨라져도 비율은 덜 흔들립니다.

    python benchmarks/run.py                      # 모두(반 시간쯤)
    python benchmarks/run.py throughput           # 이름에 이 말이 든 것만
    python benchmarks/run.py accuracy --runs 2    # 횟수를 바꾸어
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import accuracy
import alexnet
import gpu
import lenet
import nbformat
import redraws
from timing import ROOT, TOOLS, machine, mnist, paired, read_rows

from course_utils.checkpoint import write_json

sys.path.append(str(TOOLS))
from course_files import course_notebooks
from run_notebooks import execute  # 노트북을 다시 담을 때와 같은 방법으로 실행합니다.

OUTPUT = ROOT / "build" / "bench.json"
TOGETHER, EACH = 240, 60  # 초
CELL_LIMIT = 600


def import_seconds(code: str) -> float:
    """새 파이썬에서 `code`를 실행하는 데 드는 초입니다. 파이썬이 뜨는 시간은 뺍니다."""
    timed = f"import time; t = time.perf_counter(); {code}; print(time.perf_counter() - t)"
    result = subprocess.run(
        [sys.executable, "-c", timed], capture_output=True, text=True, check=True
    )
    return float(result.stdout.split()[-1])


def import_course(runs: int) -> dict:
    """`import course_utils`: 20 ms를 걸린 시간으로 나눈 값입니다."""
    spent = [import_seconds("import course_utils") for _ in range(runs)]
    return {"values": [0.020 / each for each in spent], "ours_seconds": spent}


def setup_cell(runs: int) -> dict:
    """01의 준비 셀: (torch, torchvision, matplotlib를 import하는 시간 + 0.5초)를 나눈 값입니다."""
    notebook = json.loads((ROOT / "notebooks" / "01_lenet5.ipynb").read_text("utf-8"))
    cell = next(c for c in notebook["cells"] if "setup" in c["metadata"].get("tags", []))
    setup = "exec(" + repr("".join(cell["source"])) + ")"
    bare = "import torch, torchvision, matplotlib.pyplot"
    return paired([(import_seconds(setup), import_seconds(bare) + 0.5) for _ in range(runs)])


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
    mnist()  # 함께 담긴 데이터로는 측정하지 않습니다.
    paths = course_notebooks()
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


@dataclass(frozen=True)
class Bench:
    """표의 한 줄입니다. `measure(runs)`는 `values`가 든 사전을, 측정할 수 없으면 None을 돌려줍니다.

    `at_least`가 None이면 알아 두려고 측정하는 줄입니다.
    """

    name: str
    measure: Callable[[int], dict | None]
    at_least: float | None
    runs: int
    data: str = "-"


BENCHES = [
    Bench("lenet5_throughput_vs_dataloader", lenet.against_dataloader, 2.0, 5, "MNIST"),
    Bench("lenet5_throughput_vs_bare_step", lenet.against_bare_step, 0.95, 7, "MNIST"),
    Bench("small_alexnet_throughput_vs_v2", partial(alexnet.against_samples, half=True),
          2.5, 5, "CIFAR-10"),
    Bench("small_alexnet_same_precision_vs_v2", partial(alexnet.against_samples, half=False),
          None, 5, "CIFAR-10"),
    Bench("augmentation_on_the_batch_vs_v2", alexnet.augmentation_only, None, 5, "CIFAR-10"),
    Bench("anatomy_50ms", redraws.anatomy_costs, 1.0, 9),
    Bench("plotting_50ms", redraws.figure_costs, 1.0, 9),
    Bench("plotting_to_png_50ms", partial(redraws.figure_costs, to_png=True), 0.4, 9),
    Bench("widget_redraws_50ms", redraws.widget_costs, 1.0, 9),
    Bench("import_course_utils_20ms", import_course, 1.0, 9),
    Bench("setup_cell_imports_plus_0.5s", setup_cell, 1.0, 5),
    Bench("seven_notebooks_4min", seven_notebooks, 1.0, 1, "MNIST, CIFAR-10"),
    Bench("alexnet_gpu_vs_plain", gpu.alexnet_gpu, 1.0, 5),
    Bench("time_to_99_accuracy_vs_pytorch_examples", accuracy.time_to_accuracy, 20.0, 5, "MNIST"),
]  # fmt: skip


def make_row(bench: Bench, result: dict) -> dict:
    """측정한 것에 이름, 비교할 값, 기계의 사정을 더합니다."""
    return {
        "name": bench.name,
        "ratio": median(result["values"]),
        "at_least": bench.at_least,
        "runs": len(result["values"]),
        "data": bench.data,
        "machine": machine(),
    } | result


def tell(row: dict) -> str:
    """한 줄로 알립니다."""
    values, at_least = row["values"], row["at_least"]
    wanted = "" if at_least is None else f"적어도 {at_least}, "
    missed = at_least is not None and row["ratio"] < at_least
    note = f"\n  {row['note']}" if "note" in row else ""
    return (
        f"{row['name']}: {row['ratio']:.2f} ({wanted}범위 {min(values):.2f}-{max(values):.2f}, "
        f"{row['runs']}회){' ← 못 미침' if missed else ''}{note}"
    )


def save(row: dict, path: Path = OUTPUT) -> None:
    """이름이 같은 줄만 새것으로 바꾸어 저장합니다. 측정한 날과 기계는 줄마다 적혀 있습니다."""
    order = [bench.name for bench in BENCHES]
    rows = {old["name"]: old for old in read_rows(path)} | {row["name"]: row}
    write_json(path, [rows[name] for name in order if name in rows])


def main() -> int:
    parser = argparse.ArgumentParser(description="속도를 비율로 측정합니다.")
    parser.add_argument("name", nargs="?", default="", help="이름에 이 말이 든 것만 측정합니다")
    parser.add_argument("--runs", type=int, help="측정하는 횟수. 없으면 줄마다 정해진 횟수입니다")
    options = parser.parse_args()
    chosen = [bench for bench in BENCHES if options.name in bench.name]
    if not chosen:
        parser.error("그런 이름이 없습니다: " + ", ".join(bench.name for bench in BENCHES))
    facts = machine()
    print("CPU {cores}코어, 스레드 {threads}, torch {torch}".format(**facts), flush=True)
    missed = False
    for bench in chosen:
        result = bench.measure(options.runs or bench.runs)
        if result is not None:
            row = make_row(bench, result)
            save(row)
            print(tell(row), flush=True)
            missed |= bench.at_least is not None and row["ratio"] < bench.at_least
    return int(missed)


if __name__ == "__main__":
    raise SystemExit(main())
