"""불러오는 데 드는 시간."""

import json
import subprocess
import sys
from pathlib import Path

from timing import paired

NOTEBOOK = Path(__file__).resolve().parents[1] / "notebooks" / "01_lenet5.ipynb"


def import_seconds(code: str) -> float:
    """새 파이썬에서 `code`를 실행하는 데 드는 초입니다. 파이썬이 뜨는 시간은 뺍니다."""
    timed = f"import time; t = time.perf_counter(); {code}; print(time.perf_counter() - t)"
    result = subprocess.run(
        [sys.executable, "-c", timed], capture_output=True, text=True, check=True
    )
    return float(result.stdout.split()[-1])


def import_course(runs: int) -> dict:
    """`import course_utils`: 20 ms를 걸린 시간으로 나눈 값입니다."""
    spent = [import_seconds("import course_utils") for _ in range(runs)]
    return {"values": [0.020 / each for each in spent], "ours_seconds": spent}


def setup_cell(runs: int) -> dict:
    """01의 준비 셀: (torch, torchvision, matplotlib를 import하는 시간 + 0.5초)를 나눈 값입니다."""
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    cell = next(c for c in notebook["cells"] if "setup" in c["metadata"].get("tags", []))
    setup = "exec(" + repr("".join(cell["source"])) + ")"
    bare = "import torch, torchvision, matplotlib.pyplot"
    return paired([(import_seconds(setup), import_seconds(bare) + 0.5) for _ in range(runs)])
