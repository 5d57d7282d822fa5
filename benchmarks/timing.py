"""시간을 측정하는 것들: 번갈아 측정하기, 기계의 사정, 데이터."""

import json
import os
import time
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from statistics import median

import torch

from course_utils.data import ImageData, load_digits, load_photos

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / "tools"


def seconds(work: Callable, *arguments: object) -> float:
    """함수를 한 번 부르는 데 걸린 초입니다."""
    start = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - start


def median_seconds(work: Callable[[], object], *, runs: int = 5) -> float:
    """한 번 데운 뒤 `runs`번 측정한 초의 중앙값입니다."""
    work()
    return median(seconds(work) for _ in range(runs))


def compare(ours: Callable[[int], object], theirs: Callable[[int], object], runs: int) -> dict:
    """둘을 번갈아 측정합니다. 컴퓨터가 느려졌다 빨라져도 짝별 비율은 덜 흔들립니다.

    인자는 시드입니다. `values`는 짝별 `theirs / ours`이고 1보다 크면 우리가 빠릅니다.
    """
    ours(-1), theirs(-1)  # 처음 한 번은 메모리를 잡고 커널을 고르느라 느립니다.
    return paired([(seconds(ours, seed), seconds(theirs, seed)) for seed in range(runs)])


def paired(pairs: list[tuple[float, float]]) -> dict:
    """`(우리, 비교할 쪽)`의 초들을 표의 한 줄로 만듭니다."""
    return {
        "values": [theirs / ours for ours, theirs in pairs],
        "ours_seconds": [ours for ours, _ in pairs],
        "theirs_seconds": [theirs for _, theirs in pairs],
    }


def machine() -> dict:
    """값을 읽는 데 필요한 기계의 사정입니다."""
    return {
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "cpu": torch.backends.cpu.get_cpu_capability(),
        "date": date.today().isoformat(),
    }


def read_rows(path: Path) -> list[dict]:
    """앞서 측정한 줄들입니다. 없거나 깨졌으면 비어 있습니다."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []


@cache
def mnist() -> ImageData:
    """MNIST 전체입니다. 없으면 측정하지 않습니다."""
    return _real(load_digits(), "MNIST")


@cache
def cifar() -> ImageData:
    """CIFAR-10 전체입니다. 없으면 측정하지 않습니다."""
    return _real(load_photos(), "CIFAR-10")


def _real(data: ImageData, name: str) -> ImageData:
    if data.name != name:
        raise SystemExit(f"속도는 {name} 전체로만 측정합니다. COURSE_DATA를 확인하십시오.")
    return data
