"""도구들이 함께 쓰는 것: pyproject.toml과 강의 노트북, 노트북의 셀 표시를 읽습니다."""

import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10에서는 pytest가 데려온 tomli를 씁니다.
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
# 셀 하나의 판정은 한 줄에 하나이고, 이름이 앞에 올 수 있습니다: '가 ✓ 맞습니다.'
VERDICT = re.compile(r"^(?:\S+ )?([…✓✗]) ", re.M)


def read_project(root: Path = ROOT) -> dict:
    """pyproject.toml의 [project] 표입니다."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def course_notebooks(folder: Path = ROOT / "notebooks") -> list[Path]:
    """강의 노트북들입니다: 번호로 시작하는 이름에서, JupyterLab이 만든 사본(-Copy1)을 뺍니다."""
    paths = sorted(folder.glob("[0-9]*.ipynb"))
    return [path for path in paths if not re.search(r"-Copy\d+$", path.stem)]


def all_notebooks(folder: Path = ROOT / "notebooks") -> list[Path]:
    """강의 노트북과, 더 깊이 가는 deep/의 노트북들입니다."""
    return course_notebooks(folder) + course_notebooks(folder / "deep")


def has_tag(cell: dict, tag: str) -> bool:
    return tag in cell.get("metadata", {}).get("tags", [])


def is_speaker_note(cell: dict) -> bool:
    return cell.metadata.get("slideshow", {}).get("slide_type") == "notes"


def clear_outputs(notebook: dict) -> None:
    """저장된 결과와 실행 번호를 지웁니다. 빈 셀은 실행되지 않아 옛 결과가 남기 때문입니다."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None


def verdicts(cell: dict) -> list[str]:
    """셀에 저장된 결과에 있는 판정의 표시들(…, ✓, ✗)입니다."""
    texts = [output.get("text") or output.get("data", {}).get("text/plain", "")
             for output in cell.get("outputs", [])]  # fmt: skip
    return [mark for text in texts for mark in VERDICT.findall("".join(text))]


def replace_folder(output: Path, build: Callable[[Path], object]) -> object:
    """빈 폴더에 다 만든 뒤 한꺼번에 바꿉니다. 실패하면 옛것이 그대로 남습니다."""
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}-") as work:
        fresh = Path(work, "new")
        fresh.mkdir()
        made = build(fresh)
        if output.exists():
            os.replace(output, Path(work, "old"))
        os.replace(fresh, output)
    return made
