"""시험할 코드를 따로 띄운 파이썬에서 돌립니다. 한도나 글자 설정은 그 프로세스만 바꿉니다."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = os.environ | {
    "PYTHONPATH": os.pathsep.join([str(ROOT / "tests"), str(ROOT)]),
    "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1",
}  # fmt: skip

# 밝기가 다른 두 클래스의 이미지 48장으로 네 에폭을 학습하는 실험입니다.
SMALL_EXPERIMENT = """
    import sys
    from pathlib import Path
    import torch
    torch.set_num_threads(1)
    from course_utils.data import ImageData
    from course_utils.commands.experiments import runs
    from course_utils.commands.experiments.conditions import COMMON, Condition

    condition = Condition(recipe=COMMON | {"num_epochs": 4, "batch_size": 16})
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(48) % 2
    images = 0.5 * torch.rand(48, 3, 32, 32, generator=generator) + 0.4 * labels.view(-1, 1, 1, 1)
    data = ImageData(images, labels, images[:16], labels[:16], ("가", "나"), "시험", "made", "")
"""


def python(code, *arguments):
    """들여 쓴 코드를 돌리는 명령입니다."""
    return [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]


def run(command, *, timeout=200, **options):
    """명령이 찍은 줄들입니다. 실패하면 AssertionError에 오류의 끝이 나옵니다."""
    options = {"env": ENVIRONMENT} | options
    result = subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", timeout=timeout, **options
    )
    assert result.returncode == 0, result.stderr[-2000:]
    return result.stdout.splitlines()


def tell(command, **options):
    """명령이 마지막 줄에 찍은 JSON입니다."""
    return json.loads(run(command, **options)[-1])
