"""발표할 쪽에 무엇이 남고 무엇이 빠지는지 확인합니다. 브라우저로 보는 것은 tests/e2e가 합니다."""

import builtins
import itertools
import re
from pathlib import Path

import nbformat
import present
import pytest
from course_files import course_notebooks
from nbformat.v4 import new_code_cell, new_markdown_cell

from course_utils.checkpoint import load_pretrained
from course_utils.data import load_digits
from course_utils.lenet import LeNet5
from course_utils.training import evaluate

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = course_notebooks()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages") / "쪽"
    present.write_pages(folder)
    present.write_pages(folder)  # 앞서 만든 것이 있어도 새로 만듭니다.
    return {path.name: nbformat.read(path, as_version=4).cells for path in folder.iterdir()}


def test_every_notebook_becomes_a_page(pages):
    plans = ["수업45.ipynb", "수업90.ipynb"]
    assert sorted(pages) == [*(path.name for path in NOTEBOOKS), *plans]


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


PLANS = ["수업45.ipynb", "수업90.ipynb"]


@pytest.mark.parametrize("name", PLANS)
def test_plan_goes_through_the_guide_with_a_clock(pages, name):
    text = "\n".join(cell.source for cell in pages[name] if cell.cell_type == "markdown")
    total = int(re.search(r"\d+", name)[0])
    found = re.findall(r"^## (\d+)~(\d+)분", text, re.M)
    minutes = [(int(start), int(end)) for start, end in found]
    assert minutes[0][0] == 0
    assert minutes[-1][1] == total
    assert all(one[1] == following[0] for one, following in itertools.pairwise(minutes))
    assert "강사 노트" not in text
    assert "연습문제" not in text


@pytest.mark.parametrize("name", PLANS)
def test_plan_defines_every_name_before_it_is_read(pages, name):
    known = {*dir(builtins), "display"}
    for cell in pages[name]:
        if cell.cell_type == "code":
            reads, writes = present.names_in(cell.source.removeprefix("%%capture\n"))
            assert reads <= known | writes, cell.source
            known |= writes


def test_plan_waits_for_no_training_of_the_whole_data(pages):
    for name in PLANS:
        code = "\n".join(cell.source for cell in pages[name] if cell.cell_type == "code")
        assert "lenet5_mnist" in code
        assert "OneCycleLR" not in code


def test_shipped_model_reads_the_embedded_digits():
    digits = load_digits(offline=True, root="/nowhere")
    model = LeNet5()
    record = load_pretrained(model, "lenet5_mnist")
    # 8×8을 키운 다른 글씨체여서 MNIST보다 낮습니다. 찍으면 0.1입니다.
    assert evaluate(model, digits.test_images, digits.test_labels)["accuracy"] > 0.8
    assert record["test_accuracy"][-1] > 0.98


def test_section_ends_at_the_next_heading_of_its_height():
    cells = [new_markdown_cell(text) for text in ("# 제목", "## 1. 가", "글", "### 나", "## 2. 다")]
    assert present.section(cells, "1.") == (1, 4)
    assert present.section(cells, "나") == (3, 4)
    assert present.section(cells, "2.") == (4, 5)
    with pytest.raises(ValueError, match="'3\\.'"):
        present.section(cells, "3.")


def test_only_what_a_section_needs_runs_before_it():
    cells = [new_code_cell(code) for code in (
        "import math", "slow = [math.pi for _ in range(9)]", "size = math.floor(4.5)",
        "def area(): return size ** 2", "area()",
    )]  # fmt: skip
    needed = [cell.source for cell in present.before(cells, 4, {"area"}, set())]
    assert needed == ["import math", "size = math.floor(4.5)", "def area(): return size ** 2"]
    assert present.before(cells, 4, {"area"}, {cells[3].id}) == []
