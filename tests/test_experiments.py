"""실험: 이어서 한 것이 끊지 않은 것과 같은지, 하나만 바꾸는지, 효과의 셈이 맞는지 봅니다."""

import dataclasses
import itertools
import json
import math
import os
import select
import subprocess
import sys
import textwrap
from functools import partial
from pathlib import Path

import pytest
import torch

from course_utils import checkpoint
from course_utils.alexnet import FourLayerNet, SmallAlexNet
from course_utils.commands.experiments import __main__ as command
from course_utils.commands.experiments import runs, ship
from course_utils.commands.experiments.conditions import (
    ABLATIONS,
    COMMON,
    CONDITIONS,
    FIGURE_1_RUNS,
    FULL_RATES,
    FULL_RUNS,
    LADDER_RUNS,
    LADDER_TUNING,
    LEARNING_RATES,
    LONG_RUNS,
    NUM_SEEDS,
    STEPS,
    TUNING_SEEDS,
    Condition,
    build,
    label_of,
    make_inputs,
)
from course_utils.data import ImageData

SEEDS = (0, 1, 2)
RECIPE = COMMON | {"num_epochs": 3, "batch_size": 16}
SMALL = Condition(augment=("crops", "flips", "colors"), recipe=RECIPE)


def make_data(count=48):
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(count) % 2
    noise = torch.rand(count, 3, 32, 32, generator=generator)
    images = 0.5 * noise + 0.4 * labels.view(-1, 1, 1, 1)
    return ImageData(images, labels, images[:16], labels[:16], ("가", "나"), "시험용", "made", "")


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def data():
    return make_data()


@pytest.fixture(scope="module")
def unbroken(data, tmp_path_factory):
    """끊지 않고 끝까지 한 실험의 폴더입니다."""
    folder = tmp_path_factory.mktemp("unbroken")
    runs.run(SMALL, data, seed=1, name="a", folder=folder)
    return folder


def weights(folder):
    return torch.load(folder / "a.pt", weights_only=True)


def assert_same(folder, other):
    assert (
        checkpoint.load_record("a", folder=folder)["history"]
        == (checkpoint.load_record("a", folder=other)["history"])
    )
    first, second = weights(folder), weights(other)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def stop_at(monkeypatch, epoch):
    """`epoch`번째(1부터) 에폭의 도중에 ■를 누른 것처럼 멈추고, 부른 횟수를 세는 목록입니다."""
    real, calls = runs.fit, []

    def fit(*arguments, **options):
        calls.append(1)
        history = real(*arguments, **options)
        return history | {"stopped": "학습을 중단했습니다."} if len(calls) == epoch else history

    monkeypatch.setattr(runs, "fit", fit)
    return calls


@pytest.mark.parametrize("epoch", [1, 2, 3])
def test_resumed_run_equals_the_unbroken_one(monkeypatch, tmp_path, data, unbroken, epoch):
    calls = stop_at(monkeypatch, epoch)
    with pytest.raises(RuntimeError, match="이어서"):
        runs.run(SMALL, data, seed=1, name="a", folder=tmp_path)
    runs.run(SMALL, data, seed=1, name="a", folder=tmp_path)
    assert_same(tmp_path, unbroken)
    assert len(calls) == 3 + 1  # 잃은 것은 멈춘 에폭 하나뿐입니다.


def test_interrupt_in_the_middle_of_an_epoch_loses_only_that_epoch(
    monkeypatch, tmp_path, data, unbroken
):
    real, calls = runs.fit, []

    def fit(*arguments, **options):
        calls.append(1)
        history = real(*arguments, **options)
        if len(calls) == 2:
            raise KeyboardInterrupt  # 배운 것을 저장하기 전입니다.
        return history

    monkeypatch.setattr(runs, "fit", fit)
    with pytest.raises(KeyboardInterrupt):
        runs.run(SMALL, data, seed=1, name="a", folder=tmp_path)
    runs.run(SMALL, data, seed=1, name="a", folder=tmp_path)
    assert len(calls) == 3 + 1
    assert_same(tmp_path, unbroken)


KILLED = """
    import sys, time
    sys.path.insert(0, sys.argv[2])
    from pathlib import Path
    import test_experiments as t
    from course_utils.commands.experiments import runs
    real, done = runs.save, []
    def save(*arguments):
        real(*arguments)
        done.append(1)
        if len(done) == 2:
            print("둘째 에폭을 저장함", flush=True)
            time.sleep(60)
    runs.save = save
    runs.run(t.SMALL, t.make_data(), seed=1, name="a", folder=Path(sys.argv[1]))
"""


