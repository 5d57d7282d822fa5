"""담아 둔 실험 기록에서 오류율, 같은 시드끼리의 차이, 판정을 읽습니다.

만드는 명령은 `course_utils.commands`에 있습니다.
"""

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

from course_utils.checkpoint import load_record

TARGET = 0.75  # 학습 오류율 25 %의 정확도 (Krizhevsky 2012, Fig. 1)


def load(name: str) -> dict:
    """함께 담은 기록입니다: "data_size", "innovations", "ladder"."""
    return load_record(name)


def runs_of(record: dict, condition: str) -> list[dict]:
    """한 조건의 시드마다의 기록이고, 시드의 차례입니다."""
    runs = [run for name, run in record["runs"].items() if name.rpartition("_")[0] == condition]
    return sorted(runs, key=lambda run: run["seed"])


def final_errors(record: dict, condition: str, *, part: str = "test") -> list[float]:
    """시드마다 마지막 에폭의 오류율(%)입니다."""
    histories = [run["history"] for run in runs_of(record, condition)]
    return [100 * (1 - history[f"{part}_accuracy"][-1]) for history in histories]


def differences(first: Sequence[float], second: Sequence[float]) -> list[float]:
    """같은 시드끼리 뺀 값 `first − second`입니다. 시드의 운이 함께 빠집니다."""
    return [a - b for a, b in zip(first, second, strict=True)]


def verdict(changes: Sequence[float]) -> str:
    """시드마다의 변화가 모두 한쪽인지, 0을 사이에 두는지 말합니다."""
    if max(changes) < 0:
        return "모든 시드에서 좋아짐"
    return "모든 시드에서 나빠짐" if min(changes) > 0 else "시드마다 갈려 가릴 수 없음"


def paired(differences: Sequence[float]) -> tuple[float, float, float]:
    """짝지은 차이의 평균과 95 % t-구간 `(평균, 아래 끝, 위 끝)`입니다. 시드는 둘 이상입니다."""
    count = len(differences)
    if count < 2:
        raise ValueError(f"구간을 구하려면 시드가 둘 이상이어야 하는데 {count}개입니다.")
    mean = float(np.mean(differences))
    error = float(np.std(differences, ddof=1)) / math.sqrt(count)  # 평균의 표준오차
    half = float(stats.t.ppf(0.975, count - 1)) * error
    return mean, mean - half, mean + half


def judge(low: float, high: float) -> str:
    """오류율의 변화의 구간이 0을 품지 않으면 "better"(음수)나 "worse", 품으면 "undecided"입니다."""
    if high < 0:
        return "better"
    return "worse" if low > 0 else "undecided"


def epochs_to_target(history: dict, target: float = TARGET) -> float:
    """정확도가 `target`에 닿은 에폭입니다. 에폭 사이는 직선으로 잇고, 닿지 못하면 무한대입니다."""
    before, curve = 0.0, history["test_accuracy"]
    for epoch, value in enumerate(curve):
        if value >= target:
            return epoch + (target - before) / (value - before)
        before = value
    return math.inf


def speedup(record: dict, start: str) -> list[float]:
    """시드마다 tanh가 목표에 닿은 에폭 ÷ ReLU가 닿은 에폭입니다. 학습률은 각각 고른 것입니다.

    어느 쪽이든 닿지 못한 시드의 값은 무한대이거나 0이고, 둘 다 못 닿았으면 NaN입니다.
    """
    epochs = {
        activation: [epochs_to_target(run["history"]) for run in runs_of(record, condition)]
        for activation, condition in record["best"][start].items()
    }
    return [slow / fast for slow, fast in zip(epochs["tanh"], epochs["relu"], strict=True)]


def effects(record: dict) -> list[tuple[str, list[float], float | None]]:
    """혁신마다 `(이름, 시드마다 오류율의 변화, 논문의 변화)`입니다. %p이고 음수가 좋아진 것입니다.

    논문의 값은 모두 ImageNet의 top-1입니다. LRN과 풀링은 §3.3, §3.4, 색 잡음은 §4.1의 "1 % 넘게",
    열 조각은 ILSVRC-2010 테스트의 37.5와 각주의 39.0입니다.
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
