"""`torchrun`으로 프로세스를 띄워 학습 한 걸음을 시키고, 지켜보다가 결과를 모읍니다."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from course_utils.alexnet import AlexNetOriginal, check_images
from course_utils.parallel.columns import join_columns

METHODS = ("columns", "data")
# Krizhevsky 2012, §5
SGD = {"lr": 0.01, "momentum": 0.9, "weight_decay": 0.0005}
LOST = "SIGKILL"  # 프로세스를 잃는 실험에서 보내는 신호. Windows에는 없어 이름으로 둡니다.
LAST_WORDS = 1.0  # 한 프로세스가 실패한 뒤 torchrun이 스스로 정리할 시간(초)


class WorkerError(RuntimeError):
    """프로세스 하나가 끝까지 가지 못했습니다."""


@dataclass(frozen=True)
class StepResult:
    """학습 한 걸음의 결과입니다. 나누어 계산했어도 `AlexNetOriginal`의 모양으로 합쳐져 있습니다.

    `workers`는 프로세스마다 잰 것입니다: `device`, `parameters`(수), `activation_bytes`(역전파를
    위해 붙든 것), `peak_bytes`(늘어난 최대 메모리), `sent`(방향 → 층 → 보낸 바이트), `seconds`.
    """

    logits: Tensor
    loss: float
    gradients: dict[str, Tensor]
    weights: dict[str, Tensor]
    workers: list[dict]


def train_step(
    model: AlexNetOriginal,
    images: Tensor,
    labels: Tensor,
    *,
    method: str = "columns",
    seed: int = 0,
    patience: float = 30.0,
    lost: int | None = None,
) -> StepResult:
    """`model`로 SGD 한 걸음을 두 프로세스에서 합니다. 넘긴 `model`은 바뀌지 않습니다.

    Args:
        images, labels: `(N, 3, 224, 224)` 또는 `(N, 3, 227, 227)`과 `(N,)`.
        method: `"columns"`는 두 열을 두 프로세스에, `"data"`는 이미지를 두 프로세스에 나눕니다.
        seed: 드롭아웃 마스크의 씨앗.
        patience: 상대의 값을 기다리는 한도(초). 넘으면 오류로 끝냅니다.
        lost: 이 순번의 프로세스를 계산 직전에 죽입니다(무슨 일이 나는지 보려는 실험용).

    프로세스가 죽거나 멈추면 나머지도 끝내고 WorkerError를 냅니다. 중단해도 남는 것이 없습니다.
    """
    _check(model, images, labels, method)
    with tempfile.TemporaryDirectory(prefix="alexnet-") as name:
        folder = Path(name)
        job = {
            "weights": {n: v.detach().cpu() for n, v in model.state_dict().items()},
            "images": images.cpu(), "labels": labels.cpu(), "method": method, "sgd": SGD,
            "seed": seed, "patience": float(patience), "lost": -1 if lost is None else lost,
            "signal": int(getattr(signal, LOST)),
        }  # fmt: skip
        torch.save(job, folder / "job.pt")
        _run(folder, patience)
        parts = [
            torch.load(str(folder / f"{rank}.pt"), weights_only=True, mmap=True)
            for rank in (0, 1)
        ]
    return _join(parts, method)


def _check(model: AlexNetOriginal, images: Tensor, labels: Tensor, method: str) -> None:
    if method not in METHODS:
        raise ValueError(f"method는 {', '.join(METHODS)} 가운데 하나여야 합니다: {method!r}")
    if not isinstance(model, AlexNetOriginal):
        raise TypeError(f"두 열이 있는 AlexNetOriginal을 주십시오. 온 것: {type(model).__name__}")
    check_images(images, name="AlexNetOriginal", sides=(224, 227))
    if sys.platform == "win32":
        raise WorkerError(
            "두 프로세스 실행은 리눅스와 macOS에서 됩니다. Windows에서는 WSL이나 Colab을 쓰십시오."
        )
    if len(images) != len(labels):
        raise ValueError(f"이미지는 {len(images)}장인데 레이블은 {len(labels)}개입니다.")
    if method == "data" and len(images) % 2:
        raise ValueError(f"이미지를 둘로 똑같이 나누어야 하는데 {len(images)}장입니다.")


def _run(folder: Path, patience: float) -> None:
    """`torchrun`을 띄우고 끝날 때까지 지켜봅니다. 어떻게 끝나든 프로세스를 남기지 않습니다."""
    log = folder / "log"
    command = torchrun(
        f"--log-dir={folder}", "-m", "course_utils.parallel.worker", str(folder), processes=2
    )
    with log.open("wb") as stream:
        agent = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=stream, stderr=stream,
            env=environment(), start_new_session=True,
        )  # fmt: skip
        try:
            failed_at = None
            while agent.poll() is None:
                if failed_at is None and any(folder.glob("*.error")):
                    failed_at = time.monotonic()
                if failed_at is not None and time.monotonic() - failed_at > LAST_WORDS:
                    break
                time.sleep(0.05)
        finally:
            _end(agent, folder)
    if agent.returncode != 0:
        text = log.read_text(encoding="utf-8", errors="replace")
        raise WorkerError(_explain(folder, text, patience))


def torchrun(*arguments: str, processes: int) -> list[str]:
    """이 컴퓨터 안에서만 프로세스 여럿을 띄우는 `torchrun` 명령입니다."""
    return [
        sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={processes}",
        "--rdzv-backend=c10d", "--rdzv-endpoint=127.0.0.1:0", "--local-addr=127.0.0.1",
        "--monitor-interval=0.1", *arguments,
    ]  # fmt: skip


def run_module(name: str, *arguments: str, processes: int) -> str:
    """`python -m name`을 프로세스 `processes`개로 돌리고, 화면에 적은 것을 돌려줍니다.

    실패하면 그 글의 끝을 담아 WorkerError를 냅니다. 중단하면 모든 프로세스를 끝냅니다.
    """
    with tempfile.TemporaryDirectory(prefix="torchrun-") as folder:
        agent = subprocess.Popen(
            torchrun(f"--log-dir={folder}", "-m", name, *arguments, processes=processes),
            env=environment(processes), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            encoding="utf-8", start_new_session=True,
        )  # fmt: skip
        try:
            said, complaints = agent.communicate()
        finally:
            agent.terminate()  # torchrun은 이 신호를 받으면 프로세스들을 먼저 끝냅니다.
            agent.wait()
    if agent.returncode != 0:
        raise WorkerError(f"{said[-1500:].strip()}\n{complaints[-500:]}".strip())
    return said


def environment(processes: int = 2) -> dict[str, str]:
    """프로세스가 물려받을 환경입니다. 이 컴퓨터 밖으로는 아무것도 내보내지 않습니다."""
    package = Path(__file__).resolve().parents[2]
    paths = [str(package), *filter(None, [os.environ.get("PYTHONPATH")])]
    threads = max(1, (os.cpu_count() or 1) // processes)
    variables = os.environ | {
        "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": str(threads), "PYTHONUTF8": "1",
    }  # fmt: skip
    use_loopback(variables)
    return variables


def use_loopback(variables: MutableMapping[str, str]) -> None:
    """gloo는 컴퓨터의 이름으로 주소를 찾는데, 이름이 풀리지 않는 컴퓨터가 많습니다."""
    names = {name for _, name in socket.if_nameindex()}
    loopback = next((name for name in ("lo", "lo0") if name in names), None)
    if loopback:
        variables.setdefault("GLOO_SOCKET_IFNAME", loopback)


def _end(agent: subprocess.Popen, folder: Path) -> None:
    """남은 프로세스를 모두 끝냅니다. 정상으로 끝났다면 할 일이 없습니다."""
    if agent.poll() is None:
        agent.kill()
        for file in folder.glob("*.pid"):  # torchrun은 프로세스마다 새 세션을 줍니다.
            with suppress(ProcessLookupError, ValueError):
                os.kill(int(file.read_text()), signal.SIGKILL)
    agent.stdin.close()  # 아직 번호를 적지 못한 프로세스도 이것을 보고 끝납니다.
    agent.wait()


def _explain(folder: Path, log: str, patience: float) -> str:
    """무엇이 왜 끝났는지 한국어로 적습니다."""
    endings = re.findall(r"rank\s*: (\d+).*?exitcode\s*: (-?\d+) \(pid: (\d+)\)", log, re.S)
    killed = [(r, code, pid) for r, code, pid in endings if code.startswith("-") and code != "-15"]
    if killed:
        rank, code, pid = killed[0]
        return (
            f"{rank}번 프로세스(pid {pid})가 도중에 사라졌습니다(신호 {code[1:]}). 짝이 없으면 "
            "계산할 수 없어 나머지도 끝냈고, 모델은 그대로입니다. 메모리가 모자라도 이렇게 되므로 "
            "배치를 줄이거나 다른 프로그램을 닫고 다시 실행하십시오."
        )
    errors = sorted(folder.glob("*.error"), key=lambda file: file.stat().st_mtime_ns)
    if not errors:
        return f"프로세스를 띄우지 못했습니다. torchrun이 남긴 글의 끝:\n{log[-800:]}"
    reason = errors[0].read_text(encoding="utf-8").strip().splitlines()[-1]
    if re.search("time[d ]*out", reason, re.I):
        reason = (
            f"상대가 {patience:g}초 동안 답하지 않았습니다. 멈춰 있거나 컴퓨터가 몹시 바쁩니다. "
            "다른 일을 끝낸 뒤 다시 실행하거나 patience를 늘리십시오."
        )
    return (
        f"{errors[0].stem}번 프로세스가 실패해 나머지도 끝냈습니다. 모델은 그대로입니다. "
        f"까닭: {reason}"
    )


def _join(parts: list[dict], method: str) -> StepResult:
    first = parts[0]
    gradients, weights = first["gradients"], first["weights"]
    if method == "columns":
        gradients = join_columns(gradients, parts[1]["gradients"])
        weights = join_columns(weights, parts[1]["weights"])
    shared = method == "data"
    return StepResult(
        logits=torch.cat([part["logits"] for part in parts]) if shared else first["logits"],
        loss=sum(part["loss"] for part in parts) / len(parts),
        gradients=gradients,
        weights=weights,
        workers=[part["facts"] for part in parts],
    )


def largest_difference(result: dict[str, Tensor], reference: dict[str, Tensor]) -> float:
    """텐서마다 `|차이|의 최댓값 ÷ |기준|의 최댓값`을 구해, 그 가운데 가장 큰 것을 돌려줍니다."""
    if result.keys() != reference.keys():
        raise ValueError(f"이름이 다릅니다: {sorted(result.keys() ^ reference.keys())}")
    return max(
        ((result[name] - value).abs().max() / value.abs().max()).item()
        for name, value in reference.items()
    )
