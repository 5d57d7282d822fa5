"""실험을 모두 하고 기록을 `course_utils/assets/`에 담는 명령입니다.

    python -m course_utils.experiments              # 모두 (make experiments)
    python -m course_utils.experiments --jobs 4     # 네 프로세스로
    python -m course_utils.experiments baseline lrn # 고른 조건만

끝난 실험과 에폭은 `build/experiments/`에 남으므로, 꺼졌다면 같은 명령으로 이어서 합니다.
"""

import argparse
import os

from course_utils.experiments import records
from course_utils.experiments.conditions import (
    ABLATIONS,
    CONDITIONS,
    FIGURE_1_RUNS,
    LEARNING_RATES,
    SEEDS,
)
from course_utils.experiments.pool import BUILD, work_all


def main() -> None:
    parser = argparse.ArgumentParser(description="여섯 혁신의 실험을 합니다.")
    parser.add_argument("conditions", nargs="*", help="없으면 모두")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    if unknown := set(options.conditions) - set(CONDITIONS):
        raise SystemExit(f"없는 조건입니다: {', '.join(unknown)}. 있는 것: {', '.join(CONDITIONS)}")
    # 가장 긴 것을 먼저, 나머지는 시드마다 모든 조건을 합니다.
    first = [("shipped", 0)] + [(name, 0) for name in FIGURE_1_RUNS]
    tasks = first + [(name, seed) for seed in SEEDS for name in ABLATIONS]
    try:
        if options.conditions:
            work_all([task for task in tasks if task[0] in options.conditions], options.jobs)
            return
        work_all(tasks, options.jobs)
        best = [records.fastest(BUILD, activation) for activation in LEARNING_RATES]
        work_all([(name, seed) for name in best for seed in SEEDS], options.jobs)
        records.ship(BUILD)
    except RuntimeError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
