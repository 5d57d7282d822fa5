"""담아 둔 실험 기록을 읽고, 거기서 효과를 계산합니다."""

import json
from collections.abc import Sequence
from pathlib import Path

from course_utils.experiments.conditions import (
    ABLATIONS,
    CONDITIONS,
    FIGURE_1_RUNS,
    LEARNING_RATES,
    SEEDS,
    TARGET,
    build,
)
from course_utils.pretrained import (
    ASSETS,
    load_pretrained,
    load_record,
    save_pretrained,
    write_atomically,
)


def epochs_to_target(history: dict, target: float = TARGET) -> float:
    """정확도가 `target`에 닿은 에폭입니다. 에폭 사이는 직선으로 잇고, 닿지 못하면 무한대입니다."""
    before, curve = 0.0, history["test_accuracy"]
    for epoch, value in enumerate(curve):
        if value >= target:
            return epoch + (target - before) / (value - before)
        before = value
    return float("inf")


def fastest(folder: Path, activation: str) -> str:
    """시드 0으로 가장 빨리 목표에 닿은 학습률의 조건 이름입니다."""
    names = [f"{activation}_{rate:g}" for rate in LEARNING_RATES[activation]]
    return min(names, key=lambda name: epochs_to_target(
        load_record(f"{name}_0", folder=folder)["history"]))  # fmt: skip


def ship(folder: Path) -> None:
    """끝난 실험들을 `assets/`의 기록 하나와 가중치 하나로 모읍니다."""
    best = {activation: fastest(folder, activation) for activation in LEARNING_RATES}
    names = [f"{name}_{seed}" for name in [*ABLATIONS, *best.values()] for seed in SEEDS]
    names += [name for tuned in FIGURE_1_RUNS if (name := f"{tuned}_0") not in names]
    runs = {name: load_record(name, folder=folder) for name in names}
    common = runs["baseline_0"]
    kept = ("seed", "date", "history", "one_crop_accuracy", "ten_crop_accuracy")
    record = {
        "command": "python -m course_utils.experiments",
        **{key: common[key] for key in ("data", "torch", "precision", "threads")},
        "recipes": {"ablations": common["recipe"], "figure_1": runs[f"{best['relu']}_0"]["recipe"]},
        "best": best,
        "runs": {name: {key: run[key] for key in kept if key in run} for name, run in runs.items()},
    }
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"
    write_atomically(ASSETS / "innovations.json", text.encode())
    model = build(CONDITIONS["shipped"])
    shipped = load_pretrained(model, "shipped_0", folder=folder)
    command = {"command": "python -m course_utils.experiments shipped"}
    save_pretrained(model, command | shipped, "small_alexnet_cifar10")


def load_innovations(*, folder: Path = ASSETS) -> dict:
    """담아 둔 실험 기록 `innovations.json`입니다."""
    return load_record("innovations", folder=folder)


def runs_of(record: dict, condition: str) -> list[dict]:
    """한 조건의 시드마다의 기록입니다."""
    return [record["runs"][f"{condition}_{seed}"] for seed in SEEDS]


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
        ("자르기와 뒤집기", change("crops_flips", "baseline"), None),
        ("PCA 색 잡음", change("colors", "crops_flips"), -1.0),
        ("열 조각으로 시험", crops, -1.5),
        ("LRN", change("lrn", "baseline"), -1.4),
        ("겹치는 풀링", change("baseline", "pool2"), -0.4),
    ]


def verdict(changes: Sequence[float]) -> str:
    """시드마다의 변화가 모두 한쪽인지, 0을 사이에 두는지 말합니다."""
    if max(changes) < 0:
        return "모든 시드에서 좋아짐"
    return "모든 시드에서 나빠짐" if min(changes) > 0 else "시드마다 갈려 가릴 수 없음"


def speedup(record: dict) -> list[float]:
    """시드마다 tanh가 목표에 닿은 에폭 ÷ ReLU가 닿은 에폭입니다. 학습률은 각각 고른 것입니다."""
    epochs = {
        activation: [epochs_to_target(run["history"]) for run in runs_of(record, condition)]
        for activation, condition in record["best"].items()
    }
    return [slow / fast for slow, fast in zip(epochs["tanh"], epochs["relu"], strict=True)]
