"""속도를 한 번의 실행 안에서 비율로 잽니다: `make bench`. 결과는 `build/bench.json`에도 남습니다.

우리 쪽과 견줄 쪽을 번갈아 재므로, 컴퓨터가 느려졌다 빨라져도 비율은 덜 흔들립니다.

    python benchmarks/run.py                      # 모두(반 시간쯤)
    python benchmarks/run.py throughput           # 이름에 이 말이 든 것만
    python benchmarks/run.py accuracy --runs 2    # 횟수를 바꾸어
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import accuracy
import alexnet
import all_notebooks
import gpu
import lenet
import redraws
import startup
from timing import machine

from course_utils.checkpoint import write_atomically

OUTPUT = Path(__file__).resolve().parents[1] / "build" / "bench.json"


@dataclass(frozen=True)
class Bench:
    """표의 한 줄입니다. `measure(runs)`는 `values`가 든 사전을, 잴 수 없으면 None을 돌려줍니다.

    `at_least`가 None이면 알아 두려고 재는 줄입니다.
    """

    name: str
    measure: Callable[[int], dict | None]
    at_least: float | None
    runs: int
    data: str = "-"


BENCHES = [
    Bench("lenet5_throughput_vs_dataloader", lenet.against_dataloader, 2.0, 5, "MNIST"),
    Bench("lenet5_throughput_vs_bare_step", lenet.against_bare_step, 0.95, 7, "MNIST"),
    Bench("small_alexnet_throughput_vs_v2", alexnet.mixed_precision, 2.5, 5, "CIFAR-10"),
    Bench("small_alexnet_same_precision_vs_v2", alexnet.same_precision, None, 5, "CIFAR-10"),
    Bench("augmentation_on_the_batch_vs_v2", alexnet.augmentation_only, None, 5, "CIFAR-10"),
    Bench("anatomy_50ms", redraws.anatomy_costs, 1.0, 9),
    Bench("plotting_50ms", redraws.figure_costs, 1.0, 9),
    Bench("plotting_to_png_50ms", redraws.shown_figure_costs, None, 9),
    Bench("widget_redraws_50ms", redraws.widget_costs, 1.0, 9),
    Bench("import_course_utils_20ms", startup.import_course, 1.0, 9),
    Bench("setup_cell_imports_plus_0.5s", startup.setup_cell, 1.0, 5),
    Bench("seven_notebooks_4min", all_notebooks.seven_notebooks, 1.0, 1, "MNIST, CIFAR-10"),
    Bench("alexnet_gpu_vs_plain", gpu.alexnet_gpu, 1.0, 5),
    Bench("time_to_99_accuracy_vs_pytorch_examples", accuracy.time_to_accuracy, 20.0, 5, "MNIST"),
]


def make_row(bench: Bench, result: dict) -> dict:
    """잰 것에 이름, 견줄 값, 기계의 사정을 더합니다."""
    row = {
        "name": bench.name,
        "ratio": median(result["values"]),
        "at_least": bench.at_least,
        "runs": len(result["values"]),
        "data": bench.data,
        "machine": machine(),
    }
    return row | result


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
    """이름이 같은 줄만 새것으로 바꾸어 저장합니다. 잰 날과 기계는 줄마다 적혀 있습니다."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        rows = []
    order = [bench.name for bench in BENCHES]
    rows = [old for old in rows if old["name"] != row["name"] and old["name"] in order] + [row]
    rows.sort(key=lambda each: order.index(each["name"]))
    text = json.dumps(rows, indent=1, ensure_ascii=False) + "\n"
    write_atomically(path, text.encode())


def main() -> int:
    parser = argparse.ArgumentParser(description="속도를 비율로 잽니다.")
    parser.add_argument("name", nargs="?", default="", help="이름에 이 말이 든 것만 잽니다")
    parser.add_argument("--runs", type=int, help="재는 횟수. 없으면 줄마다 정해진 횟수입니다")
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
