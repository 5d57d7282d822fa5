"""노트북을 실행하지 않고 짜임새를 확인합니다. 결과가 같은지는 nbval이 확인합니다.

검사 하나는 노트북(dict)을 받아 문제의 목록을 돌려주는 함수이고, 일부러 망친 노트북으로 시험합니다.
"""

import re
import statistics
from pathlib import Path

import nbformat
import pytest
import run_notebooks

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

MAX_BYTES = 1_500_000
MAX_WORDS = 120
SECTIONS = ["연습문제", "퀴즈", "정리", "출처"]
SLIDE_TYPES = {"slide", "subslide", "fragment", "skip", "notes", "-"}
NOT_COMPARED = {"nbval-ignore-output", "nbval-skip"}
ALLOWED_TAGS = NOT_COMPARED | {
    "setup", "parameters", "raises-exception", "nbval-check-output", "exercise", "solution", "quiz",
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
    return [] if counts == expected else [f"실행 번호가 1부터 차례가 아닙니다: {counts}"]


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


def check_lengths(notebook):
    """셀은 강사 노트와 풀이를 빼고 25-90개, 코드 셀은 35줄 이하이고 중앙값은 8줄 이하입니다."""
    aside = [cell for cell in notebook["cells"]
             if "solution" in tags_of(cell) or slide_type_of(cell) == "notes"]  # fmt: skip
    num_cells = len(notebook["cells"]) - len(aside)
    problems = [] if 25 <= num_cells <= 90 else [f"셀이 {num_cells}개입니다 (25-90)"]
    lines = {name_of(cell): len(source_of(cell).splitlines()) for cell in code_cells(notebook)}
    problems += [f"{name}: {count}줄입니다 (35)" for name, count in lines.items() if count > 35]
    median = statistics.median(lines.values()) if lines else 0
    return problems + ([f"코드 셀의 중앙값이 {median}줄입니다 (8)"] if median > 8 else [])


def check_title(notebook):
    """첫 셀은 물음 하나, 불릿 셋, CPU 시간입니다."""
    first = notebook["cells"][0]
    lines = source_of(first).strip().splitlines() or [""]
    num_bullets = sum(line.startswith(("- ", "* ")) for line in lines)
    rules = {
        "첫 셀이 마크다운이 아닙니다": first["cell_type"] == "markdown",
        "첫 줄이 `# 물음?`이 아닙니다": re.fullmatch(r"# .*\?", lines[0].strip()),
        f"불릿이 {num_bullets}개입니다 (3)": num_bullets == 3,
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
    """코드 셀의 60 % 이상을 nbval이 견줍니다."""
    cells = code_cells(notebook)
    compared = sum(not tags_of(cell) & NOT_COMPARED for cell in cells)
    return [] if compared >= 0.6 * len(cells) else [f"{len(cells)}개 가운데 {compared}개만 봅니다"]


def check_ignored_outputs_are_judged(notebook):
    """견주지 않는 셀 다음의 코드 셀은 그 결과를 판정하고, nbval이 견줍니다."""
    cells = code_cells(notebook)
    following = [*cells[1:], {"source": "", "metadata": {}}]
    return [
        f"{name_of(cell)}: 다음 코드 셀에 견주는 판정(assert, check…)이 없습니다"
        for cell, judge in zip(cells, following, strict=True)
        if "nbval-ignore-output" in tags_of(cell)
        and (
            tags_of(judge) & NOT_COMPARED
            or not re.search(r"\bassert\b|\bcheck\w*\(", source_of(judge))
        )
    ]


def check_no_machine_paths(notebook):
    """만든 사람의 컴퓨터에만 있는 경로가 없습니다."""
    problems = []
    for cell in notebook["cells"]:
        outputs = [text for output in cell.get("outputs", []) for text in texts_of(output)]
        found = {hit for text in [source_of(cell), *outputs] for hit in MACHINE_PATH.findall(text)}
        problems += [f"{name_of(cell)}: 절대 경로 {sorted(found)}"] if found else []
    return problems


def count_words(markdown):
    """표, 목록, 코드, 수식을 뺀 글의 낱말 수입니다."""
    text = re.sub(r"\$\$.*?\$\$", "", without_code(markdown), flags=re.S)
    text = re.sub(r"<[^>]*>|\]\([^)]*\)", " ", text)
    lines = [line.strip() for line in text.splitlines()]
    prose = [line for line in lines if not re.match(r"\||[-*+] |\d+[.)] ", line)]
    return len(" ".join(prose).split())


def check_short_texts(notebook):
    words = {name_of(cell): count_words(source_of(cell)) for cell in markdown_cells(notebook)}
    return [f"{name}: {count}낱말입니다 (최대 {MAX_WORDS})"
            for name, count in words.items() if count > MAX_WORDS]


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


CHECKS = [function for name, function in list(globals().items()) if name.startswith("check_")]


# --- 강의의 노트북 --------------------------------------------------------------------------------


def test_the_course_has_notebooks():
    assert [path.name for path in NOTEBOOKS][:1] == ["00_start.ipynb"]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook(path, check):
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    if check is check_sections and path.stem == "00_start":  # 첫걸음에는 연습문제가 없어도 됩니다.
        assert check(notebook, SECTIONS[1:]) == []
    else:
        assert check(notebook) == []


def test_every_notebook_finds_or_installs_the_module_the_same_way():
    openings = set()
    for path in NOTEBOOKS:
        setup = source_of(nbformat.read(path, as_version=nbformat.NO_CONVERT)["cells"][1])
        opening, found, _ = setup.partition("importlib.invalidate_caches()")
        assert found
        openings.add(opening)
    assert len(openings) == 1


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_small(path):
    assert path.stat().st_size < MAX_BYTES


# --- 검사를 시험합니다 ----------------------------------------------------------------------------


def make_cell(kind, source, number, *, tags=(), slide_type="fragment"):
    cell = {
        "cell_type": kind,
        "id": f"cell-{number}",
        "metadata": {"slideshow": {"slide_type": slide_type}, "tags": list(tags)},
        "source": source,
    }
    if kind == "code":
        stream = {"output_type": "stream", "name": "stdout", "text": "확인했습니다\n"}
        cell |= {"execution_count": None, "outputs": [stream]}
    return cell


def make_notebook():
    """모든 검사를 통과하는 노트북입니다. 3번 셀은 견주지 않는 셀이고 4번 셀이 그 판정입니다."""
    cells = [
        ("markdown", "# 왜 합성곱인가?\n\n- 하나\n- 둘\n- 셋\n\nCPU로 3분 걸립니다.", ()),
        ("code", "import course_utils", ["setup"]),
        ("code", "SEED = 0  # 난수의 씨앗", ["parameters"]),
        ("code", "history = train()", ["nbval-ignore-output"]),
        ("code", "assert history['loss'][-1] < 0.1", ()),
        *[("markdown", "그림은 왼쪽부터 읽습니다. ![합성곱 그림](a.png)", ())] * 17,
        *[("markdown", f"## {number}. {title}", ()) for number, title in enumerate(SECTIONS, 5)],
    ]
    cells = [make_cell(kind, source, number, tags=tags)
             for number, (kind, source, tags) in enumerate(cells)]
    cells[5]["metadata"]["slideshow"]["slide_type"] = "notes"
    for count, cell in enumerate((cell for cell in cells if cell["cell_type"] == "code"), 1):
        cell["execution_count"] = count
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def put(place, key, value):
    """노트북의 `place`번째 셀에서 `key`를 `value`로 바꾸는 함수를 돌려줍니다."""
    return lambda notebook: notebook["cells"][place].__setitem__(key, value)


def put_output(**output):
    return lambda notebook: notebook["cells"][4]["outputs"].append(output)


def put_metadata(place, key, value):
    return lambda notebook: notebook["cells"][place]["metadata"].__setitem__(key, value)


def clear_outputs(notebook):
    for cell in code_cells(notebook):
        cell["outputs"] = []


def swap_sections(notebook):
    notebook["cells"][-1], notebook["cells"][-2] = notebook["cells"][-2], notebook["cells"][-1]


ERROR = {"output_type": "error", "ename": "ValueError", "evalue": "", "traceback": []}
STDERR = {"output_type": "stream", "name": "stderr", "text": "경고"}
PNG = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "AAAA"}}
HTML_IMAGE = {"output_type": "display_data", "metadata": {}, "data": {"text/html": "<img src='a'>"}}
PATH_IN_OUTPUT = {"output_type": "stream", "name": "stdout", "text": "저장: /home/someone/a.pt"}

