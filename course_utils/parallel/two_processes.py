"""프로세스 두 개를 띄워 학습 한 스텝을 나누어 하고, 결과를 하나로 합칩니다."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import connection, parent_process
from pathlib import Path

import torch
from torch import Tensor, distributed, multiprocessing, nn
from torch.nn import functional as F

from course_utils.alexnet import AlexNetOriginal, check_images
from course_utils.anatomy import forward_and_count
from course_utils.parallel.columns import (
    AlexNetColumn,
    ColumnLink,
    SlicedDropout,
    join_columns,
    split_column,
)

# Krizhevsky 2012, §5
SGD = {"lr": 0.01, "momentum": 0.9, "weight_decay": 0.0005}
LOST = "SIGKILL"  # 프로세스를 잃는 실험에서 보내는 신호. Windows에는 없어 이름으로 둡니다.


class WorkerError(RuntimeError):
    """프로세스 하나가 끝까지 가지 못했습니다."""


@dataclass(frozen=True)
class StepResult:
    """학습 한 스텝의 결과입니다. 나누어 계산했어도 `AlexNetOriginal`의 모양으로 합쳐져 있습니다.

    `workers`는 프로세스마다 측정한 것입니다: `device`, `parameters`(수), `activation_bytes`(저장한
    활성화), `peak_bytes`(늘어난 최대 메모리), `sent`(방향 → 층 → 보낸 바이트), `seconds`.
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
    """`model`로 SGD 한 스텝을 두 프로세스에서 합니다. 넘긴 `model`은 바뀌지 않습니다.

    Args:
        images, labels: `(N, 3, 224, 224)` 또는 `(N, 3, 227, 227)`과 `(N,)`.
        method: `"columns"`는 두 열을 두 프로세스에, `"data"`는 이미지를 두 프로세스에 나눕니다.
        seed: 드롭아웃 마스크의 시드.
        patience: 상대의 값을 기다리는 한도(초). 넘으면 오류로 끝냅니다.
        lost: 이 순번의 프로세스를 계산 직전에 죽입니다(무슨 일이 나는지 보려는 실험용).

    프로세스가 죽거나 멈추면 나머지도 끝내고 WorkerError를 냅니다. 중단해도 남는 것이 없습니다.
    """
    if method not in ("columns", "data"):
        raise ValueError(f"method는 columns, data 가운데 하나여야 합니다: {method!r}")
    if not isinstance(model, AlexNetOriginal):
        raise TypeError(f"두 열이 있는 AlexNetOriginal을 주십시오. 온 것: {type(model).__name__}")
    check_images(images, name="AlexNetOriginal", sides=(224, 227))
    if len(images) != len(labels):
        raise ValueError(f"이미지는 {len(images)}장인데 레이블은 {len(labels)}개입니다.")
    if method == "data" and len(images) % 2:
        raise ValueError(f"이미지를 둘로 똑같이 나누어야 하는데 {len(images)}장입니다.")
    refuse_windows()
    with tempfile.TemporaryDirectory(prefix="alexnet-") as folder:
        weights = {name: value.detach().cpu() for name, value in model.state_dict().items()}
        torch.save({
            "weights": weights, "images": images.cpu(), "labels": labels.cpu(), "method": method,
            "seed": seed, "patience": float(patience), "lost": lost, "signal": LOST,
        }, f"{folder}/job.pt")  # fmt: skip
        run_two(work, folder, patience)
        # torch 2.2의 mmap은 Path를 받지 않습니다.
        first, second = (
            torch.load(f"{folder}/{rank}.pt", weights_only=True, mmap=True) for rank in (0, 1)
        )
    columns = method == "columns"
    gradients, weights = (
        join_columns(first[name], second[name]) if columns else first[name]
        for name in ("gradients", "weights")
    )
    return StepResult(
        logits=first["logits"] if columns else torch.cat((first["logits"], second["logits"])),
        loss=(first["loss"] + second["loss"]) / 2,
        gradients=gradients,
        weights=weights,
        workers=[first["facts"], second["facts"]],
    )


def refuse_windows() -> None:
    if sys.platform == "win32":
        raise WorkerError(
            "두 프로세스 실행은 리눅스와 macOS에서 됩니다. Windows에서는 WSL이나 Colab을 쓰십시오."
        )


def run_two(function, folder: str, patience: float) -> None:
    """`function(순번, folder)`를 두 프로세스에서 합니다. 어떻게 끝나든 프로세스를 남기지 않습니다.

    하나라도 실패하면 나머지를 끝내고, 무엇이 왜 끝났는지 담은 WorkerError를 냅니다.
    """
    processes = multiprocessing.spawn(
        function, args=(folder,), nprocs=2, join=False, daemon=True
    ).processes
    try:
        codes = [None, None]
        while None in codes:
            connection.wait([processes[rank].sentinel for rank in (0, 1) if codes[rank] is None])
            # 한 번만 읽습니다. 두 번 읽으면 그 사이에 실패한 쪽을 놓치고 상대를 끝없이 기다립니다.
            codes = [process.exitcode for process in processes]
            if failed := [rank for rank in (0, 1) if codes[rank]]:
                # 상대가 죽어서 난 오류보다 죽은 것(음수)이 먼저입니다.
                rank = min(failed, key=lambda rank: codes[rank])
                raise WorkerError(_explain(rank, processes[rank], Path(folder), patience))
    finally:
        for process in processes:
            process.kill()
            process.join()


