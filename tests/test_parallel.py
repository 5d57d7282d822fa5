"""두 프로세스의 AlexNet을 프로세스 하나의 `AlexNetOriginal`과 산수에 견줍니다."""

import subprocess
import sys
import tempfile
import threading
import time
from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional as F

from course_utils import parallel
from course_utils.alexnet import AlexNet, AlexNetOriginal
from course_utils.anatomy import forward_and_count
from course_utils.parallel import launch
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
    """프로세스 하나에서 PyTorch로 한 같은 한 걸음입니다."""
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
# 데이터 병렬(method="data")이 같은지는 노트북 03이 확인하고 nbval이 견줍니다.


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


def pids_in(folder):
    texts = [file.read_text() for file in sorted(folder.glob("**/*.pid"))]
    return [int(text) for text in texts if text]


def wait_for_pids(folder, seconds=60):
    deadline = time.monotonic() + seconds
    while len(pids := pids_in(folder)) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(pids) == 2
    return pids


def is_running(pid):
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return state.stdout.strip()[:1] not in ("", "Z")  # 거두지 않은 것(Z)은 이미 끝났습니다.


def all_gone(pids, seconds=10):
    deadline = time.monotonic() + seconds
    while any(map(is_running, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(map(is_running, pids))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """`train_step`이 임시 폴더를 만드는 곳입니다."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def lose(model, folder, **options):
    """둘째 프로세스를 잃는 한 걸음입니다. (오류의 글, 두 프로세스의 번호)를 돌려줍니다."""
    pids = []
    watcher = threading.Thread(target=lambda: pids.extend(wait_for_pids(folder)))
    watcher.start()
    with pytest.raises(parallel.WorkerError) as error:
        parallel.train_step(model, IMAGES[:1], LABELS[:1], lost=1, **options)
    watcher.join()
    return str(error.value), pids


def test_a_killed_process_ends_the_run_with_its_name(folder, model):
    said, pids = lose(model, folder)
    assert f"1번 프로세스(pid {pids[1]})가 도중에 사라졌습니다(신호 9)" in said
    assert all_gone(pids)
    assert list(folder.iterdir()) == []


def test_a_frozen_process_does_not_hang_the_run(folder, model, monkeypatch):
    monkeypatch.setattr(launch, "LOST", "SIGSTOP")
    said, pids = lose(model, folder, patience=6)  # 느린 컴퓨터에서도 시작은 함께 합니다.
    assert "0번 프로세스가 실패" in said
    assert "6초 동안 답하지 않았습니다" in said
    assert all_gone(pids)
    assert list(folder.iterdir()) == []


def clock(sleep):
    """`launch`만 쓰는 시계입니다. `time.sleep`을 바꾸면 다른 시험이 남긴 스레드까지 바뀝니다."""
    return SimpleNamespace(sleep=sleep, monotonic=time.monotonic)


def test_processes_leave_when_their_caller_dies(tmp_path, monkeypatch):
    """부른 쪽이 죽으면 운영 체제가 닫는 표준 입력을 여기서 닫습니다."""
    torch.save({"patience": 30.0}, tmp_path / "job.pt")  # 계산까지는 가지 않습니다.
    popen, agents = subprocess.Popen, []

    def start(*arguments, **options):
        agents.append(popen(*arguments, **options))
        return agents[0]

    def leave(seconds):
        time.sleep(seconds)
        if len(pids_in(tmp_path)) == 2:
            agents[0].stdin.close()

    monkeypatch.setattr(launch, "time", clock(leave))
    monkeypatch.setattr(launch, "subprocess", SimpleNamespace(PIPE=subprocess.PIPE, Popen=start))
    with pytest.raises(parallel.WorkerError):
        launch._run(tmp_path, 30)
    monkeypatch.undo()
    assert all_gone(pids_in(tmp_path))


def test_an_interrupt_leaves_no_process(tmp_path, monkeypatch):
    """torchrun과 두 프로세스 대신, 번호만 적고 오래 자는 가벼운 것들을 띄웁니다."""
    sleeper = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(60)"
    agent = (
        "import subprocess, sys; [subprocess.Popen([sys.executable, '-c', sys.argv[1], path], "
        "start_new_session=True) for path in sys.argv[2:]]; import time; time.sleep(60)"
    )
    paths = [str(tmp_path / f"{rank}.pid") for rank in (0, 1)]
    popen = subprocess.Popen
    monkeypatch.setattr(
        launch.subprocess, "Popen",
        lambda _, **options: popen([sys.executable, "-c", agent, sleeper, *paths], **options),
    )  # fmt: skip
    pids = []

    def interrupt(_):
        pids[:] = pids_in(tmp_path)
        if len(pids) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(launch, "time", clock(interrupt))
    with pytest.raises(KeyboardInterrupt):
        launch._run(tmp_path, 30)
    monkeypatch.undo()
    assert all_gone(pids)


@pytest.mark.parametrize(("change", "error", "words"), [
    ({"method": "rows"}, ValueError, "columns"),
    ({"images": torch.zeros(2, 3, 32, 32)}, ValueError, "224"),
    ({"labels": torch.tensor([1])}, ValueError, "2장인데 레이블은 1개"),
    ({"images": IMAGES[:1], "labels": LABELS[:1], "method": "data"}, ValueError, "똑같이"),
    ({"model": AlexNet(2)}, TypeError, "AlexNetOriginal"),
])  # fmt: skip
def test_bad_input_is_refused_before_any_process_starts(change, error, words, model, monkeypatch):
    monkeypatch.setattr(launch.subprocess, "Popen", lambda *_, **__: pytest.fail("띄웠습니다"))
    arguments = {"model": model, "images": IMAGES, "labels": LABELS} | change
    with pytest.raises(error, match=words):
        parallel.train_step(**arguments)


@pytest.mark.parametrize(("log", "error", "words"), [
    ("  rank      : 1 (local_rank: 1)\n  exitcode  : -9 (pid: 77)", "", "pid 77"),
    ("  rank : 0 (x)\n exitcode : 1 (pid: 5)\n", "x\nIndexError: Target 9 is out", "IndexError"),
    ("", "RuntimeError: Timed out waiting 2000ms for recv operation", "2초 동안 답하지"),
    ("Address already in use", "", "Address already in use"),
])  # fmt: skip
def test_every_kind_of_end_is_explained(tmp_path, log, error, words):
    if error:
        (tmp_path / "0.error").write_text(error, encoding="utf-8")
    assert words in launch._explain(tmp_path, log, 2)


def test_the_package_is_imported_where_no_sigkill_exists():
    """Windows의 signal에는 SIGKILL이 없습니다."""
    code = "import signal; del signal.SIGKILL; import course_utils.parallel.launch"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_largest_difference_is_relative_to_the_reference():
    reference = {"a": torch.tensor([1.0, -200.0]), "b": torch.tensor([0.5])}
    changed = {"a": torch.tensor([1.0, -198.0]), "b": torch.tensor([0.501])}
    assert parallel.largest_difference(changed, reference) == pytest.approx(0.01)
    with pytest.raises(ValueError, match="b"):
        parallel.largest_difference({"a": torch.zeros(1)}, reference)