def test_killed_process_goes_on_where_it_was(monkeypatch, tmp_path, data, unbroken):
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path), str(Path(__file__).parent)],
        stdout=subprocess.PIPE, text=True, encoding="utf-8",
        env=os.environ | {"PYTHONUTF8": "1", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert "저장함" in process.stdout.readline()
    process.kill()
    process.wait()
    process.stdout.close()
    calls = stop_at(monkeypatch, None)
    runs.run(SMALL, data, seed=1, name="a", folder=tmp_path)
    assert len(calls) == 1
    assert_same(tmp_path, unbroken)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_checkpoint_cut_short_is_not_used(monkeypatch, tmp_path, data, unbroken, capsys, share):
    calls = stop_at(monkeypatch, 2)
    with pytest.raises(RuntimeError):
        runs.run(SMALL, data, seed=1, name="a", folder=tmp_path)
    content = (tmp_path / "a.ckpt").read_bytes()
    (tmp_path / "a.ckpt").write_bytes(content[: int(share * len(content))])
    runs.run(SMALL, data, seed=1, name="a", folder=tmp_path)
    assert "a.ckpt을(를) 쓸 수 없어 처음부터 시작합니다" in capsys.readouterr().out
    assert len(calls) == 2 + 3
    assert_same(tmp_path, unbroken)


def test_run_after_another_recipe_starts_from_fresh_weights(monkeypatch, tmp_path, data, unbroken):
    stop_at(monkeypatch, 2)
    other = Condition(augment=SMALL.augment, recipe=RECIPE | {"learning_rate": 0.5})
    with pytest.raises(RuntimeError):
        runs.run(other, data, seed=1, name="a", folder=tmp_path)
    runs.run(SMALL, data, seed=1, name="a", folder=tmp_path)
    assert_same(tmp_path, unbroken)


def test_finished_run_is_not_trained_again(monkeypatch, data, unbroken):
    monkeypatch.setattr(runs, "fit", None)
    record = runs.run(SMALL, data, seed=1, name="a", folder=unbroken)
    assert len(record["history"]["train_loss"]) == 3


@pytest.mark.parametrize(("change", "seed"), [
    ({"recipe": RECIPE | {"num_epochs": 4}}, 1), ({"net": partial(SmallAlexNet, dropout=0.25)}, 1),
    ({"augment": ("crops",)}, 1), ({"start": "small"}, 1), ({}, 2),
])  # fmt: skip
def test_finished_run_of_other_settings_is_refused(data, unbroken, change, seed):
    other = dataclasses.replace(SMALL, **change)
    with pytest.raises(RuntimeError, match="다른 설정의 결과이니 먼저 지우십시오"):
        runs.run(other, data, seed=seed, name="a", folder=unbroken)


def test_finished_run_that_also_wrote_a_label_is_ours(tmp_path, data, unbroken):
    # 조건의 한국어 이름까지 적던 때의 결과도 다시 학습하지 않고 씁니다.
    record = json.loads((unbroken / "a.json").read_text(encoding="utf-8"))
    record["condition"]["label"] = "작은 실험"
    (tmp_path / "a.json").write_text(json.dumps(record), encoding="utf-8")
    (tmp_path / "a.pt").write_bytes((unbroken / "a.pt").read_bytes())
    again = runs.run(SMALL, data, seed=1, name="a", folder=tmp_path)
    assert again["history"] == record["history"]


def test_finished_run_without_its_weights_is_refused(tmp_path, data, unbroken):
    (tmp_path / "a.json").write_bytes((unbroken / "a.json").read_bytes())
    with pytest.raises(RuntimeError, match=r"지우고 다시.*a\.pt"):
        runs.run(SMALL, data, seed=1, name="a", folder=tmp_path)


def test_changed_byte_in_a_checkpoint_is_noticed(monkeypatch, tmp_path, data, unbroken, capsys):
    stop_at(monkeypatch, 2)
    with pytest.raises(RuntimeError):
        runs.run(SMALL, data, seed=1, name="a", folder=tmp_path)
    content = bytearray((tmp_path / "a.ckpt").read_bytes())
    content[len(content) // 2] ^= 1  # 가중치 하나의 한 비트: torch.load는 알아채지 못합니다.
    (tmp_path / "a.ckpt").write_bytes(content)
    runs.run(SMALL, data, seed=1, name="a", folder=tmp_path)
    assert "바뀐 파일" in capsys.readouterr().out
    assert_same(tmp_path, unbroken)


def test_checkpoint_with_a_bad_optimizer_leaves_the_model_untouched(
    monkeypatch, tmp_path, data, unbroken, capsys
):
    stop_at(monkeypatch, 2)
    with pytest.raises(RuntimeError):
        runs.run(SMALL, data, seed=1, name="a", folder=tmp_path)
    state = checkpoint.load(tmp_path / "a.ckpt")
    checkpoint.save(tmp_path / "a.ckpt", state | {"optimizer": {"state": {}, "param_groups": []}})
    runs.run(SMALL, data, seed=1, name="a", folder=tmp_path)
    assert "처음부터" in capsys.readouterr().out
    assert_same(tmp_path, unbroken)


def test_target_stops_the_run(monkeypatch, tmp_path, data):
    monkeypatch.setattr(runs, "fit", lambda *_, **__: {
        "train_loss": [1.0], "train_accuracy": [0.5], "test_loss": [1.0], "test_accuracy": [0.8],
        "stopped": None,
    })  # fmt: skip
    condition = Condition(partial(FourLayerNet, activation="tanh"), recipe=RECIPE, target=0.75)
    record = runs.run(condition, data, seed=0, name="b", folder=tmp_path)
    assert record["history"]["test_accuracy"] == [0.8]


def watch_fit(monkeypatch):
    """학습하지 않고, 에폭별 학습률과 테스트 이미지를 적어 두는 목록입니다."""
    seen = []

    def fit(*_, optimizer, test, **__):
        seen.append((optimizer.param_groups[0]["lr"], test[0]))
        return {"train_loss": [1.0], "train_accuracy": [0.5], "test_loss": [1.0],
                "test_accuracy": [0.5], "stopped": None}  # fmt: skip

    monkeypatch.setattr(runs, "fit", fit)
    return seen


def test_each_epoch_is_trained_at_its_own_rate(monkeypatch, tmp_path, data):
    seen = watch_fit(monkeypatch)
    runs.run(SMALL, data, seed=0, name="b", folder=tmp_path)
    expected = [0.01 * (1 + math.cos(math.pi * epoch / 3)) / 2 for epoch in range(3)]
    assert [rate for rate, _ in seen] == pytest.approx(expected)


@pytest.mark.parametrize(("target", "count"), [(None, 4), (0.9, 48)])
def test_target_is_measured_on_the_training_images(monkeypatch, tmp_path, data, target, count):
    seen = watch_fit(monkeypatch)
    condition = Condition(recipe=RECIPE, target=target)
    runs.run(condition, data, seed=0, name="b", folder=tmp_path)
    assert {len(images) for _, images in seen} == {count}


def test_loss_that_is_not_a_number_leaves_no_result(tmp_path, data):
    broken = dataclasses.replace(data, train_images=data.train_images * math.nan)
    condition = Condition(recipe=RECIPE)
    with pytest.raises(RuntimeError, match=r"b: .*손실.*같은 명령을 다시"):
        runs.run(condition, broken, seed=0, name="b", folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_ten_crops_are_averaged_as_probabilities():
    # 왼쪽 위 픽셀 x를 로짓 (x, 0)으로 삼는 모델입니다.
    class Corner(torch.nn.Module):
        def forward(self, images):
            return torch.stack([images[:, 0, 0, 0], torch.zeros(len(images))], dim=1)

    images = torch.full((1, 3, 32, 32), -3.0)
    images[0, 0, 4, 4] = 100.0  # 거울에 비쳐 네 모서리 조각의 왼쪽 위 픽셀이 됩니다.
    # 확률의 평균은 (4×1 + 6×0.047) / 10 = 0.43 < 0.5이지만, 로짓의 평균이면 38.2 > 0입니다.
    result = runs.ten_crop_result(Corner(), images, torch.tensor([1]))
    assert result == {"one_crop_accuracy": 1.0, "ten_crop_accuracy": 1.0}


def test_cosine_starts_at_the_full_rate_and_halves_in_the_middle():
    recipe = {"learning_rate": 0.2, "schedule": "cosine", "num_epochs": 10}
    rates = [runs.learning_rate(recipe, epoch) for epoch in range(10)]
    assert rates[0] == 0.2
    assert rates[5] == pytest.approx(0.1)
    assert rates == sorted(rates, reverse=True)
    assert runs.learning_rate(recipe | {"schedule": "constant"}, 7) == 0.2


@pytest.mark.parametrize("name", sorted(set(ABLATIONS) - {"baseline"}))
def test_each_condition_changes_one_thing(name):
    before = ABLATIONS["crops_flips" if name == "colors" else "baseline"]
    after = ABLATIONS[name]
    before, after = (condition.settings() for condition in (before, after))
    changed = {key for key in after if after[key] != before[key]}
    assert changed == ({"net", "constant_lrn"} if name == "lrn_constant" else changed)
    assert name == "lrn_constant" or len(changed) == 1
    assert len(after["net"]) <= 1


def test_constant_lrn_is_lrn_without_the_neighbours():
    model = build(CONDITIONS["lrn_constant"])
    maps = torch.rand(2, 24, 5, 5)
    expected = torch.nn.LocalResponseNorm(5, alpha=0.0, beta=0.75, k=2.0)(maps)
    assert torch.allclose(model.features.norm1(maps), expected)
    assert not any(isinstance(layer, torch.nn.LocalResponseNorm) for layer in model.modules())


def test_figure_1_changes_only_the_rate_and_the_start():
    first = FIGURE_1_RUNS["relu_he_0.001"]
    for condition in FIGURE_1_RUNS.values():
        assert condition.recipe | {"learning_rate": 0} == first.recipe | {"learning_rate": 0}
        assert condition.recipe["weight_decay"] == 0
        assert not condition.augment


def test_small_start_is_that_of_the_paper(data):
    condition = FIGURE_1_RUNS["tanh_small_0.01"]
    model = build(condition)
    weights = torch.cat([p.flatten() for n, p in model.named_parameters() if "weight" in n])
    assert weights.std().item() == pytest.approx(0.01, rel=0.02)
    assert all((p == 0).all() for n, p in model.named_parameters() if "bias" in n)
    images, test_images = make_inputs(condition, data)
    assert images.mean(dim=0).abs().max() < 1e-3
    restored = test_images / 255 + data.train_images.mean(dim=0)
    assert torch.allclose(restored, data.test_images, atol=1e-5)


def test_he_start_scales_the_photos(data):
    images, _ = make_inputs(ABLATIONS["baseline"], data)
    assert torch.equal(images, (data.train_images - 0.5) / 0.25)


@pytest.mark.parametrize("name", sorted(CONDITIONS))
def test_every_condition_builds_a_net(name):
    assert build(CONDITIONS[name]).eval()(torch.zeros(1, 3, 32, 32)).shape == (1, 10)


def put_run(folder, name, curve, **more):
    condition = CONDITIONS[name.rpartition("_")[0]]
    record = {
        "seed": int(name.rpartition("_")[2]), "data": "CIFAR-10", "date": "2026-01-01",
        "torch": "2", "precision": "bfloat16", "threads": 1, "condition": condition.settings(),
        "쓰지 않는 것": 1, "history": {"test_accuracy": curve},
    }  # fmt: skip
    (folder / f"{name}.json").write_text(json.dumps(record | more), encoding="utf-8")


FASTEST = ("relu_he_0.003", "tanh_he_0.01", "relu_small_0.001", "tanh_small_0.003")


@pytest.fixture
def made(tmp_path, monkeypatch):
    """끝난 실험들의 폴더를 손으로 만들어 `ship`합니다. 저장소의 `assets/`는 그대로 둡니다."""
    folder, assets = tmp_path / "build", tmp_path / "assets"
    folder.mkdir()
    for number, name in enumerate([*ABLATIONS, *LONG_RUNS]):
        for seed in SEEDS:
            put_run(folder, f"{name}_{seed}", [0.5, 0.7 + 0.02 * number + 0.01 * seed],
                    one_crop_accuracy=0.8, ten_crop_accuracy=0.8 + 0.01 * seed)  # fmt: skip
    for name in FIGURE_1_RUNS:
        curve = [0.5, 0.5, 0.75] if name not in FASTEST else [0.5, 0.75]
        for seed in SEEDS:
            put_run(folder, f"{name}_{seed}", [0.75] if name == "relu_he_0.003" else curve)
    put_run(folder, "shipped_0", [0.8])
    model = build(CONDITIONS["shipped"])
    checkpoint.save_pretrained(
        model, checkpoint.load_record("shipped_0", folder=folder), "shipped_0", folder=folder
    )
    monkeypatch.setattr(ship, "ASSETS", assets)
    ship.ship_innovations(folder, SEEDS)
    return assets, model


def test_shipped_record_is_read_back_with_every_run(made):
    record = checkpoint.load_record("innovations", folder=made[0])
    expected = {f"{name}_{seed}" for name in [*ABLATIONS, *LONG_RUNS, *FASTEST] for seed in SEEDS}
    expected |= {f"{name}_0" for name in FIGURE_1_RUNS}
    assert record["runs"].keys() == expected
    assert record["runs"]["lrn_2"]["history"] == {"test_accuracy": [0.5, 0.76]}
    assert record["runs"]["lrn_2"].keys() == {
        "seed", "date", "data", "history", "one_crop_accuracy", "ten_crop_accuracy"
    }  # fmt: skip


def test_shipped_best_is_the_first_to_reach_the_target(made):
    record = checkpoint.load_record("innovations", folder=made[0])
    assert record["best"] == {
        "he": {"relu": "relu_he_0.003", "tanh": "tanh_he_0.01"},
        "small": {"relu": "relu_small_0.001", "tanh": "tanh_small_0.003"},
    }


def test_shipped_weights_are_those_of_the_run(made):
    assets, model = made
    other = build(CONDITIONS["shipped"])
    record = checkpoint.load_pretrained(other, "small_alexnet_cifar10", folder=assets)
    assert record["command"] == "python -m course_utils.commands.experiments shipped"
    assert torch.equal(other.features.conv1.weight, model.features.conv1.weight)


def test_records_are_made_with_cifar_10_only(monkeypatch, data):
    monkeypatch.setattr(runs, "load_photos", lambda **_: data)
    with pytest.raises(RuntimeError, match=r"CIFAR-10으로만.*COURSE_DATA"):
        runs.work("baseline", 0)


ORPHAN = """
    import multiprocessing, os, time
    from course_utils.commands.experiments import runs

    def child():
        runs.end_with_parent()
        print(os.getpid(), flush=True)
        time.sleep(60)

    if __name__ == "__main__":
        process = multiprocessing.get_context("spawn").Process(target=child)
        process.start()
        process.join()
"""


def test_worker_ends_when_its_parent_is_killed(tmp_path):
    script = tmp_path / "orphan.py"
    script.write_text(textwrap.dedent(ORPHAN), encoding="utf-8")
    # 자식이 쥔 파이프는 자식까지 끝나야 닫힙니다.
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert int(parent.stdout.readline()) != parent.pid
    parent.kill()
    assert select.select([parent.stdout], [], [], 30)[0]
    assert parent.stdout.read() == ""
    parent.stdout.close()
    parent.wait()


def test_held_out_images_come_from_the_training_images(data):
    held = runs.hold_out(data, 4)
    assert torch.equal(held.test_images, data.train_images[3::4])
    assert torch.equal(held.test_labels, data.train_labels[3::4])
    both = torch.cat([held.train_images, held.test_images]).flatten(1)
    assert len(both.unique(dim=0)) == len(data.train_images)


def test_ladder_changes_one_thing_a_step():
    steps = list(STEPS.values())
    for before, after in itertools.pairwise(steps):
        net, old = after.net.keywords, before.net.keywords
        changed = {key for key in net if net[key] != old.get(key)}
        more = [after.augment != before.augment]
        if after is STEPS["data"]:
            assert (changed, more) == (set(), [False])
            continue
        assert changed in ({"channels", "hidden"}, set(), {"activation"}, {"pooling"},
                           {"channels"}, {"dropout"})  # fmt: skip
        assert bool(changed) + sum(more) == 1


def test_only_the_last_step_has_more_data():
    counts = {name: c.recipe["num_train"] for name, c in LADDER_RUNS.items()}
    assert {n for name, n in counts.items() if name.startswith("data")} == {12_000}
    assert {n for name, n in counts.items() if not name.startswith("data")} == {3_000}


def test_ladder_takes_the_rate_best_on_held_out_data(tmp_path, monkeypatch):
    for name in LADDER_TUNING:
        rate = float(name.rpartition("_")[2])
        good = 0.03 if name.startswith("augment") else 0.01
        put_run(tmp_path, f"{name}_0", [0.9, 0.6 if rate == good else 0.5])
    for name in LADDER_RUNS:
        for seed in SEEDS:
            put_run(tmp_path, f"{name}_{seed}", [0.5])
    monkeypatch.setattr(ship, "ASSETS", tmp_path / "assets")
    ship.ship_ladder(tmp_path, SEEDS)
    record = checkpoint.load_record("ladder", folder=tmp_path / "assets")
    assert record["best"]["relu"] == "relu_step_0.01"
    assert record["best"]["augment"] == "augment_step_0.03"
    assert record["best"]["data"] == "data_step_0.03"  # 앞 칸의 것
    assert len(record["runs"]) == len(STEPS) * len(SEEDS) + len(LADDER_TUNING)


def test_full_figure_1_takes_the_rate_fastest_over_both_tuning_seeds(tmp_path, monkeypatch):
    curves = {"0.005": ([0.5, 0.75], [0.5, 0.5, 0.75]), "0.01": ([0.75], [0.5] * 9)}
    for name in FULL_RUNS:
        fast = curves.get(name.split("_")[2], ([0.5], [0.5]))
        for seed, curve in zip(TUNING_SEEDS, fast, strict=True):
            put_run(tmp_path, f"{name}_{seed}", curve)
        for seed in SEEDS:
            put_run(tmp_path, f"{name}_{seed}", [0.5, 0.8])
    monkeypatch.setattr(ship, "ASSETS", tmp_path / "assets")
    tried = {"small": FULL_RATES["small"]}
    ship.ship_figure_1(tmp_path, SEEDS, tried)
    record = checkpoint.load_record("figure_1_full", folder=tmp_path / "assets")
    # 0.01은 시드 하나에서만 빨랐고 다른 시드에서는 닿지 못했습니다.
    assert record["best"]["small"]["tanh"] == "tanh_small_0.005_full"
    assert len(record["runs"]) == 2 * len(SEEDS) + 6 * len(TUNING_SEEDS)


@pytest.mark.parametrize(
    ("curve", "epochs"),
    [([0.5, 0.75, 0.9], 2.0), ([0.5, 0.8], 1 + 0.25 / 0.3), ([0.9], 0.75 / 0.9),
     ([0.5, 0.7], float("inf"))],
)  # fmt: skip
def test_epochs_to_the_target_are_interpolated(curve, epochs):
    assert ship.epochs_to_target({"test_accuracy": curve}) == pytest.approx(epochs)


# --- 담아 둔 기록 ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped():
    return checkpoint.load_record("innovations")


def test_record_says_where_it_comes_from(shipped):
    assert {"command", "torch", "precision", "threads", "conditions"} <= shipped.keys()
    assert all("CIFAR-10" in run["data"] and run["date"] for run in shipped["runs"].values())


@pytest.mark.parametrize("name", ["innovations", "ladder"])
def test_record_was_made_with_the_conditions_of_today(name):
    made = checkpoint.load_record(name)["conditions"]
    assert made == {
        name: {"label": label_of(name)} | CONDITIONS[name].settings() for name in made
    }
    assert set(made) >= set([*ABLATIONS, *LONG_RUNS, *FIGURE_1_RUNS] if "baseline" in made
                            else LADDER_TUNING)  # fmt: skip


@pytest.mark.parametrize("name", ["innovations", "ladder"])
def test_every_condition_has_all_seeds(name):
    record = checkpoint.load_record(name)
    names = [*ABLATIONS, *LONG_RUNS] if name == "innovations" else record["best"].values()
    for condition in names:
        found = [record["runs"][f"{condition}_{seed}"] for seed in range(NUM_SEEDS)]
        assert f"{condition}_{NUM_SEEDS}" not in record["runs"]
        assert {len(run["history"]["test_accuracy"]) for run in found} == {
            CONDITIONS[condition].recipe["num_epochs"]
        }


@pytest.mark.parametrize("start", LEARNING_RATES)
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_best_rate_is_the_fastest_of_seed_0_and_not_at_the_edge(shipped, start, activation):
    names = [f"{activation}_{start}_{rate:g}" for rate in LEARNING_RATES[start][activation]]
    epochs = [ship.epochs_to_target(shipped["runs"][f"{name}_0"]["history"]) for name in names]
    fastest = epochs.index(min(epochs))
    assert shipped["best"][start][activation] == names[fastest]
    assert 0 < fastest < len(names) - 1


def test_number_of_seeds_is_an_option(monkeypatch):
    asked = []
    monkeypatch.setattr(command, "work_all", lambda tasks, jobs: asked.extend(tasks))
    monkeypatch.setattr(sys, "argv", ["experiments", "--seeds", "8", "lrn", "shipped"])
    command.main()
    assert asked == [("lrn", seed) for seed in range(8)] + [("shipped", 0)]


def test_unknown_condition_is_told(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["experiments", "batchnorm"])
    with pytest.raises(SystemExit, match="없는 조건입니다: batchnorm"):
        command.main()
