"""발표할 쪽에 무엇이 남고 무엇이 빠지는지 확인합니다. 브라우저로 보는 것은 tests/e2e가 합니다."""

from pathlib import Path

import nbformat
import present
import pytest
from course_files import course_notebooks

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = course_notebooks()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages") / "쪽"
    present.write_pages(folder)
    present.write_pages(folder)  # 앞서 만든 것이 있어도 새로 만듭니다.
    return {path.name: nbformat.read(path, as_version=4).cells for path in folder.iterdir()}


def test_every_notebook_becomes_a_page(pages):
    assert sorted(pages) == [path.name for path in NOTEBOOKS]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notes_exercises_and_old_outputs_are_left_out(pages, path):
    cells = pages[path.name]
    text = "\n".join(cell.source for cell in cells)
    assert "강사 노트" not in text
    assert "## 연습문제" not in text
    assert not any("exercise" in cell.metadata.get("tags", []) for cell in cells)
    assert not any(cell.get("outputs") for cell in cells)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_everything_else_stays_in_order(pages, path):
    kept = [cell.id for cell in pages[path.name]]
    cells = nbformat.read(path, as_version=4).cells
    start = next(i for i, cell in enumerate(cells) if cell.source.startswith("## 연습문제"))
    end = next(i for i, cell in enumerate(cells) if cell.source.startswith("## 퀴즈"))
    stubs = {cell.id for cell in cells if "exercise" in cell.metadata.get("tags", [])}
    aside = stubs | {cell.id for cell in cells if "강사 노트" in cell.source}
    assert kept == [cell.id for cell in cells[:start] + cells[end:] if cell.id not in aside]
