"""실험을 모두 하고 기록을 `course_utils/assets/`에 담는 명령입니다.

    python -m course_utils.commands.experiments                    # 모두 (make experiments)
    python -m course_utils.commands.experiments --jobs 4           # 네 프로세스로
    python -m course_utils.commands.experiments --seeds 8          # 시드 0, 1, …, 7
    python -m course_utils.commands.experiments ladder             # 고른 묶음만 (GROUPS)
    python -m course_utils.commands.experiments figure_1           # GPU가 있으면 거기서
    python -m course_utils.commands.experiments baseline lrn       # 고른 조건만 (담지는 않습니다)

끝난 실험과 에폭은 `build/`에 남으므로, 꺼졌다면 같은 명령으로 이어서 합니다.
"""

import argparse
import os

import torch

from course_utils.commands.experiments import ship, sizes
from course_utils.commands.experiments.conditions import (
    ABLATIONS,
    CONDITIONS,
    FIGURE_1_RUNS,
    FULL_RATES,
    FULL_RUNS,
    LADDER_TUNING,
    LEARNING_RATES,
    LONG_RUNS,
    NUM_SEEDS,
    TUNING_SEEDS,
)
from course_utils.commands.experiments.runs import BUILD, work_all


def data_size(seeds: range, jobs: int) -> None:
    """데이터의 크기(노트북 02)."""
    sizes.load_mnist()  # MNIST가 없으면 프로세스를 띄우기 전에 알립니다.
    work_all(sizes.all_tasks(seeds), jobs, sizes.work)
    sizes.ship(seeds)


def innovations(seeds: range, jobs: int) -> None:
    """여섯 혁신(노트북 04). 가장 긴 것을 먼저, 나머지는 시드마다 모든 조건을 합니다."""
    first = [("shipped", 0)] + [(name, 0) for name in FIGURE_1_RUNS]
    work_all(first + [(name, seed) for seed in seeds for name in [*ABLATIONS, *LONG_RUNS]], jobs)
    work_best(ship.best_figure_1(BUILD, LEARNING_RATES), seeds, jobs)
    ship.ship_innovations(BUILD, seeds)


def figure_1(seeds: range, jobs: int) -> None:
    """Fig. 1을 CIFAR-10 전체로(노트북 04). CPU 코어 하나로는 하루쯤 걸립니다."""
    work_all([(name, seed) for name in FULL_RUNS for seed in TUNING_SEEDS], jobs)
    best = ship.best_figure_1(BUILD, FULL_RATES, seeds=TUNING_SEEDS, suffix="_full")
    work_best(best, seeds, jobs)
    ship.ship_figure_1(BUILD, seeds)


def work_best(best: dict[str, dict[str, str]], seeds: range, jobs: int) -> None:
    """출발점과 활성화마다 고른 학습률로 시드마다 합니다."""
    chosen = [name for names in best.values() for name in names.values()]
    work_all([(name, seed) for name in chosen for seed in seeds], jobs)


def ladder(seeds: range, jobs: int) -> None:
    """LeNet-5에서 AlexNet까지(노트북 05). 학습률을 고른 뒤 시드마다 모든 칸을 합니다."""
    work_all([(name, 0) for name in LADDER_TUNING], jobs)
    best = ship.best_ladder(BUILD).values()
    work_all([(name, seed) for seed in seeds for name in best], jobs)
    ship.ship_ladder(BUILD, seeds)


GROUPS = {
    "data_size": data_size, "innovations": innovations, "ladder": ladder, "figure_1": figure_1,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description="노트북에 담은 실험을 다시 합니다.")
    parser.add_argument("names", nargs="*", help="묶음이나 조건의 이름. 없으면 모두")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--seeds", type=int, default=NUM_SEEDS, help="시드의 수 (0부터)")
    options = parser.parse_args()
    if unknown := set(options.names) - set(CONDITIONS) - set(GROUPS):
        known = ", ".join([*GROUPS, *CONDITIONS])
        raise SystemExit(f"없는 조건입니다: {', '.join(unknown)}. 있는 것: {known}")
    if options.seeds < 1:
        raise SystemExit("--seeds에는 1 이상의 수를 적으십시오.")
    seeds = range(options.seeds)
    try:
        for name, group in GROUPS.items():
            usual = name != "figure_1" or torch.cuda.is_available()  # CPU에서는 적을 때만 합니다.
            if name in options.names or (usual and not options.names):
                group(seeds, options.jobs)
        chosen = [name for name in options.names if name in CONDITIONS]
        tasks = [(name, seed) for name in chosen for seed in (seeds if name != "shipped" else [0])]
        work_all(tasks, options.jobs)
    except RuntimeError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
