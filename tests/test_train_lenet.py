"""가중치를 만드는 명령: 끝난 시드는 다시 하지 않고, 모두 끝났을 때만 함께 담습니다."""

import sys

import pytest
import torch

from course_utils.checkpoint import ASSETS, load_pretrained, load_record
from course_utils.commands import train_lenet
from course_utils.data import ImageData
from course_utils.lenet import LeNet5Original


@pytest.fixture
def workshop(tmp_path, monkeypatch):
    """작은 MNIST라고 이름 붙인 무작위 숫자 64장과, 한 번만 도는 학습."""
    images, labels = torch.randn(64, 1, 32, 32), torch.arange(64) % 10
    data = ImageData(images, labels, images, labels, tuple("0123456789"), "MNIST", "cache", "")
    monkeypatch.setattr(train_lenet, "load_digits", lambda: data)
    monkeypatch.setattr(train_lenet, "BUILD", tmp_path / "build")
    monkeypatch.setattr(train_lenet, "ASSETS", tmp_path / "assets")
    for recipe in train_lenet.RECIPES.values():
        monkeypatch.setitem(recipe, "num_epochs", 1)
    return tmp_path


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["train_lenet", *arguments])
    train_lenet.main()


@pytest.mark.parametrize("kind", train_lenet.RECIPES)
def test_three_seeds_are_trained_and_shipped_together(workshop, monkeypatch, kind):
    run(monkeypatch, kind)
    record = load_record(f"lenet5_original_{kind}", folder=workshop / "assets")
    assert [entry["seed"] for entry in record["runs"]] == [0, 1, 2]
    assert record["command"] == f"python -m course_utils.commands.train_lenet {kind}"
    shipped, first = LeNet5Original(), LeNet5Original()
    load_pretrained(shipped, f"lenet5_original_{kind}", folder=workshop / "assets")
    load_pretrained(first, f"{kind}_0", folder=workshop / "build")
    assert torch.equal(shipped.features.C3.weight, first.features.C3.weight)


def test_nothing_is_shipped_before_the_last_seed(workshop, monkeypatch):
    run(monkeypatch, "plain", "--seeds", "0", "1")
    assert not (workshop / "assets").exists()


def test_finished_seeds_are_not_trained_again(workshop, monkeypatch):
    run(monkeypatch, "plain", "--seeds", "0", "1")
    trained = []
    original = train_lenet.train

    def remember(data, *, kind, seed):
        trained.append(seed)
        return original(data, kind=kind, seed=seed)

    monkeypatch.setattr(train_lenet, "train", remember)
    run(monkeypatch, "plain")
    assert trained == [2]


def test_results_of_another_recipe_are_not_taken_for_ours(workshop, monkeypatch):
    run(monkeypatch, "plain", "--seeds", "0")
    monkeypatch.setitem(train_lenet.RECIPES["plain"], "weight_decay", 0.5)
    with pytest.raises(SystemExit, match="다른 설정"):
        run(monkeypatch, "plain")


def test_holding_out_keeps_the_test_set_out_of_sight():
    images, labels = torch.arange(10_003.0), torch.arange(10_003)
    data = ImageData(images, labels, -images, -labels, (), "MNIST", "cache", "")
    held = train_lenet.hold_out(data)
    assert held.train_labels.tolist() == [0, 1, 2]
    assert held.test_labels.tolist() == list(range(3, 10_003))


def test_measuring_on_held_out_data_ships_nothing(workshop, monkeypatch):
    run(monkeypatch, "plain", "--seeds", "0", "1", "2")
    (workshop / "assets" / "lenet5_original_plain.pt").unlink()
    monkeypatch.setattr(train_lenet, "hold_out", lambda data: data)
    run(monkeypatch, "plain", "--seeds", "0", "--holdout")
    assert not (workshop / "assets" / "lenet5_original_plain.pt").exists()


def test_embedded_digits_are_refused(workshop, monkeypatch):
    small = ImageData(*[torch.zeros(1)] * 4, (), "scikit-learn digits", "embedded", "")
    monkeypatch.setattr(train_lenet, "load_digits", lambda: small)
    with pytest.raises(SystemExit, match="COURSE_DATA"):
        run(monkeypatch, "plain")


@pytest.mark.parametrize("kind", train_lenet.RECIPES)
def test_shipped_weights_are_small_and_carry_their_provenance(kind):
    name = f"lenet5_original_{kind}"
    assert (ASSETS / f"{name}.pt").stat().st_size < 300_000
    record = load_record(name)
    assert {"data", "torch", "sha256", "shipped_seed"} <= record.keys()
    assert record["command"] == f"python -m course_utils.commands.train_lenet {kind}"
    assert record["recipe"] == train_lenet.RECIPES[kind]
    assert [entry["seed"] for entry in record["runs"]] == [0, 1, 2]
    for entry in record["runs"]:
        assert len(entry["history"]["test_accuracy"]) == record["recipe"]["num_epochs"]


def test_shipped_curves_reach_the_papers_error():
    for kind, paper in (("plain", 0.95), ("distorted", 0.80)):
        runs = load_record(f"lenet5_original_{kind}")["runs"]
        errors = [100 * (1 - entry["history"]["test_accuracy"][-1]) for entry in runs]
        assert sum(errors) / len(errors) <= paper  # LeCun 1998, 테스트 오류율(%)
