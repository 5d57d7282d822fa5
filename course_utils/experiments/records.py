"""담아 둔 실험 기록을 읽고, 거기서 효과를 계산합니다."""

import json
from collections.abc import Sequence
from pathlib import Path

from course_utils.checkpoint import (
    ASSETS,
    load_pretrained,
    load_record,
    save_pretrained,
    write_atomically,
)
from course_utils.experiments.conditions import (
    ABLATIONS,
    CONDITIONS,
    FIGURE_1_RUNS,
    LADDER_RATES,
    LADDER_TUNING,
    LEARNING_RATES,
    LONG_RUNS,
    SEEDS,
    STEPS,
    TARGET,
    build,
)


def epochs_to_target(history: dict, target: float = TARGET) -> float:
    """정확도가 `target`에 닿은 에폭입니다. 에폭 사이는 직선으로 잇고, 닿지 못하면 무한대입니다."""
    before, curve = 0.0, history["test_accuracy"]
    for epoch, value in enumerate(curve):
        if value >= target:
            return epoch + (target - before) / (value - before)
        before = value
    return float("inf")


def fastest(folder: Path, activation: str, start: str) -> str:
    """시드 0으로 가장 빨리 목표에 닿은 학습률의 조건 이름입니다."""
    names = [f"{activation}_{start}_{rate:g}" for rate in LEARNING_RATES[start][activation]]
    return min(names, key=lambda name: epochs_to_target(
        load_record(f"{name}_0", folder=folder)["history"]))  # fmt: skip


def best_figure_1(folder: Path) -> dict[str, dict[str, str]]:
    """출발점과 활성화마다 가장 빠른 학습률의 조건 이름입니다."""
    return {
        start: {activation: fastest(folder, activation, start) for activation in tried}
        for start, tried in LEARNING_RATES.items()
    }


def best_ladder(folder: Path) -> dict[str, str]:
    """사다리의 칸마다, 떼어 둔 학습 데이터에서 가장 나은 학습률의 조건 이름입니다."""

    def held_out_accuracy(name: str) -> float:
        return load_record(f"{name}_0", folder=folder)["history"]["test_accuracy"][-1]

    best = {}
    for step in STEPS:
        tuned = [f"{'augment' if step == 'data' else step}_tune_{rate:g}" for rate in LADDER_RATES]
        best[step] = f"{step}_step_{max(tuned, key=held_out_accuracy).rpartition('_')[2]}"
    return best


def gather(folder: Path, names: Sequence[str]) -> dict:
    """이름이 `조건_시드`인 실험들의 기록을 한데 모읍니다. 설정은 조건마다 한 번만 적습니다."""
    runs = {name: load_record(name, folder=folder) for name in dict.fromkeys(names)}
    first = next(iter(runs.values()))
    kept = ("seed", "date", "data", "history", "one_crop_accuracy", "ten_crop_accuracy")
    return {
        "command": "python -m course_utils.experiments",
        **{key: first[key] for key in ("torch", "precision", "threads")},
        "conditions": {name.rpartition("_")[0]: run["condition"] for name, run in runs.items()},
        "runs": {name: {key: run[key] for key in kept if key in run} for name, run in runs.items()},
    }


def write_record(record: dict, name: str) -> None:
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"
    write_atomically(ASSETS / f"{name}.json", text.encode())


def ship_innovations(folder: Path) -> None:
    """여섯 혁신의 실험들을 `assets/`의 기록 하나와 가중치 하나로 모읍니다."""
    best = best_figure_1(folder)
    chosen = [name for names in best.values() for name in names.values()]
    names = [f"{name}_{seed}" for name in [*ABLATIONS, *LONG_RUNS, *chosen] for seed in SEEDS]
    record = gather(folder, names + [f"{name}_0" for name in FIGURE_1_RUNS])
    write_record(record | {"best": best}, "innovations")
    model = build(CONDITIONS["shipped"])
    shipped = load_pretrained(model, "shipped_0", folder=folder)
    command = {"command": "python -m course_utils.experiments shipped"}
    save_pretrained(model, command | shipped, "small_alexnet_cifar10", folder=ASSETS)


