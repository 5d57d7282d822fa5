"""노트북을 실행하지 않고 짜임새를 확인합니다. 결과가 같은지는 nbval이 확인합니다.

검사 하나는 노트북(dict)을 받아 문제의 목록을 돌려주는 함수입니다.
"""

import ast
import re
from pathlib import Path

import nbformat
import pytest
import run_notebooks
from nbconvert.exporters import ScriptExporter

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
DEEP = sorted((ROOT / "notebooks" / "deep").glob("*.ipynb"))

MAX_BYTES = 1_500_000
SECTIONS = ["연습문제", "퀴즈", "정리", "출처"]
SLIDE_TYPES = {"slide", "subslide", "fragment", "skip", "notes", "-"}
NOT_COMPARED = {"nbval-ignore-output", "nbval-skip"}
ALLOWED_TAGS = NOT_COMPARED | {
    "setup", "parameters", "raises-exception", "nbval-check-output", "exercise", "solution",
    "quiz", "ungraded",
}
MACHINE_PATH = re.compile(r"(?<![\w.:/~-])/(?:home|root|work\w*|tmp|Users)(?:/|\b)")


# --- 노트북을 읽는 도우미 -------------------------------------------------------------------------


def source_of(cell):
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def code_cells(notebook):
    """비어 있지 않은 코드 셀입니다."""
    cells = notebook["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code" and source_of(cell).strip()]


def markdown_cells(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "markdown"]


def tags_of(cell):
    return set(cell["metadata"].get("tags", []))


def slide_type_of(cell):
    return cell["metadata"].get("slideshow", {}).get("slide_type")


def name_of(cell):
    """문제를 알릴 때 쓰는 셀의 이름: id와 첫 줄입니다."""
    return f"셀 {cell.get('id')} ({source_of(cell).strip().splitlines()[:1]})"


def texts_of(output):
    """결과에 든 글입니다. 그림(base64)은 뺍니다."""
    parts = [output.get("text", ""), *output.get("traceback", [])]
    data = output.get("data", {})
    parts += [value for kind, value in data.items() if not kind.startswith(("image/p", "image/j"))]
    return ["".join(part) if isinstance(part, list) else str(part) for part in parts]


def without_code(markdown):
    """마크다운에서 코드 블록과 인라인 코드를 지웁니다."""
    return re.sub(r"```.*?```|`[^`\n]*`", "", markdown, flags=re.S)


# --- 검사 -----------------------------------------------------------------------------------------


def check_format(notebook):
    """nbformat 4.5이고 셀마다 다른 id가 있습니다."""
    if (notebook.get("nbformat"), notebook.get("nbformat_minor")) != (4, 5):
        return ["nbformat 4.5가 아닙니다"]
    ids = [cell.get("id") for cell in notebook["cells"]]
    if len(set(ids)) < len(ids):
        return [f"id가 겹칩니다: {sorted(name for name in set(ids) if ids.count(name) > 1)}"]
    try:
        nbformat.validate(nbformat.from_dict(notebook))
    except nbformat.ValidationError as error:
        return [f"형식이 틀렸습니다: {error}"]
    return []


def check_executed_in_order(notebook):
    """코드 셀을 위에서 아래로 한 번씩 실행했습니다."""
    counts = [cell.get("execution_count") for cell in code_cells(notebook)]
    expected = list(range(1, len(counts) + 1))
    return [] if counts == expected else [f"실행 번호가 1부터 순서가 아닙니다: {counts}"]


def check_outputs_are_stored(notebook):
    """저장된 결과가 있습니다. 하나도 없으면 nbval이 그냥 통과시킵니다."""
    return [] if any(cell["outputs"] for cell in code_cells(notebook)) else ["결과가 없습니다"]


def check_no_errors(notebook):
    return [
        f"{name_of(cell)}: 오류 {output['ename']}"
        for cell in code_cells(notebook)
        for output in cell["outputs"]
        if output["output_type"] == "error" and "raises-exception" not in tags_of(cell)
    ]


def check_no_stderr(notebook):
    return [
        f"{name_of(cell)}: stderr에 쓴 글이 있습니다"
        for cell in code_cells(notebook)
        if any(output.get("name") == "stderr" for output in cell["outputs"])
    ]


def check_no_closing_semicolon(notebook):
    """nbval은 입력을 기록하지 않아, 끝의 `;`가 결과를 감추지 못하고 저장된 결과와 달라집니다."""
    return [
        f"{name_of(cell)}: 끝의 `;` 대신 plt.show()를 쓰거나 값을 변수에 담습니다"
        for cell in code_cells(notebook)
        if source_of(cell).rstrip().endswith(";")
    ]


