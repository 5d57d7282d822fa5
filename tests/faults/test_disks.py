"""진짜 작은 디스크와 읽기 전용 디스크, 한 폴더를 함께 쓰는 두 프로세스입니다."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROCESS = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"}

SAVE = """
    import json, sys
    from pathlib import Path
    import torch
    from torch import nn
    from course_utils import checkpoint
    from course_utils.commands.experiments import runs
    from course_utils.checkpoint import write_atomically
    from course_utils.transfer import save_classifier
    from course_utils.transfer.classifier import KINDS

    folder = Path(sys.argv[1])
    net = KINDS["small"].build(3).to_empty(device="cpu")
    layer = nn.Linear(1000, 500)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    ways = {
        "write": lambda: write_atomically(folder / "a.bin", bytes(1 << 20)),
        "checkpoint": lambda: checkpoint.save_pretrained(layer, {}, "a", folder=folder),
        "classifier": lambda: save_classifier(folder / "b.pt", net, "가나다", kind="small"),
        "checkpoint": lambda: runs.save(folder / "c.ckpt", layer, optimizer, {}, {}),
    }
    told = {}
    for name, way in ways.items():
        try:
            way()
            told[name] = "썼습니다"
        except OSError as error:
            told[name] = error.errno
    print(json.dumps({"told": told, "files": [str(path) for path in folder.rglob("*")]}))
"""


def can_mount():
    command = ["unshare", "-Urm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    try:
        return subprocess.run(command, capture_output=True, timeout=10).returncode == 0
    except OSError:
        return False


@pytest.mark.parametrize(("option", "code"), [("size=256k", 28), ("ro", 30)], ids=["full", "ro"])
def test_full_or_read_only_disk_keeps_no_half_written_file(tmp_path, option, code):
    if not can_mount():
        pytest.skip("이 컴퓨터에서는 작은 디스크를 따로 붙일 수 없습니다(unshare -Urm).")
    mount = f'mount -t tmpfs -o {option} tmpfs "$0" && exec "$@"'
    folder = tmp_path / "작은 디스크"
    folder.mkdir()
    result = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", mount, str(folder), sys.executable, "-c",
         textwrap.dedent(SAVE), str(folder)],
        capture_output=True, text=True, encoding="utf-8", timeout=200, env=PROCESS,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-2000:]
    answer = json.loads(result.stdout.splitlines()[-1])
    assert set(answer["told"].values()) == {code}  # ENOSPC 또는 EROFS
    assert answer["files"] == []


TOGETHER = """
    import sys, time
    from pathlib import Path
    import torch
    torch.set_num_threads(1)
    from course_utils.data import ImageData
    from course_utils.commands.experiments import runs
    from course_utils.commands.experiments.conditions import COMMON, Condition

    condition = Condition(recipe=COMMON | {"num_epochs": 4, "batch_size": 16})
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(48) % 2
    images = torch.rand(48, 3, 32, 32, generator=generator) * 0.5 + 0.4 * labels.view(-1, 1, 1, 1)
    data = ImageData(images, labels, images[:16], labels[:16], ("가", "나"), "시험", "made", "")
    print("준비", flush=True)
    sys.stdin.readline()
    record = runs.run(condition, data, seed=1, name="a", folder=Path(sys.argv[1]))
    print(record["history"])
"""


def start(folder):
    command = [sys.executable, "-c", textwrap.dedent(TOGETHER), str(folder)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, encoding="utf-8",
                            env=PROCESS)  # fmt: skip


def test_two_kernels_with_the_same_experiment_both_end_well(tmp_path):
    processes = [start(tmp_path) for _ in range(2)]
    for process in processes:
        assert process.stdout.readline() == "준비\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    told = [process.communicate(timeout=200) for process in processes]
    assert [error[-500:] for _, error in told] == ["", ""]
    assert told[0][0] == told[1][0]
    assert "test_accuracy" in told[0][0]
    assert {path.name for path in tmp_path.iterdir()} <= {"a.json", "a.pt", "a.ckpt"}
