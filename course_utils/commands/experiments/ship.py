"""끝난 실험들에서 학습률을 고르고, 기록을 `course_utils/assets/`에 모읍니다."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

from course_utils.checkpoint import (
    ASSETS,
    load_pretrained,
    load_record,
    save_pretrained,
    write_atomically,
)
from course_utils.commands.experiments.conditions import (
    ABLATIONS,
    CONDITIONS,
    FIGURE_1_RUNS,
    FULL_RATES,
    LADDER_RATES,
    LADDER_TUNING,
    LEARNING_RATES,
    LONG_RUNS,
    STEPS,
    TARGET,
    TUNING_SEEDS,
    build,
    label_of,
)

COMMAND = "python -m course_utils.commands.experiments"


def epochs_to_target(history: dict, target: float = TARGET) -> float:
    """정확도가 `target`에 닿은 에폭입니다. 에폭 사이는 직선으로 잇고, 닿지 못하면 무한대입니다."""
    before, curve = 0.0, history["test_accuracy"]
    for epoch, value in enumerate(curve):
        if value >= target:
            return epoch + (target - before) / (value - before)
        before = value
    return math.inf


def best_figure_1(
    folder: Path, tried: dict, *, seeds: Sequence[int] = (0,), suffix: str = ""
) -> dict[str, dict[str, str]]:
    """출발점과 활성화마다, `seeds`의 평균으로 가장 빨리 목표에 닿은 학습률의 조건 이름입니다."""

    def epochs(name: str) -> float:
        records = [load_record(f"{name}_{seed}", folder=folder) for seed in seeds]
        return sum(epochs_to_target(record["history"]) for record in records)

    def best(start: str, activation: str, rates: Sequence[float]) -> str:
        return min((f"{activation}_{start}_{rate:g}{suffix}" for rate in rates), key=epochs)

    return {
        start: {activation: best(start, activation, rates) for activation, rates in part.items()}
        for start, part in tried.items()
    }


def best_ladder(folder: Path) -> dict[str, str]:
    """사다리의 칸마다, 검증 데이터에서 가장 나은 학습률의 조건 이름입니다."""

    def held_out_accuracy(name: str) -> float:
        return load_record(f"{name}_0", folder=folder)["history"]["test_accuracy"][-1]

    best = {}
    for step in STEPS:
        tuned = [f"{'augment' if step == 'data' else step}_tune_{rate:g}" for rate in LADDER_RATES]
        best[step] = f"{step}_step_{max(tuned, key=held_out_accuracy).rpartition('_')[2]}"
    return best


def gather(folder: Path, names: Sequence[str], best: dict, target: str) -> None:
    """이름이 `조건_시드`인 실험들을 기록 하나로 씁니다. 설정은 조건마다 한 번만 적습니다."""
    runs = {name: load_record(name, folder=folder) for name in dict.fromkeys(names)}
    first = next(iter(runs.values()))
    kept = ("seed", "date", "data", "history", "one_crop_accuracy", "ten_crop_accuracy")
    conditions = {name.rpartition("_")[0]: run["condition"] for name, run in runs.items()}
    record = {
        "command": COMMAND,
        **{key: first[key] for key in ("torch", "precision", "threads")},
        "conditions": {
            name: {"label": label_of(name)} | condition for name, condition in conditions.items()
        },
        "runs": {name: {key: run[key] for key in kept if key in run} for name, run in runs.items()},
        "best": best,
    }
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"
    write_atomically(ASSETS / f"{target}.json", text.encode())


def ship_innovations(folder: Path, seeds: Sequence[int]) -> None:
    """여섯 혁신의 실험들을 `assets/`의 기록 하나와 가중치 하나로 모읍니다."""
    best = best_figure_1(folder, LEARNING_RATES)
    chosen = [name for names in best.values() for name in names.values()]
    names = [f"{name}_{seed}" for name in [*ABLATIONS, *LONG_RUNS, *chosen] for seed in seeds]
    gather(folder, names + [f"{name}_0" for name in FIGURE_1_RUNS], best, "innovations")
    model = build(CONDITIONS["shipped"])
    shipped = load_pretrained(model, "shipped_0", folder=folder)
    record = {"command": f"{COMMAND} shipped"} | shipped
    save_pretrained(model, record, "small_alexnet_cifar10", folder=ASSETS)


def ship_figure_1(folder: Path, seeds: Sequence[int], tried: dict = FULL_RATES) -> None:
    """CIFAR-10 전체로 한 Fig. 1의 실험들을 `assets/`의 기록 하나로 모읍니다."""
    best = best_figure_1(folder, tried, seeds=TUNING_SEEDS, suffix="_full")
    chosen = [name for names in best.values() for name in names.values()]
    names = [f"{name}_{seed}" for name in chosen for seed in seeds]
    tuned = [
        f"{activation}_{start}_{rate:g}_full_{seed}" for start, part in tried.items()
        for activation, rates in part.items() for rate in rates for seed in TUNING_SEEDS
    ]  # fmt: skip
    gather(folder, names + tuned, best, "figure_1_full")


def ship_ladder(folder: Path, seeds: Sequence[int]) -> None:
    """사다리의 실험들을 `assets/`의 기록 하나로 모읍니다."""
    best = best_ladder(folder)
    names = [f"{name}_{seed}" for name in best.values() for seed in seeds]
    gather(folder, names + [f"{name}_0" for name in LADDER_TUNING], best, "ladder")