def _explain(rank: int, process, folder: Path, patience: float) -> str:
    """실패한 프로세스에 무슨 일이 있었는지 적습니다."""
    if process.exitcode < 0:
        return (
            f"{rank}번 프로세스(pid {process.pid})가 도중에 사라졌습니다(신호 {-process.exitcode})."
            " 짝이 없으면 계산할 수 없어 나머지도 끝냈고, 모델은 그대로입니다. 메모리가 모자라도 "
            "이렇게 되므로 배치를 줄이거나 다른 프로그램을 닫고 다시 실행하십시오."
        )
    error = folder / f"{rank}.error"
    reason = error.read_text(encoding="utf-8") if error.exists() else "시작하지 못했습니다."
    if re.search("time[d ]*out", reason, re.I):
        reason = (
            f"상대가 {patience:g}초 동안 답하지 않았습니다. 멈춰 있거나 컴퓨터가 몹시 바쁩니다. "
            "다른 일을 끝낸 뒤 다시 실행하거나 patience를 늘리십시오."
        )
    return f"{rank}번 프로세스가 실패해 나머지도 끝냈습니다. 모델은 그대로입니다. 이유: {reason}"


# --- 프로세스마다 하는 일 -------------------------------------------------------------------------


def work(rank: int, folder: str) -> None:
    """`job.pt`를 읽어 한 스텝을 하고 `{순번}.pt`를, 실패하면 이유를 `{순번}.error`에 씁니다."""
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    try:
        job = torch.load(f"{folder}/job.pt", weights_only=True, mmap=True)
        torch.save(step(job, rank, folder), f"{folder}/{rank}.pt")
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        Path(folder, f"{rank}.error").write_text(reason, encoding="utf-8")
        raise


def _leave_with_parent() -> None:
    """커널이 죽어도 홀로 남지 않게 함께 끝냅니다."""
    connection.wait([parent_process().sentinel])
    os._exit(1)


def step(job: dict, rank: int, folder: str) -> dict:
    """SGD 한 스텝을 하고, 합칠 결과와 측정한 것을 돌려줍니다."""
    before = peak_memory()
    device = connect(rank, folder, job["patience"])
    link = ColumnLink(rank)
    model, images, labels = share(job, link)
    model, images, labels = model.to(device).train(), images.to(device), labels.to(device)
    optimizer = torch.optim.SGD(model.parameters(), **SGD)
    if rank == job["lost"]:
        os.kill(os.getpid(), getattr(signal, job["signal"]))
    began = time.perf_counter()
    torch.manual_seed(job["seed"])  # 드롭아웃 마스크가 모든 프로세스에서 같습니다.
    logits, activation_bytes = forward_and_count(model, images)
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    if job["method"] == "data":
        link.sent["backward"] = average_gradients(model)
    optimizer.step()
    seconds = time.perf_counter() - began
    distributed.barrier()  # 먼저 끝난 쪽이 나가 버려 상대가 오류를 보지 않게 합니다.
    distributed.destroy_process_group()
    on_gpu = device.type == "cuda"
    parameters = dict(model.named_parameters())
    facts = {
        "device": device.type,
        "parameters": sum(p.numel() for p in parameters.values()),
        "activation_bytes": activation_bytes,
        "peak_bytes": torch.cuda.max_memory_allocated() if on_gpu else peak_memory() - before,
        "sent": link.sent,
        "seconds": seconds,
    }
    if job["method"] == "data" and rank == 1:
        parameters = {}  # 두 프로세스의 파라미터가 같으므로 한 번만 보냅니다.
    return {
        "logits": logits.detach().cpu(),
        "loss": loss.item(),
        "gradients": {name: p.grad.cpu() for name, p in parameters.items()},
        "weights": {name: p.detach().cpu() for name, p in parameters.items()},
        "facts": facts,
    }


