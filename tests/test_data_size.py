"""데이터 크기의 실험: 공정하게 뽑는지, 이어서 하는지, 만나는 자리의 셈이 맞는지 봅니다."""

import json
import math

import numpy as np
import pytest
import torch

from course_utils import data_size
from course_utils.checkpoint import load_record
from course_utils.commands.experiments import sizes
from course_utils.commands.experiments.sizes import SIZES, all_tasks, ship, work
from course_utils.data import ImageData, load_digits
from course_utils.data_size import (
    METHODS,
    RECIPES,
    draw_subset,
    errors_of,
    measure,
    name_of,
)

SEEDS = (0, 1, 2)
QUICK = RECIPES["lenet"] | {"min_epochs": 1, "min_updates": 80}


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    data = load_digits(root=tmp_path_factory.mktemp("empty"), offline=True)
    parts = data.train_images, data.train_labels, data.test_images[:100], data.test_labels[:100]
    return ImageData(*parts, data.class_names, data.name, data.source, data.note)


pytestmark = pytest.mark.usefixtures("one_thread")


# --- 뽑기 -----------------------------------------------------------------------------------------


def test_subset_has_every_class_equally_often():
    labels = torch.arange(400) % 10
    chosen = draw_subset(labels, 100, 0)
    assert len(set(chosen.tolist())) == 100
    assert labels[chosen].bincount().tolist() == [10] * 10


def test_seed_decides_the_subset():
    labels = torch.arange(400) % 10
    assert torch.equal(draw_subset(labels, 100, 1), draw_subset(labels, 100, 1))
    assert not torch.equal(draw_subset(labels, 100, 1), draw_subset(labels, 100, 2))


def test_whole_data_is_taken_as_it_is():
    labels = torch.tensor([0, 0, 0, 1])
    assert draw_subset(labels, 4, 7).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("size", [0, 5, 15, 500])
def test_impossible_sizes_are_explained(size):
    with pytest.raises(ValueError, match="클래스마다 같은 수"):
        draw_subset(torch.arange(400) % 10, size, 0)


# --- 재기 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_every_method_learns_and_repeats_itself(digits, method):
    recipe = QUICK if method == "lenet" else None
    first, second = (measure(method, digits, size=100, seed=1, recipe=recipe) for _ in range(2))
    assert 0 <= first["error"] == second["error"] < 60  # 찍으면 90%


def test_unknown_method_is_explained(digits):
    with pytest.raises(ValueError, match="raw, hog, lenet"):
        measure("knn", digits, size=100, seed=0)


def test_small_sizes_get_enough_updates(monkeypatch, digits):
    asked = []

    def fit(model, images, labels, **options):
        asked.append(options["num_epochs"] * math.ceil(len(images) / options["batch_size"]))
        return {"stopped": None}

    monkeypatch.setattr(data_size, "fit", fit)
    for size in (100, 1_000):
        measure("lenet", digits, size=size, seed=0)
    assert min(asked) >= RECIPES["lenet"]["min_updates"]


# --- 이어서 하기 ----------------------------------------------------------------------------------


def test_whole_data_svms_run_once():
    tasks = all_tasks(SEEDS)
    assert len(tasks) == len(set(tasks)) == 3 * len(SIZES) * len(SEEDS) - 2 * (len(SEEDS) - 1)
    assert ("hog", 60_000, 1) not in tasks
    assert ("lenet", 60_000, 2) in tasks


def test_finished_run_is_only_read(monkeypatch, tmp_path):
    calls = []
    monkeypatch.setattr(
        sizes, "measure", lambda *_, **__: calls.append(1) or {"error": 1.5, "seconds": 2.0}
    )
    monkeypatch.setattr(sizes, "load_mnist", lambda: None)
    first = work("raw", 100, 0, folder=tmp_path)
    assert work("raw", 100, 0, folder=tmp_path) == first
    assert (len(calls), first) == (1, "raw_100_0: 오류율 1.50%, 2초")


def test_run_with_another_recipe_is_not_mixed_in(tmp_path):
    (tmp_path / "raw_100_0.json").write_text(json.dumps({"recipe": {"c": 1}}), encoding="utf-8")
    with pytest.raises(RuntimeError, match="다른 설정"):
        work("raw", 100, 0, folder=tmp_path)


def test_record_holds_every_run_and_where_it_came_from(tmp_path):
    for number, task in enumerate(all_tasks(SEEDS)):
        made = {"error": number / 10, "seconds": 1.0, "date": "2026-01-01", "recipe": {}}
        path = tmp_path / f"{name_of(*task)}.json"
        path.write_text(json.dumps(made), encoding="utf-8")
    ship(SEEDS, folder=tmp_path, target=tmp_path)
    record = load_record("data_size", folder=tmp_path)
    assert len(record["runs"]) == len(all_tasks(SEEDS))
    assert {"command", "data", "torch", "sklearn", "seeds", "recipes"} <= record.keys()
    curves = errors_of(record, "hog")
    assert np.shape(curves) == (len(SEEDS), len(SIZES))
    assert len({curve[-1] for curve in curves}) == 1  # 전체를 쓰는 SVM은 한 값입니다.
    assert len({curve[0] for curve in curves}) == len(SEEDS)


def test_missing_run_is_not_passed_over(tmp_path):
    with pytest.raises(FileNotFoundError, match="raw_100_0"):
        ship(SEEDS, folder=tmp_path, target=tmp_path)


def test_other_data_is_refused(monkeypatch, digits):
    monkeypatch.setattr(sizes, "load_digits", lambda: digits)
    sizes.load_mnist.cache_clear()
    with pytest.raises(RuntimeError, match="MNIST로만"):
        sizes.load_mnist()


# --- 만나는 자리 ----------------------------------------------------------------------------------


# --- 담아 둔 기록 ---------------------------------------------------------------------------------


def test_shipped_record_is_whole_and_of_these_recipes():
    record = load_record("data_size")
    assert record["runs"].keys() == {name_of(*task) for task in all_tasks(range(8))}
    assert record["recipes"] == RECIPES
    assert record["data"].startswith("MNIST")
    # MNIST를 찍으면 90%이고, 60,000장의 LeNet-5는 논문에서 0.95%입니다.
    assert all(0 < run["error"] < 30 for run in record["runs"].values())
    assert all(errors[-1] < 1.5 for errors in errors_of(record, "lenet"))


def test_shipped_errors_fall_as_the_data_grows():
    record = load_record("data_size")
    for method in METHODS:
        assert (np.diff(np.mean(errors_of(record, method), axis=0)) < 0).all()
