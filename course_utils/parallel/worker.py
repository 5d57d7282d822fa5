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
from course_utils.parallel.columns import AlexNetColumn, SlicedDropout, Wire, split_column


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    rank = int(os.environ["RANK"])
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    (folder / f"{rank}.pid").write_text(str(os.getpid()))
    try:
        result = run(torch.load(folder / "job.pt", weights_only=True, mmap=True), rank)
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
    start, num_processes = peak_memory(), int(os.environ["WORLD_SIZE"])
    use_gpus = torch.cuda.device_count() >= num_processes > 1
    device = torch.device("cuda", rank) if use_gpus else torch.device("cpu")
    if use_gpus:
        torch.cuda.set_device(device)
        torch.backends.cudnn.allow_tf32 = False  # 프로세스 하나의 결과와 견줄 수 있게 합니다.
    # 상대가 멈추면 영원히 기다리지 않고 오류를 냅니다.
    patience = timedelta(seconds=job["patience"])
    distributed.init_process_group("nccl" if use_gpus else "gloo", timeout=patience)
    wire = Wire(rank)
    model = build(job, wire, device)
    images, labels = share(job, rank)
    optimizer = torch.optim.SGD(model.parameters(), **job["sgd"])
    torch.manual_seed(job["seed"])  # 드롭아웃 마스크가 모든 프로세스에서 같습니다.
    if rank == job["lost"]:
        os.kill(os.getpid(), job["signal"])
    began = time.perf_counter()
    logits, activation_bytes = forward(model, images.to(device))
    loss = F.cross_entropy(logits, labels.to(device))
    loss.backward()
    if job["method"] == "data":
        average_gradients(model, wire)
    optimizer.step()
    seconds = time.perf_counter() - began
    distributed.barrier()  # 먼저 끝난 쪽이 나가 버려 상대가 오류를 보지 않게 합니다.
    distributed.destroy_process_group()
    parameter_bytes = sum(p.nbytes for p in model.parameters())
    keep = job["method"] == "columns" or rank == 0  # 데이터를 나누면 모두의 파라미터가 같습니다.
    return {
        "logits": logits.detach().cpu(),
        "loss": loss.item(),
        "gradients": {n: p.grad.cpu() for n, p in model.named_parameters() if keep},
        "weights": {n: p.detach().cpu() for n, p in model.named_parameters() if keep},
        "facts": {
            "device": device.type,
            "parameters": sum(p.numel() for p in model.parameters()),
            "parameter_bytes": 3 * parameter_bytes,  # 값, 변화도, 모멘텀
            "activation_bytes": activation_bytes,
            "peak_bytes": torch.cuda.max_memory_allocated() if use_gpus else peak_memory() - start,
            "sent": wire.sent,
            "seconds": seconds,
        },
    }


def build(job: dict, wire: Wire, device: torch.device) -> nn.Module:
    """맡은 몫의 모델을 만들고 파라미터를 넣습니다."""
    num_classes = len(job["weights"]["classifier.fc8.bias"])
    with torch.device("meta"):  # 곧 덮어쓸 초기값을 만들지 않습니다.
        if job["method"] == "columns":
            model = AlexNetColumn(wire, num_classes)
        else:
            model = AlexNetOriginal(num_classes)
    weights = job["weights"]
    if job["method"] == "columns":
        weights = split_column(weights, wire.rank)
    elif job["method"] == "data":
        model.classifier.drop6 = SlicedDropout(wire.rank, dim=0)
        model.classifier.drop7 = SlicedDropout(wire.rank, dim=0)
    # 파일에 이어진(mmap) 값을 그대로 파라미터로 씁니다. 고치는 쪽만 메모리에 옮겨집니다.
    model.load_state_dict(weights, assign=True)
    return model.to(device).train()


def share(job: dict, rank: int) -> tuple[Tensor, Tensor]:
    """맡은 이미지와 레이블입니다. 두 열은 모두 같은 이미지를 봅니다."""
    if job["method"] != "data":
        return job["images"], job["labels"]
    return job["images"].chunk(2)[rank], job["labels"].chunk(2)[rank]


def forward(model: nn.Module, images: Tensor) -> tuple[Tensor, int]:
    """로짓과, 역전파를 위해 autograd가 붙들고 있는 값의 바이트 수(파라미터 제외)입니다."""
    own = {p.untyped_storage().data_ptr() for p in model.parameters()}
    kept = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        logits = model(images)
    return logits, sum(kept.values())


def average_gradients(model: nn.Module, wire: Wire) -> None:
    """데이터 병렬: 모든 프로세스의 변화도를 평균합니다. 보낸 바이트도 셉니다."""
    for name, parameter in model.named_parameters():
        distributed.all_reduce(parameter.grad)
        parameter.grad /= distributed.get_world_size()
        layer = name.split(".")[-2]
        count = wire.sent["backward"]
        count[layer] = count.get(layer, 0) + parameter.grad.nbytes


def peak_memory() -> int:
    """이 프로세스가 지금까지 가장 많이 쓴 메모리(바이트)입니다."""
    from resource import RUSAGE_SELF, getrusage  # Windows에는 없습니다.

    unit = 1 if sys.platform == "darwin" else 1024
    return getrusage(RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    main()
