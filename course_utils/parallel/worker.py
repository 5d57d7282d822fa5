"""`torchrun`이 프로세스마다 부르는 명령입니다. 학습 한 걸음을 하고 결과를 폴더에 남깁니다.

폴더의 `job.pt`를 읽고, 끝나면 `{순번}.pt`를, 실패하면 까닭을 담은 `{순번}.error`를 씁니다.
"""

import argparse
import os
import sys
import threading
import time
import traceback
from datetime import timedelta
from pathlib import Path

import torch
from torch import Tensor, distributed, nn
from torch.nn import functional as F

from course_utils.alexnet import AlexNetOriginal
from course_utils.anatomy import forward_and_count
from course_utils.parallel.columns import AlexNetColumn, ColumnLink, SlicedDropout, split_column


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    rank = int(os.environ["RANK"])
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    (folder / f"{rank}.pid").write_text(str(os.getpid()))
    try:
        # torch 2.2의 mmap은 Path를 받지 않습니다.
        result = run(torch.load(str(folder / "job.pt"), weights_only=True, mmap=True), rank)
    except Exception:
        (folder / f"{rank}.error").write_text(traceback.format_exc(), encoding="utf-8")
        raise
    torch.save(result, folder / f"{rank}.part")
    os.replace(folder / f"{rank}.part", folder / f"{rank}.pt")


def _leave_with_parent() -> None:
    """부른 쪽이 사라지면 표준 입력이 닫힙니다. 커널이 죽어도 홀로 남지 않게 함께 끝냅니다."""
    os.read(0, 1)  # sys.stdin으로 읽으면 끝날 때 파이썬이 그 자물쇠를 기다리다 멈춥니다.
    os._exit(1)


def run(job: dict, rank: int) -> dict:
    """학습 한 걸음을 하고, 합칠 결과와 잰 것을 돌려줍니다."""
    before = peak_memory()
    device = connect(rank, job["patience"])
    link = ColumnLink(rank)
    model = build(job, link, device)
    if rank == job["lost"]:
        os.kill(os.getpid(), job["signal"])
    began = time.perf_counter()
    logits, loss, activation_bytes = step(model, job, link, device)
    seconds = time.perf_counter() - began
    distributed.barrier()  # 먼저 끝난 쪽이 나가 버려 상대가 오류를 보지 않게 합니다.
    distributed.destroy_process_group()
    on_gpu = device.type == "cuda"
    parameters = dict(model.named_parameters())
    if job["method"] == "data" and rank == 1:
        parameters = {}  # 두 프로세스의 파라미터가 같으므로 한 번만 보냅니다.
    return {
        "logits": logits.detach().cpu(),
        "loss": loss.item(),
        "gradients": {name: p.grad.cpu() for name, p in parameters.items()},
        "weights": {name: p.detach().cpu() for name, p in parameters.items()},
        "facts": {
            "device": device.type,
            "parameters": sum(p.numel() for p in model.parameters()),
            "activation_bytes": activation_bytes,
            "peak_bytes": torch.cuda.max_memory_allocated() if on_gpu else peak_memory() - before,
            "sent": link.sent,
            "seconds": seconds,
        },
    }


def connect(rank: int, patience: float) -> torch.device:
    """두 프로세스를 잇고 계산할 장치를 고릅니다."""
    use_gpus = torch.cuda.device_count() >= 2
    if use_gpus:
        torch.cuda.set_device(rank)
        torch.backends.cudnn.allow_tf32 = False  # 프로세스 하나의 결과와 견줄 수 있게 합니다.
    # 상대가 멈추면 영원히 기다리지 않고 오류를 냅니다.
    limit = timedelta(seconds=patience)
    distributed.init_process_group("nccl" if use_gpus else "gloo", timeout=limit)
    return torch.device("cuda", rank) if use_gpus else torch.device("cpu")


def step(
    model: nn.Module, job: dict, link: ColumnLink, device: torch.device
) -> tuple[Tensor, Tensor, int]:
    """SGD 한 걸음입니다. 로짓, 손실, 역전파를 위해 붙든 바이트를 돌려줍니다."""
    images, labels = share(job, link.rank)
    optimizer = torch.optim.SGD(model.parameters(), **job["sgd"])
    torch.manual_seed(job["seed"])  # 드롭아웃 마스크가 모든 프로세스에서 같습니다.
    logits, activation_bytes = forward_and_count(model, images.to(device))
    loss = F.cross_entropy(logits, labels.to(device))
    loss.backward()
    if job["method"] == "data":
        average_gradients(model, link)
    optimizer.step()
    return logits, loss, activation_bytes


def build(job: dict, link: ColumnLink, device: torch.device) -> nn.Module:
    """맡은 몫의 모델을 만들고 파라미터를 넣습니다."""
    num_classes = len(job["weights"]["classifier.fc8.bias"])
    with torch.device("meta"):  # 곧 덮어쓸 초기값을 만들지 않습니다.
        if job["method"] == "columns":
            model = AlexNetColumn(link, num_classes)
        else:
            model = AlexNetOriginal(num_classes)
    weights = job["weights"]
    if job["method"] == "columns":
        weights = split_column(weights, link.rank)
    else:
        model.classifier.drop6 = SlicedDropout(link.rank, dim=0)
        model.classifier.drop7 = SlicedDropout(link.rank, dim=0)
    # 파일에 이어진(mmap) 값을 그대로 파라미터로 씁니다. 고치는 쪽만 메모리에 옮겨집니다.
    model.load_state_dict(weights, assign=True)
    return model.to(device).train()


def share(job: dict, rank: int) -> tuple[Tensor, Tensor]:
    """맡은 이미지와 레이블입니다. 두 열은 모두 같은 이미지를 봅니다."""
    if job["method"] != "data":
        return job["images"], job["labels"]
    return job["images"].chunk(2)[rank], job["labels"].chunk(2)[rank]


def average_gradients(model: nn.Module, link: ColumnLink) -> None:
    """데이터 병렬: 두 프로세스의 변화도를 평균합니다. 보낸 바이트도 셉니다."""
    for name, parameter in model.named_parameters():
        distributed.all_reduce(parameter.grad)
        parameter.grad /= 2
        layer = name.split(".")[-2]
        count = link.sent["backward"]
        count[layer] = count.get(layer, 0) + parameter.grad.nbytes


def peak_memory() -> int:
    """이 프로세스가 지금까지 가장 많이 쓴 메모리(바이트)입니다."""
    from resource import RUSAGE_SELF, getrusage  # Windows에는 없습니다.

    unit = 1 if sys.platform == "darwin" else 1024
    return getrusage(RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    main()
