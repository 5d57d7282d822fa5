"""저장소의 주소가 한 곳에서 노트북과 README로 퍼지는지 확인합니다. 실행은 tests/e2e가 합니다."""

import shutil
from pathlib import Path

import colab
import nbformat
import pytest
from course_files import all_notebooks

ROOT = Path(__file__).resolve().parents[1]
ADDRESS = "https://github.com/someone/some-course"


@pytest.fixture
def copy(tmp_path):
    """주소를 적지 않은 저장소의 사본입니다."""
    for name in ("README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "notebooks" / "deep").mkdir(parents=True)
    for name in ("00_start.ipynb", "04_innovations.ipynb", "deep/04_lrn.ipynb"):
        shutil.copy(ROOT / "notebooks" / name, tmp_path / "notebooks" / name)
    return tmp_path


def write_address(folder, address):
    path = folder / "pyproject.toml"
    text = path.read_text(encoding="utf-8").split("\n[project.urls]")[0]
    path.write_text(f'{text}\n[project.urls]\nRepository = "{address}"\n', encoding="utf-8")


def texts(folder):
    return {path.name: path.read_text(encoding="utf-8")
            for path in [folder / "README.md", *folder.glob("notebooks/**/*.ipynb")]}  # fmt: skip


def test_committed_files_agree_with_pyproject():
    """어긋났다면 `make colab`을 실행하십시오."""
    address = colab.read_address(ROOT)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert colab.put_badge(readme, address, "00_start.ipynb") == readme
    for path in all_notebooks():
        cells = nbformat.read(path, as_version=4).cells
        assert colab.put_badge(cells[0].source, address, colab.page(path, ROOT)) == cells[0].source
        setup = next(cell for cell in cells if "setup" in cell.metadata.get("tags", []))
        assert colab.SOURCE.search(setup.source), path.name
        assert colab.put_source(setup.source, address) == setup.source


def test_address_reaches_badges_and_setup_cells(copy):
    write_address(copy, ADDRESS + ".git")
    assert colab.main(copy) == 0
    notebook = nbformat.read(copy / "notebooks" / "04_innovations.ipynb", as_version=4)
    link = "https://colab.research.google.com/github/someone/some-course/blob/main/notebooks/"
    assert notebook.cells[0].source.splitlines()[2].endswith(f"({link}04_innovations.ipynb)")
    deep = nbformat.read(copy / "notebooks" / "deep" / "04_lrn.ipynb", as_version=4)
    assert f"({link}deep/04_lrn.ipynb)" in deep.cells[0].source
    assert notebook.cells[0].source.splitlines()[4] == "이 노트북에서"
    assert f'os.environ.get("COURSE_SOURCE", "git+{ADDRESS}")' in notebook.cells[1].source
    assert f"({link}00_start.ipynb)" in (copy / "README.md").read_text(encoding="utf-8")


def test_running_again_changes_nothing_and_no_address_restores_the_files(copy):
    original = texts(copy)
    write_address(copy, ADDRESS)
    colab.main(copy)
    once = texts(copy)
    colab.main(copy)
    assert texts(copy) == once != original
    write_address(copy, "")
    colab.main(copy)
    assert texts(copy) == original


def test_address_that_colab_cannot_open_is_refused(copy, capsys):
    original = texts(copy)
    write_address(copy, "https://example.com/course")
    assert colab.main(copy) == 1
    assert "https://github.com/이름/저장소" in capsys.readouterr().err
    assert texts(copy) == original