def connect(rank: int, folder: str, patience: float) -> torch.device:
    """두 프로세스를 잇고 계산할 장치를 고릅니다. 상대가 `patience`초 동안 멈추면 오류가 납니다."""
    use_gpus = torch.cuda.device_count() >= 2
    device = torch.device("cuda", rank) if use_gpus else torch.device("cpu")
    if use_gpus:
        torch.cuda.set_device(device)
        torch.backends.cudnn.allow_tf32 = False  # 프로세스 하나의 결과와 비교할 수 있게 합니다.
    torch.set_num_threads(max(1, torch.get_num_threads() // 2))
    use_loopback()
    distributed.init_process_group(
        "nccl" if use_gpus else "gloo", store=distributed.FileStore(f"{folder}/store", 2),
        rank=rank, world_size=2, timeout=timedelta(seconds=patience),
    )  # fmt: skip
    return device


def use_loopback() -> None:
    """gloo가 이 컴퓨터 안에서만 듣게 합니다. 컴퓨터의 이름이 풀리지 않아도 됩니다."""
    if sys.platform in ("linux", "darwin"):
        loopback = "lo" if sys.platform == "linux" else "lo0"
        os.environ.setdefault("GLOO_SOCKET_IFNAME", loopback)


def share(job: dict, link: ColumnLink) -> tuple[nn.Module, Tensor, Tensor]:
    """맡은 모델과 이미지와 레이블입니다. 두 열은 모두 같은 이미지를 봅니다."""
    weights, images, labels = job["weights"], job["images"], job["labels"]
    num_classes = len(weights["classifier.fc8.bias"])
    with torch.device("meta"):  # 곧 덮어쓸 초깃값을 만들지 않습니다.
        if job["method"] == "columns":
            model, weights = AlexNetColumn(link, num_classes), split_column(weights, link.rank)
        else:
            model = AlexNetOriginal(num_classes)
            images, labels = images.chunk(2)[link.rank], labels.chunk(2)[link.rank]
            model.classifier.drop6 = SlicedDropout(link.rank, dim=0)
            model.classifier.drop7 = SlicedDropout(link.rank, dim=0)
    # 파일에 이어진(mmap) 값을 그대로 파라미터로 씁니다. 고치는 쪽만 메모리에 옮겨집니다.
    model.load_state_dict(weights, assign=True)
    return model, images, labels


def average_gradients(model: nn.Module) -> dict[str, int]:
    """데이터 병렬: 두 프로세스의 기울기를 평균합니다. 층마다 보낸 바이트를 돌려줍니다."""
    sent = Counter()
    for name, parameter in model.named_parameters():
        distributed.all_reduce(parameter.grad)
        parameter.grad /= 2
        sent[name.split(".")[-2]] += parameter.grad.nbytes
    return dict(sent)


def peak_memory() -> int:
    """이 프로세스가 지금까지 가장 많이 쓴 메모리(바이트)입니다."""
    status = Path("/proc/self/status")
    if status.exists():  # 리눅스의 ru_maxrss는 띄운 쪽(노트북)의 메모리에서 시작합니다.
        return 1024 * int(re.search(r"VmHWM:\s*(\d+)", status.read_text())[1])
    from resource import RUSAGE_SELF, getrusage  # Windows에는 없습니다.

    return getrusage(RUSAGE_SELF).ru_maxrss  # macOS에서는 바이트입니다.


# --- 명령을 여러 프로세스로 -----------------------------------------------------------------------


def torchrun(*arguments: str, processes: int) -> list[str]:
    """이 컴퓨터 안에서만 프로세스 여럿을 띄우는 `torchrun` 명령입니다."""
    return [
        sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={processes}",
        "--rdzv-backend=c10d", "--rdzv-endpoint=127.0.0.1:0", "--local-addr=127.0.0.1", *arguments,
    ]  # fmt: skip


def run_module(name: str, *arguments: str, processes: int) -> str:
    """`python -m name`을 프로세스 `processes`개로 돌리고, 화면에 적은 것을 돌려줍니다.

    실패하면 그 글의 끝을 담아 WorkerError를 냅니다. 중단하면 모든 프로세스를 끝냅니다.
    """
    refuse_windows()
    package = str(Path(__file__).resolve().parents[2])
    paths = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
    threads = max(1, (os.cpu_count() or 1) // processes)
    agent = subprocess.Popen(
        torchrun("-m", name, *arguments, processes=processes),
        env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": str(threads), "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", start_new_session=True,
    )  # fmt: skip
    try:
        said, complaints = agent.communicate()
    finally:
        agent.terminate()  # torchrun은 이 신호를 받으면 프로세스들을 먼저 끝냅니다.
        agent.wait()
    if agent.returncode != 0:
        raise WorkerError(f"{said[-1500:].strip()}\n{complaints[-500:]}".strip())
    return said


def largest_difference(result: dict[str, Tensor], reference: dict[str, Tensor]) -> float:
    """텐서마다 `|차이|의 최댓값 ÷ |기준|의 최댓값`을 구해, 그 가운데 가장 큰 것을 돌려줍니다."""
    if result.keys() != reference.keys():
        raise ValueError(f"이름이 다릅니다: {sorted(result.keys() ^ reference.keys())}")
    return max(
        ((result[name] - value).abs().max() / value.abs().max()).item()
        for name, value in reference.items()
    )
