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
