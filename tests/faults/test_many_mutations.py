"""망가진 파일 만 개 남짓을 읽힙니다. 다른 예외, 멈춤, 경고, 메모리 넘침, 틀린 그림이 없어야 합니다.

무엇이 잘못인지는 tests/mutations.py와 tests/saved_files.py의 judge_…가 정합니다.
"""

import json
import sys
from pathlib import Path

import processes
import pytest

# 프로세스 하나가 함께 맡는 종류와 파일의 수입니다.
GROUPS = [
    {"zip": 800, "folder": 1000},
    {"JPEG": 1200, "PNG": 1200, "GIF": 1000, "TIFF": 1000},
    {"BMP": 700, "PPM": 600, "WEBP": 1000, "notebook": 400},
    {"pretrained": 600, "classifier": 600, "checkpoint": 400},
]
PEAK_MB = 2_500  # torch와 CUDA 라이브러리만 불러와도 500 MB쯤입니다.


@pytest.mark.parametrize("group", GROUPS, ids="-".join)
def test_mutated_files_are_refused_or_read_rightly(group):
    script = str(Path(__file__).with_name("fuzz.py"))
    asked = [f"{kind}={count}" for kind, count in group.items()]
    lines = processes.run([sys.executable, script, *asked, "--seed", "2012"], timeout=400)
    lines = [json.loads(line) for line in lines if line.startswith("{")]
    assert {told["kind"]: told["count"] for told in lines} == group
    for told in lines:
        print(told)
        assert 0 < told["read"] < told["count"]
        assert told["peak_mb"] < PEAK_MB
