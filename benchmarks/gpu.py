"""GPU에서 AlexNet(227×227)을 학습하는 속도: 그대로 돌릴 때, 그리고 카드의 계산 한계와 비교합니다.

    python benchmarks/run.py alexnet_gpu

GPU가 없으면 한 줄로 알리고 건너뜁니다. 나머지 행과 달리 짝마다 번갈아 하지 않습니다.
"""

from functools import partial
from statistics import median

import torch
from lenet import step
from timing import seconds
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.alexnet import AlexNet
from course_utils.anatomy import dissect
from course_utils.training import set_seed

BATCH_SIZE, STEPS = 256, 20
SIDE = 8192  # 계산 한계를 측정하는 행렬의 한 변


def training_flops(model: nn.Module, batch_size: int) -> float:
    """학습 한 스텝의 곱셈과 덧셈입니다. 역전파는 입력 쪽과 가중치 쪽으로 순전파의 두 배입니다.

    첫 층은 입력 쪽을 셈하지 않으므로 두 배가 아니라 한 배입니다.
    """
    counted = [layer.macs for layer in dissect(model, (3, 227, 227)) if layer.macs]
    return 2.0 * batch_size * (3 * sum(counted) - counted[0])


def matmul_flops(device: torch.device, *, side: int = SIDE, runs: int = 5) -> float:
    """bfloat16 행렬 곱에서 카드가 실제로 내는 초당 계산입니다. 이보다 빠를 수는 없다고 봅니다."""
    a, b = (torch.randn(side, side, device=device, dtype=torch.bfloat16) for _ in range(2))

    def multiply() -> None:
        a @ b
        wait(device)

    multiply()
    return 2.0 * side**3 / min(seconds(multiply) for _ in range(runs))


def wait(device: torch.device) -> None:
    """맡긴 계산이 끝나기를 기다립니다. GPU는 그때에야 시간을 측정할 수 있습니다."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def half_step(model: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, y: Tensor) -> None:
    """bfloat16 자동 혼합 정밀도의 학습 한 스텝입니다."""
    optimizer.zero_grad()
    with torch.autocast(x.device.type, torch.bfloat16):
        loss = F.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()


def step_seconds(
    device: torch.device, *, half: bool, channels_last: bool, compiled: bool,
    batch_size: int = BATCH_SIZE, steps: int = STEPS, runs: int = 5,
) -> list[float]:  # fmt: skip
    """학습 한 스텝에 걸린 초를 `runs`번 측정합니다. 한 번은 `steps`스텝의 평균입니다."""
    set_seed(0)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    model = AlexNet().to(device, memory_format=layout)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    x = torch.randn(batch_size, 3, 227, 227, device=device).contiguous(memory_format=layout)
    y = torch.randint(1000, (batch_size,), device=device)
    network = torch.compile(model) if compiled else model
    one = partial(half_step if half else step, network, optimizer, x, y)

    def work() -> None:
        for _ in range(steps):
            one()
        wait(device)

    work()  # 컴파일과 커널 고르기를 마칩니다.
    return [seconds(work) / steps for _ in range(runs)]


VARIANTS = {
    "그대로(float32)": {"half": False, "channels_last": False, "compiled": False},
    "bfloat16, channels-last": {"half": True, "channels_last": True, "compiled": False},
    "bfloat16, channels-last, compile": {"half": True, "channels_last": True, "compiled": True},
}


def alexnet_gpu(runs: int, *, device: torch.device | None = None, batch_size: int = BATCH_SIZE,
                steps: int = STEPS, side: int = SIDE) -> dict | None:  # fmt: skip
    """변형별 초당 이미지, 그대로 돌릴 때와의 비율, 카드의 한계에 대한 비율입니다."""
    if device is None and not torch.cuda.is_available():
        print("  GPU가 없어 건너뜁니다.")
        return None
    device = device or torch.device("cuda")
    limit = matmul_flops(device, side=side) / training_flops(AlexNet(), batch_size)
    measured = {
        name: step_seconds(device, **variant, batch_size=batch_size, steps=steps, runs=runs)
        for name, variant in VARIANTS.items()
    }
    details = {
        name: {
            "images_per_second": batch_size / median(spent),
            "share_of_limit": 1 / median(spent) / limit,
        }
        for name, spent in measured.items()
    }
    plain, *others = measured.values()
    best = min(others, key=median)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else str(device)
    return {
        "values": [a / b for a, b in zip(plain, best, strict=True)],
        "ours_seconds": best,
        "theirs_seconds": plain,
        "details": details,
        "note": f"{name}, 배치 {batch_size}, 행렬 곱의 한계 초당 {batch_size * limit:,.0f}장",
    }
