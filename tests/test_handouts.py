"""나누어 주는 노트북: 학생용에는 풀이가 없고, 풀이용에는 풀이가 펼쳐져 있습니다."""

import functools
import json
import re
import zipfile
from pathlib import Path

import handouts
import nbformat
import pytest
from course_files import all_notebooks

ROOT = Path(__file__).resolve().parents[1]

NAMES = [path.relative_to(ROOT / "notebooks").as_posix() for path in all_notebooks()]
KINDS = [handouts.STUDENT, handouts.SOLVED]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """저장소의 노트북으로 만든 것이 든 폴더입니다."""
    output = tmp_path_factory.mktemp("나누어 줄 것") / "handouts"
    handouts.build_all(output)
    return output


@pytest.fixture(scope="module")
def read(built):
    """(종류, 이름)의 노트북을 한 번씩만 읽습니다."""
    made = {(kind, name): nbformat.read(built / kind / name, as_version=4)
            for kind in KINDS for name in NAMES}  # fmt: skip
    return lambda kind, name: made[kind, name]


@functools.cache
def source(name):
    return nbformat.read(ROOT / "notebooks" / name, as_version=4)


def with_tag(notebook, tag):
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]


@pytest.mark.parametrize("name", NAMES)
def test_student_version_keeps_every_exercise_and_no_solution(read, name):
    made = read(handouts.STUDENT, name)
    ids = [cell.id for cell in with_tag(source(name), "exercise")]
    assert [cell.id for cell in with_tag(made, "exercise")] == ids
    assert ids or name.startswith("deep/")
    text = json.dumps(made, ensure_ascii=False)
    for cell in with_tag(source(name), "solution"):
        assert json.dumps(cell.source, ensure_ascii=False)[1:-1] not in text
    assert "# 풀이" not in text


@pytest.mark.parametrize("name", NAMES)
def test_stored_verdicts_of_students_are_empty(read, name):
    for cell in with_tag(read(handouts.STUDENT, name), "exercise"):
        assert set(handouts.verdicts(cell)) == {handouts.EMPTY_MARK}


@pytest.mark.parametrize("name", NAMES)
def test_solved_version_shows_each_solution_where_the_stub_was(read, name):
    made = read(handouts.SOLVED, name)
    assert with_tag(made, "exercise") == []
    before = source(name).cells
    for cell in with_tag(made, "solution"):
        assert not cell.metadata.get("jupyter", {}).get("source_hidden")
        assert cell.metadata.slideshow.slide_type != "skip"
        place = [item.id for item in before].index(cell.id)
        assert "exercise" in before[place - 1].metadata.tags


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_the_rest_of_the_notebook_is_untouched(read, kind, name):
    skipped = {"solution", "exercise"}
    kept = [cell for cell in source(name).cells if not skipped & set(cell.metadata.get("tags", []))
            and cell.metadata.slideshow.slide_type != "notes"]  # fmt: skip
    made = [cell for cell in read(kind, name).cells
            if not skipped & set(cell.metadata.get("tags", []))]  # fmt: skip
    assert [cell.id for cell in made] == [cell.id for cell in kept]
    pictures = [[output.get("data", {}).get("image/png") for output in cell.get("outputs", [])]
                for cell in made]  # fmt: skip
    assert pictures == [
        [output.get("data", {}).get("image/png") for output in cell.get("outputs", [])]
        for cell in kept
    ]
    for ours, theirs in zip(made, kept, strict=True):
        if ours.cell_type == "code":
            assert ours.source == theirs.source
    nbformat.validate(read(kind, name))
    code = [cell for cell in read(kind, name).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))


@pytest.mark.parametrize("kind", KINDS)
def test_every_link_leads_to_a_file_of_the_folder(built, read, kind):
    folder, links = (built / kind).resolve(), set()
    for name in NAMES:
        text = "\n".join(cell.source for cell in read(kind, name).cells
                         if cell.cell_type == "markdown")  # fmt: skip
        for link in re.findall(r"\]\(([^)#\s]+)", text):
            if "://" not in link:
                links.add((folder / name).parent.joinpath(link).resolve())
        assert not re.search("접힌 풀이|접혀 있습니다", text)
    known = ("00_start.ipynb", "docs/실험.md", "deep/04_lrn.ipynb")
    assert {folder / name for name in known} <= links
    assert [link for link in links if not link.is_file() or folder not in link.parents] == []