FAULTS = {
    "an old format": (check_format, lambda notebook: notebook.update(nbformat_minor=4)),
    "two cells with one id": (check_format, put(7, "id", "cell-8")),
    "an unknown cell type": (check_format, put(7, "cell_type", "poem")),
    "a cell that was not run": (check_executed_in_order, put(3, "execution_count", None)),
    "a cell run later": (check_executed_in_order, put(3, "execution_count", 9)),
    "no outputs": (check_outputs_are_stored, clear_outputs),
    "an error": (check_no_errors, put_output(**ERROR)),
    "a warning": (check_no_stderr, put_output(**STDERR)),
    "a closing semicolon": (check_no_closing_semicolon, put(3, "source", "axes.plot([1]);")),
    "too few cells": (check_lengths, lambda notebook: notebook["cells"].pop()),
    "too many cells": (check_lengths, lambda notebook: notebook["cells"].extend([
        make_cell("markdown", "가", number) for number in range(100, 170)])),
    "a long code cell": (check_lengths, put(3, "source", "a = 1\n" * 36)),
    "a title without a question": (check_title, put(0, "source", "# 합성곱\n- 1\n- 2\n- 3\n3분")),
    "a title with two bullets": (check_title, put(0, "source", "# 왜?\n- 1\n- 2\n\nCPU 3분")),
    "a title without minutes": (check_title, put(0, "source", "# 왜?\n- 1\n- 2\n- 3")),
    "code before the title": (check_title, put(0, "cell_type", "code")),
    "no setup tag": (check_opening, put_metadata(1, "tags", [])),
    "no parameters tag": (check_opening, put_metadata(2, "tags", ["setup"])),
    "a missing section": (check_sections, lambda notebook: notebook["cells"].pop()),
    "sections in another order": (check_sections, swap_sections),
    "a section only in code": (check_sections, put(-1, "source", "```\n# 출처\n```")),
    "no slide type": (check_slides, put_metadata(7, "slideshow", {})),
    "an unknown slide type": (check_slides, put_metadata(7, "slideshow", {"slide_type": "page"})),
    "no speaker notes": (check_slides, put_metadata(5, "slideshow", {"slide_type": "skip"})),
    "an unknown tag": (check_tags, put_metadata(7, "tags", ["nbval-ignore-outputs"])),
    "few compared cells": (check_most_outputs_are_compared,
                           put_metadata(4, "tags", ["nbval-skip"])),
    "no verdict": (check_ignored_outputs_are_judged, put(4, "source", "print(history)")),
    "a verdict that is not compared": (check_ignored_outputs_are_judged,
                                       put_metadata(4, "tags", ["nbval-ignore-output"])),
    "no cell after": (check_ignored_outputs_are_judged, lambda notebook: notebook["cells"].pop(4)),
    "a path in code": (check_no_machine_paths, put(3, "source", "open('/tmp/a.png')")),
    "a path in an output": (check_no_machine_paths, put_output(**PATH_IN_OUTPUT)),
    "a long text": (check_short_texts, put(7, "source", "낱말 " * 121)),
    "an image without words": (check_alternative_texts, put(7, "source", "![](a.png)")),
    "an HTML image without words": (check_alternative_texts,
                                    put(7, "source", '<img src="a.png" alt="">')),
    "a figure without words": (check_alternative_texts, put_output(**PNG)),
    "an HTML output without words": (check_alternative_texts, put_output(**HTML_IMAGE)),
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_check_accepts_a_good_notebook(check):
    assert check(make_notebook()) == []


@pytest.mark.parametrize(("check", "spoil"), FAULTS.values(), ids=FAULTS.keys())
def test_check_finds(check, spoil):
    notebook = make_notebook()
    spoil(notebook)
    assert check(notebook)


def test_every_check_has_a_fault_that_fires_it():
    assert {check for check, _ in FAULTS.values()} == set(CHECKS)


def test_long_code_everywhere_is_found():
    notebook = make_notebook()
    for cell in code_cells(notebook):
        cell["source"] = "a = 1\n" * 9
    assert any("중앙값" in problem for problem in check_lengths(notebook))


def test_an_expected_error_is_allowed():
    notebook = make_notebook()
    put_output(**ERROR)(notebook)
    put_metadata(4, "tags", ["raises-exception"])(notebook)
    assert check_no_errors(notebook) == []


@pytest.mark.parametrize("text", ["https://example.com/home/a", "./tmp/a", "1/work", "a/root"])
def test_relative_paths_and_addresses_are_no_machine_paths(text):
    assert not MACHINE_PATH.search(text)


def test_tables_and_lists_are_not_counted_as_words():
    assert count_words("두 낱말\n\n| 표 | 하나 |\n- 목록 하나\n1. 차례 하나\n`code here`") == 2


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


def test_a_failing_notebook_is_left_as_it_was(tmp_path):
    path = tmp_path / "a.ipynb"
    write_notebook(path, "1", "1/0")
    before = path.read_bytes()
    with pytest.raises(RuntimeError, match="2번째 셀"):
        run_notebooks.run(path, 60)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