def check_title(notebook):
    """첫 셀은 물음 하나, 불릿 둘이나 셋, 시간입니다."""
    first = notebook["cells"][0]
    lines = source_of(first).strip().splitlines() or [""]
    num_bullets = sum(line.startswith(("- ", "* ")) for line in lines)
    rules = {
        "첫 셀이 마크다운이 아닙니다": first["cell_type"] == "markdown",
        "첫 줄이 `# 물음?`이 아닙니다": re.fullmatch(r"# .*\?", lines[0].strip()),
        f"불릿이 {num_bullets}개입니다 (2-3)": num_bullets in (2, 3),
        "CPU 시간(분 또는 초)이 없습니다": re.search(r"\d\s*(분|초)", "\n".join(lines)),
    }
    return [problem for problem, holds in rules.items() if not holds]


def check_opening(notebook):
    """둘째 셀은 setup, 셋째 셀은 parameters입니다."""
    return [
        f"{place + 1}번째 셀이 '{tag}' 태그를 단 코드 셀이 아닙니다"
        for place, tag in [(1, "setup"), (2, "parameters")]
        if (cell := notebook["cells"][place])["cell_type"] != "code" or tag not in tags_of(cell)
    ]


def check_sections(notebook, required=SECTIONS):
    """연습문제 → 퀴즈 → 정리 → 출처 제목이 이 차례로 있습니다."""
    text = "\n".join(without_code(source_of(cell)) for cell in markdown_cells(notebook))
    headings = re.findall(rf"^#+\s*[\d.\s]*({'|'.join(SECTIONS)})", text, re.M)
    found = [heading for heading in dict.fromkeys(headings) if heading in required]
    return [] if found == required else [f"제목이 {found}입니다 ({required})"]


def check_slides(notebook):
    """모든 셀에 슬라이드 종류가 있고, 발표자 메모가 하나는 있습니다."""
    kinds = [cell["metadata"].get("slideshow", {}).get("slide_type") for cell in notebook["cells"]]
    problems = [
        f"{name_of(cell)}: slide_type이 {kind!r}입니다"
        for cell, kind in zip(notebook["cells"], kinds, strict=True)
        if kind not in SLIDE_TYPES
    ]
    return problems + ([] if "notes" in kinds else ["발표자 메모(notes)가 없습니다"])


def check_tags(notebook):
    return [
        f"{name_of(cell)}: 모르는 태그 {sorted(tags_of(cell) - ALLOWED_TAGS)}"
        for cell in notebook["cells"]
        if tags_of(cell) - ALLOWED_TAGS
    ]


def check_most_outputs_are_compared(notebook):
    """코드 셀의 60% 이상을 nbval이 비교합니다."""
    cells = code_cells(notebook)
    compared = sum(not tags_of(cell) & NOT_COMPARED for cell in cells)
    return [] if compared >= 0.6 * len(cells) else [f"{len(cells)}개 가운데 {compared}개만 봅니다"]


def check_no_machine_paths(notebook):
    """만든 사람의 컴퓨터에만 있는 경로가 없습니다."""
    problems = []
    for cell in notebook["cells"]:
        outputs = [text for output in cell.get("outputs", []) for text in texts_of(output)]
        found = {hit for text in [source_of(cell), *outputs] for hit in MACHINE_PATH.findall(text)}
        problems += [f"{name_of(cell)}: 절대 경로 {sorted(found)}"] if found else []
    return problems


def check_alternative_texts(notebook):
    """글, HTML 결과, 그림 결과에는 모두 대체 글이 있습니다."""
    problems = []
    for cell in notebook["cells"]:
        texts = [text for output in cell.get("outputs", []) for text in texts_of(output)]
        if cell["cell_type"] == "markdown":
            texts.append(without_code(source_of(cell)))
        text = "\n".join(texts)
        tags = re.findall(r"<img\b[^>]*>", text)
        nameless = [tag for tag in tags if not re.search(r"\balt=[\"'][^\"']", tag)]
        nameless += re.findall(r"!\[\s*\]\([^)]*\)", text)
        for output in cell.get("outputs", []):
            metadata = output.get("metadata", {}).get("image/png", {})
            if "image/png" in output.get("data", {}) and not metadata.get("alt"):
                nameless.append("그림 결과: plotting.show(그림, alt=...)로 보이십시오.")
        problems += [f"{name_of(cell)}: 대체 글이 없습니다 {tag[:60]}" for tag in nameless]
    return problems


def check_marks_are_read_as_meant(notebook):
    """JupyterLab은 두 ~ 사이에 줄을 긋고, 괄호와 글자 사이의 **는 굵게의 끝으로 읽지 않습니다."""
    parts = [
        (name_of(cell), part)
        for cell in notebook["cells"] if cell["cell_type"] == "markdown"
        for paragraph in re.split(r"\n\s*\n|\n(?=[-|>\d])", without_code(source_of(cell)))
        for part in paragraph.split("|")
    ]
    tildes = [f"{name}: ~가 둘입니다 {part[:40]}" for name, part in parts
              if len(re.findall(r"(?<!\\)~", part)) > 1]  # fmt: skip
    return tildes + [
        f"{name}: **가 그대로 보입니다 {bold[:40]}" for name, part in parts
        for bold in re.findall(r"\*\*[^*]+[^\w\s*]\*\*\w", part)
    ]