@pytest.mark.parametrize("kind", KINDS)
def test_folder_opens_without_the_repository(built, kind):
    folder = built / kind
    assert (folder / "course_utils" / "assets" / "CourseGothicKR-Regular.ttf").is_file()
    lines = (folder / "requirements.txt").read_text(encoding="utf-8").split()
    assert "torch" in [re.split("[<>=]", line)[0] for line in lines]
    assert "requirements.txt" in (folder / "읽어보기.md").read_text(encoding="utf-8")
    assert not list(folder.rglob("__pycache__"))


def test_zip_holds_the_whole_folder(built):
    with zipfile.ZipFile(built / f"{handouts.STUDENT}.zip") as archive:
        names = set(archive.namelist())
    assert {f"{handouts.STUDENT}/{name}" for name in NAMES} <= names
    assert f"{handouts.STUDENT}/읽어보기.md" in names


def test_a_filled_exercise_loses_its_stored_verdict():
    cell = nbformat.v4.new_code_cell(
        "my_a = 1", metadata={"tags": ["exercise"]},
        outputs=[nbformat.v4.new_output("execute_result", {"text/plain": "✓ 맞습니다."})],
    )  # fmt: skip
    notebook = nbformat.v4.new_notebook(cells=[cell])
    assert handouts.make(notebook, handouts.STUDENT).cells[0].outputs == []
    assert cell.outputs != []  # 받은 노트북은 그대로입니다.


@pytest.mark.parametrize(("before", "after"), [
    ("채점합니다. 막히면 아래의 접힌 풀이를 펼치십시오.\n", "채점합니다.\n"),
    ("돌아갑니다. 풀이는 각 문제 아래에 접혀 있습니다.", "돌아갑니다."),
    ("이 강의는 이렇게 풀이합니다. 접지 마십시오.", "이 강의는 이렇게 풀이합니다. 접지 마십시오."),
    ("[실험](../docs/실험.md)과 [다음](01.ipynb)", "[실험](docs/실험.md)과 [다음](01.ipynb)"),
])  # fmt: skip
def test_rewritten_sentences(before, after):
    assert handouts.rewrite(before, handouts.STUDENT) == after


def test_failed_build_keeps_the_old_folder(tmp_path, monkeypatch):
    output = tmp_path / "handouts"
    output.mkdir()
    (output / "옛것").write_text("", encoding="utf-8")

    def fail(folder, kind):
        raise OSError("디스크가 찼습니다")

    monkeypatch.setattr(handouts, "build", fail)
    with pytest.raises(OSError, match="찼습니다"):
        handouts.build_all(output)
    assert [path.name for path in tmp_path.rglob("*")] == ["handouts", "옛것"]


@pytest.mark.parametrize(("text", "marks"), [
    ("✓ 맞습니다.", ["✓"]),
    ("가 ✓ 맞습니다.\n나 … 아직 비어 있습니다.\n", ["✓", "…"]),
    ("정확도 98% … 그리고", []),
])  # fmt: skip
def test_verdicts_are_read_from_outputs(text, marks):
    cell = nbformat.v4.new_code_cell(outputs=[nbformat.v4.new_output("stream", text=text)])
    assert handouts.verdicts(cell) == marks


def test_check_reports_a_verdict_that_is_not_empty(tmp_path, monkeypatch):
    cell = nbformat.v4.new_code_cell("1", metadata={"tags": ["exercise"]})
    path = tmp_path / "노트북.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)

    def run(text):
        def execute(notebook, folder, timeout):
            notebook.cells[0].outputs = [nbformat.v4.new_output("stream", text=text)]

        monkeypatch.setattr(handouts, "execute", execute)
        return handouts.check(path, handouts.STUDENT, 10)

    assert run("… 아직 비어 있습니다.") == []
    for text in ("✓ 맞습니다.", "✗ 아직 아닙니다.", "판정이 아닙니다"):
        assert len(run(text)) == 1
