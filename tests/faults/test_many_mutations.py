"""망가진 파일 만 개 남짓을 읽힙니다. 다른 예외, 멈춤, 경고, 메모리 넘침, 틀린 그림이 없어야 합니다.

무엇이 잘못인지는 tests/mutations.py와 tests/saved_files.py의 judge_…가 정합니다.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# 프로세스 하나가 함께 맡는 종류와 파일의 수입니다.
GROUPS = [
    {"zip": 800, "folder": 1000},
    {"JPEG": 1200, "PNG": 1200, "GIF": 1000, "TIFF": 1000},
    {"BMP": 700, "PPM": 600, "WEBP": 1000, "notebook": 400},
    {"pretrained": 600, "classifier": 600, "checkpoint": 400},
]
PEAK_MB = 2_500  # torch와 CUDA 라이브러리만 불러와도 500 MB쯤입니다.
TESTS = Path(__file__).parents[1]
PROCESS = os.environ | {
    "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)]),
    "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1",
}  # fmt: skip


def test_there_are_more_than_ten_thousand_files():
    assert sum(sum(group.values()) for group in GROUPS) > 10_000


@pytest.mark.parametrize("group", GROUPS, ids="-".join)
def test_mutated_files_are_refused_or_read_rightly(group):
    script = str(Path(__file__).with_name("fuzz.py"))
    asked = [f"{kind}={count}" for kind, count in group.items()]
    result = subprocess.run(
        [sys.executable, script, *asked, "--seed", "2012"], capture_output=True, text=True,
        encoding="utf-8", timeout=400, env=PROCESS,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-2000:]
    lines = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    assert {told["kind"]: told["count"] for told in lines} == group
    for told in lines:
        print(told)
        assert 0 < told["read"] < told["count"]
        assert told["peak_mb"] < PEAK_MB