def check_cells_can_be_run_twice(notebook):
    """셀이 덧붙이는 이름은 그 셀에서 처음부터 만듭니다. Shift+Enter를 두 번 눌러도 같습니다."""
    problems = []
    for cell in code_cells(notebook):
        nodes = [*ast.walk(ast.parse(source_of(cell)))]
        made = {root_of(node) for node in nodes if isinstance(getattr(node, "ctx", 0), ast.Store)}
        grown = {root_of(node.func) for node in nodes if isinstance(node, ast.Call)
                 and getattr(node.func, "attr", "") in {"append", "extend", "setdefault"}}
        problems += [f"{name_of(cell)}: 앞 셀의 {name}에 덧붙입니다" for name in grown - made]
    return problems


def root_of(node):
    """`a.b[c].append`의 `a`입니다."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return getattr(node, "id", None)


CHECKS = [function for name, function in list(globals().items()) if name.startswith("check_")]


# --- 강의의 노트북 --------------------------------------------------------------------------------


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook(path, check):
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    if check is check_sections and path.stem == "00_start":  # 첫스텝에는 연습문제가 없어도 됩니다.
        assert check(notebook, SECTIONS[1:]) == []
    else:
        assert check(notebook) == []


@pytest.mark.parametrize("path", DEEP, ids=lambda path: path.stem)
def test_deep_page(path):
    """더 깊은 페이지는 장의 틀(시간, 퀴즈, 출처) 말고는 같은 규칙을 지킵니다."""
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    frame = {check_title, check_opening, check_sections, check_slides,
             check_most_outputs_are_compared}  # fmt: skip
    assert [check(notebook) for check in CHECKS if check not in frame and check(notebook)] == []
    assert "**미리 알아 둘 것**" in source_of(notebook["cells"][0])


@pytest.mark.parametrize("path", [*NOTEBOOKS, *DEEP], ids=lambda path: path.stem)
def test_solutions_keep_their_answers_folded(path):
    """풀이는 접혀 있고, 첫 줄은 문제의 이름뿐이며, 결과를 남기지 않습니다."""
    for cell in code_cells(nbformat.read(path, as_version=nbformat.NO_CONVERT)):
        if "solution" in tags_of(cell):
            assert cell["metadata"]["jupyter"]["source_hidden"]
            assert re.fullmatch(r"# 연습 \d의 풀이", source_of(cell).splitlines()[0])
            assert cell["outputs"] == []


def test_every_notebook_finds_or_installs_the_module_the_same_way():
    openings = set()
    for path in [*NOTEBOOKS, *DEEP]:
        setup = source_of(nbformat.read(path, as_version=nbformat.NO_CONVERT)["cells"][1])
        opening, found, _ = setup.partition("\n        )\n\n")
        assert found
        openings.add(opening)
    assert len(openings) == 1


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_small(path):
    assert path.stat().st_size < MAX_BYTES


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_script_made_from_a_notebook_is_a_python_file(path):
    notebook = nbformat.read(path, as_version=4)
    assert ScriptExporter().from_notebook_node(notebook)[1]["output_extension"] == ".py"


# --- 노트북을 다시 실행하는 명령 ------------------------------------------------------------------


def write_notebook(path, *sources):
    new = nbformat.v4
    cells = [new.new_code_cell(source, id=f"cell-{n}") for n, source in enumerate(sources)]
    nbformat.write(new.new_notebook(cells=cells), path)


def test_running_twice_gives_the_same_bytes(tmp_path):
    path = tmp_path / "한글 이름.ipynb"
    slider = "import ipywidgets\nprint('앞')\nprint('뒤')\nipywidgets.IntSlider()"
    bar = "from tqdm.auto import tqdm\nlist(tqdm(range(3), leave=False))"
    write_notebook(path, slider, "", "print('지움\\r남음')", bar)
    run_notebooks.run(path, 60)
    first = path.read_bytes()
    run_notebooks.run(path, 60)
    assert path.read_bytes() == first
    cells = nbformat.read(path, as_version=4).cells
    assert [cell.execution_count for cell in cells] == [1, None, 2, 3]
    assert cells[0].outputs[0].text == "앞\n뒤\n"
    assert list(cells[0].outputs[1].data) == ["text/plain"]  # 커널이 없으면 볼 수 없는 위젯
    assert cells[2].outputs[0].text == "남음\n"
    assert [output.data for output in cells[3].outputs] == [{"text/plain": "[0, 1, 2]"}]
    assert nbformat.read(path, as_version=4).metadata.language_info == run_notebooks.LANGUAGE


def test_a_failing_notebook_is_left_as_it_was(tmp_path):
    path = tmp_path / "a.ipynb"
    write_notebook(path, "1", "1/0")
    before = path.read_bytes()
    with pytest.raises(RuntimeError, match="2번째 셀"):
        run_notebooks.run(path, 60)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
