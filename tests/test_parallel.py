"""두 프로세스의 AlexNet을 프로세스 하나의 `AlexNetOriginal`과 산수에 비교합니다."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from multiprocessing import active_children
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from course_utils import parallel
from course_utils.alexnet import AlexNet, AlexNetOriginal
from course_utils.anatomy import forward_and_count
from course_utils.parallel import two_processes
from course_utils.parallel.columns import AlexNetColumn, ColumnLink, join_columns, split_column

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="리눅스와 macOS에서 됩니다")

SEED = 7
# 열 하나가 이미지 한 장에 보내는 수: 128×13×13(pool2), 128×6×6(pool5), FC6과 FC7의 절반, 로짓
SENT = {"conv3": 128 * 13 * 13, "fc6": 128 * 6 * 6, "fc7": 2048, "fc8": 1000}
PIXELS = torch.Generator().manual_seed(0)
IMAGES = torch.randn(2, 3, 224, 224, generator=PIXELS)
LABELS = torch.tensor([3, 500])


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return AlexNetOriginal()


@pytest.fixture(scope="module")
def expected(model):
    """프로세스 하나에서 PyTorch로 한 같은 한 스텝입니다."""
    twin = AlexNetOriginal()
    twin.load_state_dict(model.state_dict())
    optimizer = torch.optim.SGD(twin.parameters(), lr=0.01, momentum=0.9, weight_decay=0.0005)
    torch.manual_seed(SEED)
    logits = twin.train()(IMAGES)
    loss = F.cross_entropy(logits, LABELS)
    loss.backward()
    gradients = {name: p.grad.clone() for name, p in twin.named_parameters()}
    optimizer.step()
    return logits.detach(), loss.item(), gradients, twin.state_dict()


@pytest.fixture(scope="module")
def result(model):
    return parallel.train_step(model, IMAGES, LABELS, seed=SEED)


# --- 프로세스 하나와 같습니다 ---------------------------------------------------------------------
# 데이터 병렬(method="data")이 같은지는 노트북 03이 확인하고 nbval이 비교합니다.


def test_logits_equal_those_of_one_process(result, expected):
    torch.testing.assert_close(result.logits, expected[0], rtol=1e-4, atol=1e-4)


def test_loss_equals_that_of_one_process(result, expected):
    assert result.loss == pytest.approx(expected[1], rel=1e-5)


def test_every_gradient_equals_that_of_one_process(result, expected):
    assert result.gradients.keys() == expected[2].keys()
    for name, gradient in expected[2].items():
        bound = 1e-4 * gradient.abs().max().item()
        torch.testing.assert_close(result.gradients[name], gradient, rtol=0, atol=bound, msg=name)


def test_one_sgd_step_equals_that_of_one_process(result, expected, model):
    before = model.state_dict()
    for name, after in expected[3].items():
        step = (after - before[name]).abs().max().item()
        assert step > 1e-6, name  # 움직이지 않은 파라미터라면 같아도 뜻이 없습니다.
        bound = 1e-3 * step
        torch.testing.assert_close(result.weights[name], after, rtol=0, atol=bound, msg=name)


def test_the_given_model_is_not_changed(result, model):
    torch.manual_seed(0)
    fresh = AlexNetOriginal().state_dict()
    assert all(torch.equal(fresh[name], value) for name, value in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())


# --- 나눈 것과 보낸 것 ----------------------------------------------------------------------------


def test_two_columns_hold_every_parameter_once(result):
    first, second = (worker["parameters"] for worker in result.workers)
    assert first + second == 60_965_224
    assert first - second == 1000  # FC8의 편향은 첫째 열에만 있습니다.


def test_bytes_sent_follow_from_the_shapes(result):
    forward = {layer: 4 * len(IMAGES) * count for layer, count in SENT.items()}
    backward = {layer: count for layer, count in forward.items() if layer != "fc8"}
    for worker in result.workers:
        assert worker["sent"] == {"forward": forward, "backward": backward}


def test_a_column_keeps_little_more_than_half_the_activations(result, model):
    whole = forward_and_count(model.train(), IMAGES)[1]
    for worker in result.workers:  # 상대에게서 받은 값도 붙들어야 합니다.
        assert 0.5 < worker["activation_bytes"] / whole < 0.6


def test_splitting_and_joining_gives_the_same_weights(model):
    weights = model.state_dict()
    joined = join_columns(split_column(weights, 0), split_column(weights, 1))
    assert joined.keys() == weights.keys()
    assert all(torch.equal(joined[name], value) for name, value in weights.items())


@pytest.mark.parametrize("rank", [0, 1])
def test_the_split_weights_fit_the_column(model, rank):
    with torch.device("meta"):
        column = AlexNetColumn(ColumnLink(rank))
    shapes = {name: value.shape for name, value in column.state_dict().items()}
    pieces = split_column(model.state_dict(), rank)
    assert {name: value.shape for name, value in pieces.items()} == shapes


# --- 잘못되었을 때 --------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """`train_step`이 임시 폴더를 만드는 곳입니다. 끝나면 파일도 프로세스도 없어야 합니다."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield tmp_path
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("alexnet-")]
    assert active_children() == []


def lose(model, rank, **options):
    """`rank`번 프로세스를 잃는 한 스텝의 오류입니다."""
    with pytest.raises(parallel.WorkerError) as error:
        parallel.train_step(model, IMAGES[:1], LABELS[:1], lost=rank, **options)
    return str(error.value)


