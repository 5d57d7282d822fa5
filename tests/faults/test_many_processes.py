"""`course_utils.commands.imagenet`를 정말로 여러 프로세스에서 돌리고, 죽이고, 상하게 합니다.

데이터는 강의에 든 사진 조각을 클래스 폴더로 쓴 것이고, 모델은 연습용 SmallAlexNet입니다. 드롭아웃도
켜져 있습니다.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from PIL import Image

from course_utils import parallel
from course_utils.commands.imagenet import training
from course_utils.data.photo_patches import cut_photos
from course_utils.parallel import two_processes

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="리눅스와 macOS에서 됩니다")

MODULE = "course_utils.commands.imagenet"
BROKEN = "고양이/0003.png"
# float64로 비교합니다. 더하는 순서가 달라 끝자리가 어긋나는데, float32에서는 그것이 ReLU나 최대
# 풀링의 문턱을 넘겨 훨씬 큰 차이가 되기도 합니다(docs/이미지넷.md 6절).
CLOSE = 1e-9
STEPS = 6  # 에폭마다: 이미지 100장, 배치 16장


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """클래스 열 개에 학습 10장, 검증 4장. 학습 이미지 하나는 반만 남았습니다."""
    folder = tmp_path_factory.mktemp("이미지 폴더")
    train, train_labels, val, val_labels, names = cut_photos()
    for part, pixels, labels, count in (("train", train, train_labels, 10),
                                        ("val", val, val_labels, 4)):  # fmt: skip
        for label, name in enumerate(names):
            (folder / part / name).mkdir(parents=True)
            mine = [i for i, value in enumerate(labels) if value == label][:count]
            for number, i in enumerate(mine):
                Image.fromarray(pixels[i]).save(folder / part / name / f"{number:04d}.png")
    broken = folder / "train" / BROKEN
    broken.write_bytes(broken.read_bytes()[: broken.stat().st_size // 2])
    return folder


def arguments(tree, out, *extra):
    return ["--data", str(tree), "--out", str(out), "--model", "SmallAlexNet", "--epochs", "3",
            "--batch-size", "16", "--lr", "0.05", "--log-every", "2", "--save-every", "2",
            "--workers", "0", "--precision", "float64", *extra]  # fmt: skip


def result(out):
    """기록과 마지막 가중치입니다."""
    return SimpleNamespace(
        out=out,
        rows=training.read_rows(out),
        weights=torch.load(str(out / "model.pt"), weights_only=True),
        record=json.loads((out / "model.json").read_text(encoding="utf-8")),
    )


def train(tree, out, processes, *extra):
    said = parallel.run_module(MODULE, *arguments(tree, out, *extra), processes=processes)
    return result(out), said


@pytest.fixture(scope="module")
def one(tree, tmp_path_factory):
    return train(tree, tmp_path_factory.mktemp("one"), 1)


@pytest.fixture(scope="module")
def two(tree, tmp_path_factory):
    return train(tree, tmp_path_factory.mktemp("two"), 2)


def assert_same(run, reference, bound):
    """기록의 손실과 마지막 가중치가 `bound`(상대 오차) 안에서 같습니다."""
    assert [row["step"] for row in run.rows] == [row["step"] for row in reference.rows]
    for row, other in zip(run.rows, reference.rows, strict=True):
        for name in {"loss", "train_loss"} & row.keys():
            assert row[name] == pytest.approx(other[name], rel=bound or 1e-12)
    if bound:
        assert parallel.largest_difference(run.weights, reference.weights) < bound
    else:
        assert all(torch.equal(run.weights[n], v) for n, v in reference.weights.items())


def test_training_learns(one):
    epochs = [row for row in one[0].rows if "train_loss" in row]
    assert epochs[-1]["train_loss"] < epochs[0]["train_loss"]


def test_two_processes_equal_one(one, two):
    assert_same(two[0], one[0], CLOSE)


def test_four_processes_in_pieces_equal_one(one, tree, tmp_path):
    four, _ = train(tree, tmp_path, 4, "--micro-batch", "3")
    assert four.record["processes"] == 4
    assert_same(four, one[0], CLOSE)


def test_broken_image_is_skipped_counted_and_named(two):
    run, said = two
    assert f"건너뛴 이미지 1장: {BROKEN}" in said
    assert run.record["skipped"] == [BROKEN]
    assert run.rows[-1]["skipped"] == 1


def test_only_three_checkpoints_the_log_and_the_model_are_left(two):
    names = sorted(path.name[:10] for path in two[0].out.iterdir())
    assert names == ["checkpoint"] * 3 + ["log.jsonl", "model.json", "model.pt"]


def test_cut_checkpoint_is_refused_and_other_number_of_processes_goes_on(tree, two, one, tmp_path):
    out = tmp_path / "이어서"
    shutil.copytree(two[0].out, out)
    (out / "model.pt").unlink()
    newest, middle, oldest = sorted(out.glob("checkpoint-*.pt"), reverse=True)
    newest.unlink()  # 마지막 에폭을 마치기 전에 꺼졌고
    middle.write_bytes(middle.read_bytes()[:1000])  # 그때 쓰던 것이 잘렸습니다.
    run, said = train(tree, out, 1)
    assert f"{middle.name}은(는) 내용이 상해 쓰지 않습니다. {oldest.name}에서 이어집니다." in said
    assert_same(run, one[0], CLOSE)


def test_other_settings_are_not_mixed(tree, two):
    with pytest.raises(parallel.WorkerError, match=r"다른 설정으로 하던 학습.*lr: 0.05 → 0.1"):
        train(tree, two[0].out, 1, "--lr", "0.1")


def test_finished_run_is_only_evaluated_again(tree, two):
    before = two[0].rows
    run, _ = train(tree, two[0].out, 1)
    assert run.rows == before


def workers_of(agent):
    """torchrun의 자식 가운데 학습하는 프로세스들입니다."""
    command = ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(agent.pid)]
    listed = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
    return [int(line.split()[0]) for line in listed if f"-m {MODULE}" in line]


def test_killed_worker_restarts_from_the_last_checkpoint_with_the_same_result(tree, two, tmp_path):
    command = two_processes.torchrun("--max-restarts=1", "-m", MODULE,
                                     *arguments(tree, tmp_path), processes=2)  # fmt: skip
    root = str(Path(parallel.__file__).parents[2])
    agent = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": root, "PYTHONUTF8": "1"},
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8")
    deadline = time.monotonic() + 120
    while not any(row["step"] >= STEPS + 2 for row in training.read_rows(tmp_path)):
        assert time.monotonic() < deadline
        assert agent.poll() is None
        time.sleep(0.005)
    _, second = workers_of(agent)
    os.kill(second, signal.SIGKILL)
    said, _ = agent.communicate(timeout=120)
    assert agent.returncode == 0
    assert "스텝에서 이어집니다" in said  # 처음부터가 아닙니다.
    assert_same(result(tmp_path), two[0], 0)


def test_dry_run_leaves_nothing(tree, tmp_path):
    said = parallel.run_module(MODULE, *arguments(tree, tmp_path / "x", "--dry-run"), processes=2)
    assert "파라미터 450,154개" in said
    assert "초당" in said
    assert list(tmp_path.iterdir()) == []


def test_missing_folder_is_told_once_in_korean(tmp_path):
    with pytest.raises(parallel.WorkerError) as error:
        parallel.run_module(MODULE, *arguments(tmp_path, tmp_path / "out"), processes=2)
    assert str(error.value).count("클래스마다 폴더가 있고") == 1