def ship_ladder(folder: Path) -> None:
    """사다리의 실험들을 `assets/`의 기록 하나로 모읍니다."""
    best = best_ladder(folder)
    names = [f"{name}_{seed}" for name in best.values() for seed in SEEDS]
    record = gather(folder, names + [f"{name}_0" for name in LADDER_TUNING])
    write_record(record | {"best": best}, "ladder")


def load_innovations(*, folder: Path = ASSETS) -> dict:
    """담아 둔 실험 기록 `innovations.json`입니다."""
    return load_record("innovations", folder=folder)


def load_ladder(*, folder: Path = ASSETS) -> dict:
    """담아 둔 사다리의 기록 `ladder.json`입니다."""
    return load_record("ladder", folder=folder)


def runs_of(record: dict, condition: str) -> list[dict]:
    """한 조건의 시드마다의 기록입니다."""
    runs = [run for name, run in record["runs"].items() if name.rpartition("_")[0] == condition]
    return sorted(runs, key=lambda run: run["seed"])


def final_errors(record: dict, condition: str, *, part: str = "test") -> list[float]:
    """시드마다 마지막 에폭의 오류율(%)입니다."""
    histories = [run["history"] for run in runs_of(record, condition)]
    return [100 * (1 - history[f"{part}_accuracy"][-1]) for history in histories]


def differences(first: Sequence[float], second: Sequence[float]) -> list[float]:
    """같은 시드끼리 뺀 값 `first − second`입니다. 시드의 운이 함께 빠집니다."""
    return [a - b for a, b in zip(first, second, strict=True)]


def effects(record: dict) -> list[tuple[str, list[float], float | None]]:
    """혁신마다 `(이름, 시드마다 오류율의 변화, 논문의 변화)`입니다. %p이고 음수가 좋아진 것입니다.

    논문의 값은 모두 ImageNet의 top-1입니다. LRN과 풀링은 §3.3, §3.4, 색 잡음은 §4.1의 "1 % 넘게",
    열 조각은 ILSVRC-2010 시험의 37.5와 각주의 39.0입니다.
    """

    def change(after: str, before: str) -> list[float]:
        return differences(final_errors(record, after), final_errors(record, before))

    crops = [100 * (run["one_crop_accuracy"] - run["ten_crop_accuracy"])
             for run in runs_of(record, "crops_flips")]  # fmt: skip
    return [
        ("드롭아웃", change("baseline", "no_dropout"), None),
        ("드롭아웃, 60에폭", change("baseline_long", "no_dropout_long"), None),
        ("자르기와 뒤집기", change("crops_flips", "baseline"), None),
        ("자르기와 뒤집기, 60에폭", change("crops_flips_long", "baseline_long"), None),
        ("PCA 색 잡음", change("colors", "crops_flips"), -1.0),
        ("열 조각으로 시험", crops, -1.5),
        ("LRN", change("lrn", "baseline"), -1.4),
        ("LRN 대신 상수로 나누기", change("lrn_constant", "baseline"), None),
        ("겹치는 풀링", change("baseline", "pool2"), -0.4),
    ]


def verdict(changes: Sequence[float]) -> str:
    """시드마다의 변화가 모두 한쪽인지, 0을 사이에 두는지 말합니다."""
    if max(changes) < 0:
        return "모든 시드에서 좋아짐"
    return "모든 시드에서 나빠짐" if min(changes) > 0 else "시드마다 갈려 가릴 수 없음"


def speedup(record: dict, start: str) -> list[float]:
    """시드마다 tanh가 목표에 닿은 에폭 ÷ ReLU가 닿은 에폭입니다. 학습률은 각각 고른 것입니다.

    어느 쪽이든 닿지 못한 시드의 값은 무한대이거나 0이고, 둘 다 못 닿았으면 NaN입니다.
    """
    epochs = {
        activation: [epochs_to_target(run["history"]) for run in runs_of(record, condition)]
        for activation, condition in record["best"][start].items()
    }
    return [slow / fast for slow, fast in zip(epochs["tanh"], epochs["relu"], strict=True)]
