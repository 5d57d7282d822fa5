"""실험을 모두 하고 기록을 `course_utils/assets/`에 담는 명령입니다.

    python -m course_utils.experiments                    # 모두 (make experiments)
    python -m course_utils.experiments --jobs 4           # 네 프로세스로
    python -m course_utils.experiments ladder             # 고른 묶음만 (GROUPS)
    python -m course_utils.experiments baseline lrn       # 고른 조건만 (기록은 담지 않습니다)

끝난 실험과 에폭은 `build/`에 남으므로, 꺼졌다면 같은 명령으로 이어서 합니다.
"""

import argparse
import os

from course_utils.experiments import data_size, records
from course_utils.experiments.conditions import (
    ABLATIONS,
    CONDITIONS,
    FIGURE_1_RUNS,
    LADDER_TUNING,
    LONG_RUNS,
    SEEDS,
)
from course_utils.experiments.pool import BUILD, work_all


def sizes(jobs: int) -> None:
    """데이터의 크기(노트북 02)."""
    data_size._digits()  # MNIST가 없으면 프로세스를 띄우기 전에 알립니다.
    work_all(data_size.all_tasks(), jobs, data_size.work)
    data_size.ship()


def innovations(jobs: int) -> None:
    """여섯 혁신(노트북 04). 가장 긴 것을 먼저, 나머지는 시드마다 모든 조건을 합니다."""
    first = [("shipped", 0)] + [(name, 0) for name in FIGURE_1_RUNS]
    work_all(first + [(name, seed) for seed in SEEDS for name in [*ABLATIONS, *LONG_RUNS]], jobs)
    best = [name for names in records.best_figure_1(BUILD).values() for name in names.values()]
    work_all([(name, seed) for name in best for seed in SEEDS], jobs)
    records.ship_innovations(BUILD)


def ladder(jobs: int) -> None:
    """LeNet-5에서 AlexNet까지(노트북 05). 학습률을 고른 뒤 시드마다 모든 칸을 합니다."""
    work_all([(name, 0) for name in LADDER_TUNING], jobs)
    best = records.best_ladder(BUILD).values()
    work_all([(name, seed) for seed in SEEDS for name in best], jobs)
    records.ship_ladder(BUILD)


GROUPS = {"data_size": sizes, "innovations": innovations, "ladder": ladder}


def main() -> None:
    parser = argparse.ArgumentParser(description="노트북에 담은 실험을 다시 합니다.")
    parser.add_argument("names", nargs="*", help="묶음이나 조건의 이름. 없으면 모두")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    if unknown := set(options.names) - set(CONDITIONS) - set(GROUPS):
        known = ", ".join([*GROUPS, *CONDITIONS])
        raise SystemExit(f"없는 조건입니다: {', '.join(unknown)}. 있는 것: {known}")
    try:
        for name, group in GROUPS.items():
            if not options.names or name in options.names:
                group(options.jobs)
        chosen = [name for name in options.names if name in CONDITIONS]
        seeds = {name: (0,) if name == "shipped" else SEEDS for name in chosen}
        work_all([(name, seed) for name in chosen for seed in seeds[name]], options.jobs)
    except RuntimeError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
