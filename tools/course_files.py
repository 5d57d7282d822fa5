"""도구들이 함께 쓰는 것: pyproject.toml과 노트북의 셀 표시를 읽습니다."""

from pathlib import Path

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10에서는 pytest가 데려온 tomli를 씁니다.
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]


def read_project(root: Path = ROOT) -> dict:
    """pyproject.toml의 [project] 표입니다."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def has_tag(cell: dict, tag: str) -> bool:
    return tag in cell.metadata.get("tags", [])


def is_speaker_note(cell: dict) -> bool:
    return cell.metadata.get("slideshow", {}).get("slide_type") == "notes"