@pytest.mark.parametrize("rank", [0, 1])
def test_a_killed_process_ends_the_run_with_its_name(folder, model, rank):
    said = lose(model, rank)
    assert said.startswith(f"{rank}번 프로세스(pid ")
    assert "도중에 사라졌습니다(신호 9)" in said


def test_a_frozen_process_does_not_hang_the_run(folder, model, monkeypatch):
    monkeypatch.setattr(two_processes, "LOST", "SIGSTOP")
    said = lose(model, 1, patience=6)  # 느린 컴퓨터에서도 시작은 함께 합니다.
    assert "0번 프로세스가 실패" in said
    assert "6초 동안 답하지 않았습니다" in said


def sleep(rank, folder):
    """두 프로세스 가운데 0번만 곧 끝나고 1번은 오래 잡니다."""
    two_processes.threading.Thread(target=two_processes._leave_with_parent, daemon=True).start()
    Path(folder, f"{rank}.pid").write_text(str(os.getpid()))
    time.sleep(60 * rank)


def fail(rank, folder):
    Path(folder, f"{rank}.error").write_text("IndexError: Target 9 is out", encoding="utf-8")
    sys.exit(1)


def test_reason_of_an_error_is_told(folder):
    with pytest.raises(parallel.WorkerError, match="이유: IndexError: Target 9 is out"):
        two_processes.run_two(fail, str(folder), 30)


def test_an_interrupt_leaves_no_process(folder, monkeypatch):
    waits = []

    def interrupt(sentinels):
        waits.append(len(sentinels))
        raise KeyboardInterrupt

    monkeypatch.setattr(two_processes.connection, "wait", interrupt)
    with pytest.raises(KeyboardInterrupt):
        two_processes.run_two(sleep, str(folder), 30)
    assert waits == [2]


def is_running(pid):
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return state.stdout.strip()[:1] not in ("", "Z")  # 거두지 않은 것(Z)은 이미 끝났습니다.


def wait_until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_processes_leave_when_their_caller_dies(tmp_path):
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import test_parallel; "
        f"test_parallel.two_processes.run_two(test_parallel.sleep, {str(tmp_path)!r}, 30)"
    )
    caller = subprocess.Popen([sys.executable, "-c", code])
    sleeper = tmp_path / "1.pid"
    wait_until(lambda: sleeper.exists() and sleeper.read_text())
    os.kill(caller.pid, signal.SIGKILL)
    caller.wait()
    wait_until(lambda: not is_running(int(sleeper.read_text())), seconds=10)


@pytest.mark.parametrize(("change", "error", "words"), [
    ({"method": "rows"}, ValueError, "columns"),
    ({"images": torch.zeros(2, 3, 32, 32)}, ValueError, "224"),
    ({"labels": torch.tensor([1])}, ValueError, "2장인데 레이블은 1개"),
    ({"images": IMAGES[:1], "labels": LABELS[:1], "method": "data"}, ValueError, "똑같이"),
    ({"model": AlexNet(2)}, TypeError, "AlexNetOriginal"),
])  # fmt: skip
def test_bad_input_is_refused_before_any_process_starts(change, error, words, model, monkeypatch):
    monkeypatch.setattr(two_processes, "run_two", lambda *_: pytest.fail("띄웠습니다"))
    arguments = {"model": model, "images": IMAGES, "labels": LABELS} | change
    with pytest.raises(error, match=words):
        parallel.train_step(**arguments)


def test_windows_is_told_to_use_wsl_at_its_own_cell(model, monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(parallel.WorkerError, match="WSL"):
        parallel.train_step(model, IMAGES, LABELS)
    with pytest.raises(parallel.WorkerError, match="WSL"):
        parallel.run_module("this", processes=1)


# Windows에 없거나, 리눅스에만 있는 이름입니다.
ELSEWHERE = """
import os, signal, sys
for module, names in ((signal, "SIGKILL SIGSTOP SIGHUP SIGUSR1 SIGALRM setitimer pthread_kill"),
                      (os, "sched_getaffinity fork forkpty killpg getuid setsid getpgid wait4")):
    for name in names.split():
        delattr(module, name)
"""
ABSENT = "for name in ('resource', 'fcntl', 'pwd', 'grp', 'termios'): sys.modules[name] = None\n"


@pytest.mark.parametrize("module", ["parallel", "commands.imagenet.__main__"])
def test_the_module_is_imported_where_posix_names_are_missing(module):
    """불러올 때 한 시스템에만 있는 것을 건드리면 다른 시스템에서는 노트북의 첫 셀부터 멈춥니다."""
    # torch와 그 밖의 라이브러리는 먼저 불러옵니다. 이 시스템의 판은 이 이름들을 씁니다.
    code = "import torch, torchvision, skimage, multiprocessing.connection, torch.distributed\n"
    code += "import torch.nn.parallel, torch.utils.data, torch._dynamo, subprocess, tempfile\n"
    subprocess.run([sys.executable, "-c", f"{code}{ELSEWHERE}{ABSENT}import course_utils.{module}"],
                   check=True)  # fmt: skip


def test_largest_difference_is_relative_to_the_reference():
    reference = {"a": torch.tensor([1.0, -200.0]), "b": torch.tensor([0.5])}
    changed = {"a": torch.tensor([1.0, -198.0]), "b": torch.tensor([0.501])}
    assert parallel.largest_difference(changed, reference) == pytest.approx(0.01)
    with pytest.raises(ValueError, match="b"):
        parallel.largest_difference({"a": torch.zeros(1)}, reference)
