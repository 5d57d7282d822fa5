"""`smoke_test`가 고장을 알아보는 비율과 거짓 경보의 수를 시드마다 셉니다.

    python benchmarks/smoke_test_rates.py                  # 모두, 시드 20개
    python benchmarks/smoke_test_rates.py 섞인 --seeds 5    # 이름에 이 말이 든 것만

시드마다 표본, 초깃값, 고장이 모두 다릅니다. COURSE_DATA의 데이터와 내장된 데이터를 함께 씁니다.
"""

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from course_utils.data import ImageData, load_digits, load_photos
from course_utils.smoke_test import make_lenet, smoke_test
from course_utils.smoke_test.broken_pipelines import PIPELINES, healthy_pipeline
from course_utils.training import set_seed

OUTPUT = Path(__file__).resolve().parents[1] / "build" / "smoke_test_rates.json"
FAULTS = {
    "가": "learning_rate_low", "나": "leak", "다": "labels_shuffled", "라": "predict_mode",
    "마": "input_scale",
}  # fmt: skip


def pick(data: ImageData, *, num_train: int = 2000, num_test: int = 1000):
    """무작위로 뽑은 (학습, 시험) 텐서입니다."""
    train = torch.randperm(len(data.train_labels))[:num_train]
    test = torch.randperm(len(data.test_labels))[:num_test]
    return (data.train_images[train], data.train_labels[train]), (
        data.test_images[test], data.test_labels[test])  # fmt: skip


def only(data: ImageData, classes: tuple[int, int], shares: tuple[float, float]):
    """두 클래스만 `shares`의 비율로 2,000장까지 뽑습니다."""
    parts = []
    for images, labels in ((data.train_images, data.train_labels),
                           (data.test_images, data.test_labels)):  # fmt: skip
        rows = [torch.nonzero(labels == c).flatten() for c in classes]
        size = min([2000] + [int(len(r) / share) for r, share in zip(rows, shares, strict=True)])
        rows = torch.cat([r[torch.randperm(len(r))[: int(size * share)]]
                          for r, share in zip(rows, shares, strict=True)])  # fmt: skip
        parts.append((images[rows], (labels[rows] == classes[1]).long()))
    return parts


def pipeline_case(build: Callable, data: ImageData) -> dict:
    pipeline = build(data)
    return {
        "train": (pipeline.train_images, pipeline.train_labels),
        "test": (pipeline.test_images, pipeline.test_labels),
        "model": pipeline.model, "learning_rate": pipeline.learning_rate,
        "predict": pipeline.predict,
    }  # fmt: skip


def all_cases(sets: dict[str, ImageData]) -> list[tuple[str, str | None, Callable[[], dict]]]:
    """(이름, 있어야 할 이름표, 만드는 함수)입니다. 멀쩡하면 이름표가 None입니다."""
    rows = []
    for name, data in sets.items():
        def shuffled(data=data):
            (images, labels), test = pick(data)
            return {"train": (images, labels[torch.randperm(len(labels))]), "test": test}

        def clean(parts, **options):
            return lambda: dict(zip(("train", "test"), parts(), strict=True)) | options

        if data.train_images.shape[1] == 1:
            rows += [(f"절차 {letter} {name}", FAULTS[letter], partial(pipeline_case, build, data))
                     for letter, build in PIPELINES.items()]  # fmt: skip
            healthy = partial(pipeline_case, healthy_pipeline, data)
            rows.append((f"큰 학습률 {name}", "learning_rate_high",
                         lambda healthy=healthy: healthy() | {"learning_rate": 10.0}))  # fmt: skip
            rows.append((f"멀쩡한 절차 {name}", None, healthy))
        model = make_lenet(data.train_images.shape[1], 10)
        rows += [
            (f"섞인 레이블 {name}", "labels_shuffled", shuffled),
            (f"멀쩡한 {name}", None, clean(partial(pick, data))),
            (f"멀쩡한 {name}, 학습률 0.05", None,
             clean(partial(pick, data), model=model, learning_rate=0.05)),
            (f"멀쩡한 {name} 100장", None, clean(partial(pick, data, num_train=100))),
            (f"멀쩡한 {name} 3과 5", None, clean(partial(only, data, (3, 5), (0.5, 0.5)))),
            (f"멀쩡한 {name} 3과 5, 80:20", None, clean(partial(only, data, (3, 5), (0.8, 0.2)))),
        ]  # fmt: skip
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description="smoke_test의 알아보는 비율을 셉니다.")
    parser.add_argument("name", nargs="?", default="", help="이름에 이 말이 든 것만 셉니다")
    parser.add_argument("--seeds", type=int, default=20)
    options = parser.parse_args()
    torch.set_num_threads(1)
    loaded = [load_digits(), load_photos(max_train=20_000, max_test=4000)]
    with tempfile.TemporaryDirectory() as empty:  # 빈 폴더를 주면 내장된 데이터를 씁니다.
        Path(empty, "MNIST", "raw").mkdir(parents=True)
        loaded += [load(root=empty, offline=True) for load in (load_digits, load_photos)]
    sets = {data.name: data for data in loaded}
    results = []
    print("경우 | 시드 | 알아봄 | 다른 것을 말함 | 걸린 시간(중앙값, 초)")
    for name, expected, make in all_cases(sets):
        if options.name not in name:
            continue
        hits, others, seconds, notices = 0, Counter(), [], 0
        for seed in range(options.seeds):
            set_seed(seed)
            report = smoke_test(**make(), seed=seed, time_limit=600.0)
            hits += expected in report.codes
            others.update(code for code in report.codes if code != expected)
            notices += bool(report.notices)
            seconds.append(report.figures["seconds"])
        middle = sorted(seconds)[len(seconds) // 2]
        found = "–" if expected is None else f"{hits}/{options.seeds}"
        row = (name, options.seeds, found, dict(others) or 0, f"{middle:.1f}")
        print(" | ".join(map(str, row)), flush=True)
        results.append({
            "case": name, "expected": expected, "seeds": options.seeds, "hits": hits,
            "other_findings": dict(others), "with_notice": notices, "seconds": middle,
        })  # fmt: skip
    if not options.name:
        OUTPUT.parent.mkdir(exist_ok=True)
        OUTPUT.write_text(json.dumps(results, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
