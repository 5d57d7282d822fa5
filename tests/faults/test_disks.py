"""진짜 작은 디스크와 읽기 전용 디스크, 한 폴더를 함께 쓰는 두 프로세스입니다."""

import subprocess

import processes
import pytest

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
        "experiment": lambda: runs.save(folder / "c.ckpt", layer, optimizer, {}, {}),
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
    small_disk = ["unshare", "-Urm", "sh", "-c", mount, str(folder)]
    answer = processes.tell([*small_disk, *processes.python(SAVE, folder)])
    assert set(answer["told"].values()) == {code}  # ENOSPC 또는 EROFS
    assert answer["files"] == []


TOGETHER = (
    processes.SMALL_EXPERIMENT
    + """
    print("준비", flush=True)
    sys.stdin.readline()
    record = runs.run(condition, data, seed=1, name="a", folder=Path(sys.argv[1]))
    print(record["history"])
"""
)


def start(folder):
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen(processes.python(TOGETHER, folder), **pipes, text=True,
                            encoding="utf-8", env=processes.ENVIRONMENT)  # fmt: skip


def test_two_kernels_with_the_same_experiment_both_end_well(tmp_path):
    both = [start(tmp_path) for _ in range(2)]
    for process in both:
        assert process.stdout.readline() == "준비\n"
    for process in both:
        process.stdin.write("\n")
        process.stdin.flush()
    told = [process.communicate(timeout=200) for process in both]
    assert [error[-500:] for _, error in told] == ["", ""]
    assert told[0][0] == told[1][0]
    assert "test_accuracy" in told[0][0]
    assert {path.name for path in tmp_path.iterdir()} <= {"a.json", "a.pt", "a.ckpt"}
