"""프로세스들을 잇고, 함께 알리고, 함께 끝냅니다."""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NoReturn

import torch
from torch import Tensor, distributed

from course_utils.parallel.two_processes import use_loopback

PATIENCE = timedelta(minutes=10)  # 상대의 값을 기다리는 한도


def connect() -> torch.device:
    """`torchrun`이 띄운 프로세스들을 잇고 이 프로세스의 장치를 돌려줍니다. 혼자여도 됩니다.

    GPU가 이 컴퓨터의 프로세스 수만큼 있으면 NCCL로 하나씩, 아니면 gloo로 CPU에서 돌립니다.
    """
    rank, size, local_rank = (
        int(os.environ.get(name, default))
        for name, default in (("RANK", 0), ("WORLD_SIZE", 1), ("LOCAL_RANK", 0))
    )
    store = None  # None이면 torchrun이 알려 준 주소에서 만납니다.
    if "RANK" not in os.environ:
        store = distributed.HashStore()  # torchrun 없이 혼자 부른 경우
    elif size == local_size():
        use_loopback()
        if os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True":
            # 요즘 torchrun은 다시 시작해도 같은 저장소를 주고, 거기에는 죽은 프로세스의 주소가
            # 남습니다. 시작할 때마다 새 자리에서 만납니다. 컴퓨터가 여럿이면 시작한 횟수가 서로
            # 다를 수 있어, torchrun 앞에 TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1을 적어야 합니다.
            address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
            shared = distributed.TCPStore(address, port, size, is_master=False)
            restarts = os.environ["TORCHELASTIC_RESTART_COUNT"]
            store = distributed.PrefixStore(f"start-{restarts}", shared)
    num_gpus = torch.cuda.device_count()
    use_gpus = num_gpus >= local_size()
    distributed.init_process_group(
        "nccl" if use_gpus else "gloo", store=store, rank=rank, world_size=size, timeout=PATIENCE
    )
    if use_gpus:
        torch.cuda.set_device(local_rank)
        return torch.device("cuda", local_rank)
    if num_gpus:
        say(f"주의: 프로세스는 {local_size()}개인데 GPU는 {num_gpus}개라 모두 CPU에서 "
            f"느리게 계산합니다. GPU를 쓰려면 --nproc-per-node={num_gpus}로 하십시오.")  # fmt: skip
    return torch.device("cpu")


def local_size() -> int:
    """이 컴퓨터에서 도는 프로세스의 수입니다."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", 1))


def is_first() -> bool:
    return distributed.get_rank() == 0


def say(message: str) -> None:
    """첫 프로세스만 알립니다."""
    if is_first():
        print(message, flush=True)


def fail(message: str) -> NoReturn:
    """모든 프로세스가 함께 부릅니다. 이유는 한 번만 알리고 모두 끝냅니다."""
    say(f"\n{message}\n")
    raise SystemExit(1)


def total(values: Tensor) -> Tensor:
    """모든 프로세스의 값을 더합니다. 넘긴 텐서는 그대로입니다."""
    summed = values.clone()
    distributed.all_reduce(summed)
    return summed


def gather(value: Any) -> list:
    """모든 프로세스의 값을 모두가 받습니다."""
    values = [None] * distributed.get_world_size()
    distributed.all_gather_object(values, value)
    return values


def together(make: Callable[[], Any]) -> Any:
    """프로세스마다 `make`를 부릅니다. 하나라도 OSError나 ValueError를 내면 모두 함께 끝냅니다."""
    value, problem = None, None
    try:
        value = make()
    except (OSError, ValueError) as error:
        problem = str(error)
    problems = [each for each in gather(problem) if each]
    if problems:
        fail(problems[0])
    return value


def from_first(make: Callable[[], Any]) -> Any:
    """첫 프로세스만 `make`를 부르고, 그 값을 모두가 받습니다."""
    return gather(together(lambda: make() if is_first() else None))[0]
