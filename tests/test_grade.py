"""제출한 노트북의 채점: 나쁜 제출은 자기 점수만 잃습니다. 기대하는 점수는 손으로 적었습니다."""

import ast
import base64
import csv
import importlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

import grade
import nbformat
import pytest
import torch
from course_files import course_notebooks
from grading import judge, student
from grading.submissions import Unreadable, load_course, read_exercise, read_submission

ROOT = Path(__file__).resolve().parents[1]

COURSE = {notebook.name: notebook for notebook in load_course()}
SIZE, PADDING = "00-38", "00-41"  # 노트북 00의 두 연습문제
CHECK = "exercises.check_output_size(my_output_size)"
PAD = "lambda k: (k - 1) // 2"
RIGHT = "lambda n, k, s, p: (n + 2 * p - k) // s + 1"
EMPTY_SIZE = "def my_output_size(*values):\n    return None\n"
RIGHT_SIZE = "def my_output_size(n, k, s, p):\n    return (n + 2 * p - k) // s + 1\n"


# --- 제출을 만드는 도우미 -------------------------------------------------------------------------


def answer_code(exercise_source, solution_source):
    """우리 풀이 셀을 `my_…`를 정하는 코드로 바꿉니다. 그래서 노트북이 바뀌어도 정답입니다."""
    name = read_exercise("", exercise_source, "").name
    body = ast.parse(solution_source).body
    call = next(node for node in ast.walk(body[-1]) if isinstance(node, ast.Call)
                and getattr(node.func, "attr", "").startswith("check_"))  # fmt: skip
    value = "solution" if isinstance(body[-1], ast.For) else ast.unparse(call.args[0])
    return "\n".join([*map(ast.unparse, body[:-1]), f"{name} = {value}"])


def solved(name):
    """모든 문제를 맞힌 제출입니다."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    cells = []
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if "solution" in tags and "ungraded" in cells[-1].metadata.tags:
            continue
        if "solution" in tags:
            cells[-1].source = answer_code(cells[-1].source, cell.source)
        else:
            cells.append(cell)
        if cell.cell_type == "code":
            cell.outputs = []
    notebook.cells = cells
    return notebook


START = json.dumps(solved("00_start"))


def submission(edits=None):
    """노트북 00을 다 맞힌 뒤 `edits`(셀 id → 코드)로 바꾼 제출입니다."""
    notebook = nbformat.from_dict(json.loads(START))
    for cell in notebook.cells:
        cell.source = (edits or {}).get(cell.id, cell.source)
    return notebook


def in_size(code):
    """문제 1의 셀만 바꾼 제출입니다."""
    return submission({SIZE: code})


def insert_before(notebook, cell_id, code):
    place = [cell.id for cell in notebook.cells].index(cell_id)
    notebook.cells.insert(place, nbformat.v4.new_code_cell(code))
    return notebook


def without(notebook, cell_id):
    notebook.cells = [cell for cell in notebook.cells if cell.id != cell_id]
    return notebook


def old_format(notebook):
    """id가 없는 옛 형식(4.4)입니다."""
    notebook.nbformat_minor = 4
    for cell in notebook.cells:
        del cell["id"]
    return notebook


def backwards(notebook):
    notebook.cells.reverse()
    return notebook


FORGED = '''
import sys, types
class Verdict: passed, message = True, "✓ 맞습니다."
exercises.check_output_size = lambda function: Verdict()
sys.modules["course_utils.exercises"] = types.SimpleNamespace(check_output_size=exercises)
torch.allclose = lambda *values, **options: True
class Same(int):
    __eq__ = lambda self, other: True
    __ne__ = lambda self, other: False
    __hash__ = int.__hash__
def my_output_size(n, k, s, p): return Same(3)
print("✓ 맞습니다.")
Verdict()
'''
READS_A_SOLUTION = f"text = open({str(ROOT / 'notebooks' / '00_start.ipynb')!r}).read()\n"
# 커널이 쓰는 모든 연결에 깨진 글을 씁니다.
HALF_A_MESSAGE = """
import os, time
for number in range(3, 40):
    try: os.write(number, b"\\x00\\x00\\x10\\x00{")
    except OSError: pass
while True: time.sleep(1)
"""
SWALLOWED = RIGHT_SIZE.replace(":\n", ":\n    try: open('/etc/passwd')\n    except OSError: pass\n")

# 파일 이름 → (제출, 문제 1의 점수, 문제 2의 점수, 비고에 있어야 할 글들)
SUBMISSIONS = {
    "이둘/내 숙제.ipynb": (old_format(backwards(submission())), 1, 1, ()),
    "도움 셀.ipynb": (
        insert_before(
            submission({
                SIZE: "def my_output_size(*values):\n    return helper(*values)",
                PADDING: f"for my in [{PAD}]:\n    if True: _ = exercises.check_same_padding(my)",
            }), SIZE, "%matplotlib inline\nimport numpy as np\n"
            "helper = lambda n, k, s, p: np.int64((n + 2 * p - k) // s + 1)",
        ), 1, 1, (),
    ),
    # 검사가 본 것을 채점합니다. 비어 있는 my_…가 남아 있어도, IPython의 꼴이어도 됩니다.
    "사본.ipynb": (
        insert_before(
            submission({
                SIZE: EMPTY_SIZE + CHECK,
                PADDING: "def my_same_padding(k): return None\n"
                f"%time assert exercises.check_same_padding(function={PAD}).passed",
            }), SIZE, RIGHT_SIZE + CHECK,
        ), 1, 1, ("1번: 검사한 셀이 둘",),
    ),
    "틀림.ipynb": (
        submission({SIZE: RIGHT_SIZE.replace(" + 1", ""),
                    PADDING: "def my_same_padding(k)\n    return 1"}),
        0, 0, ("1번: ", "마지막에 1을 더하지", "2번: ", "SyntaxError"),
    ),
    "빈칸.ipynb": (
        submission({SIZE: EMPTY_SIZE, PADDING: "def my_same_padding(k): return k // 0"}),
        0, 0, ("1번: 비어 있습니다", "2번: ", "ZeroDivisionError"),
    ),
    "끝냄.ipynb": (in_size("import os\nos._exit(0)"), 0, 1, ("1번: 프로세스가 갑자기",)),
    "도는 함수.ipynb": (
        submission({SIZE: "def my_output_size(*values):\n    while True: pass",
                    PADDING: "while True: pass"}),
        0, 0, ("모두: 제한 시간",),
    ),
    "지운 셀.ipynb": (
        without(submission({
            PADDING: "import os\nwhile True: print(os.write(1, b'a' * 1000))",
        }), SIZE),
        0, 0, ("1번: 이 문제의 셀이 없습니다", "2번: 제한 시간"),
    ),
    "passwd.ipynb": (
        submission({SIZE: SWALLOWED, PADDING: f"my_same_padding = {PAD}\n!ls"}),
        0, 0, ("/etc/passwd", "2번: 막음"),
    ),
    "풀이 읽기.ipynb": (
        submission({SIZE: READS_A_SOLUTION + RIGHT_SIZE, PADDING: HALF_A_MESSAGE}),
        0, 0, ("폴더 밖의 파일", "1번: 제출한 노트북에는 ✓", "2번: "),
    ),
    "꾸밈.ipynb": (
        submission({SIZE: FORGED, PADDING: f"x = torch.zeros(10**10)\nmy_same_padding = {PAD}"}),
        0, 0, ("1번: ", "Same", "2번: 셀이 오류로"),
    ),
}  # fmt: skip
for cell in SUBMISSIONS["풀이 읽기.ipynb"][0].cells:
    if cell.id == SIZE:  # 노트북에서는 읽을 수 있었으므로 ✓가 저장되어 있습니다.
        cell.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "✓ 맞습니다."})]
OTHERS = [name for name in COURSE if name != "00_start"]


def read_csv(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row["제출 파일"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """나쁜 제출과, 다른 노트북의 정답을 채점한 CSV입니다."""
    good, bad = tmp_path_factory.mktemp("정답"), tmp_path_factory.mktemp("제출")
    for name in OTHERS:
        nbformat.write(solved(name), good / f"정답 {name}.ipynb")
    for name, (notebook, *_) in SUBMISSIONS.items():
        (bad / name).parent.mkdir(exist_ok=True)
        nbformat.write(notebook, bad / name)
    (bad / "깨짐.ipynb").write_text('{"cells": [', encoding="utf-8")
    rows = {}
    for folder, seconds in ((good, 90), (bad, 9)):
        output = folder.with_suffix(".csv")
        assert grade.grade_folder(folder, output, seconds=seconds, jobs=2)
        assert output.read_bytes().startswith(b"\xef\xbb\xbf")
        rows |= read_csv(output)
    return rows


# --- 한 번에 채점한 것 ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", SUBMISSIONS)
def test_points_are_those_counted_by_hand(rows, name):
    _, first, second, reasons = SUBMISSIONS[name]
    row = rows[name]
    assert (row["1"], row["2"]) == (str(first), str(second)), row["비고"]
    assert (row["노트북"], row["합계"], row["만점"]) == ("00_start", str(first + second), "2")
    assert all(reason in row["비고"] for reason in reasons)
    assert bool(row["비고"]) == bool(reasons)  # 이유 없는 0점도, 쓸데없는 말도 없습니다.


@pytest.mark.parametrize("name", OTHERS)
def test_our_own_solutions_earn_every_point(rows, name):
    row = rows[f"정답 {name}.ipynb"]
    assert (row["노트북"], row["비고"]) == (name, "")
    assert row["합계"] == row["만점"] == str(len(COURSE[name].exercises))


def test_broken_file_is_a_row_of_its_own(rows):
    assert len(rows) == len(SUBMISSIONS) + len(OTHERS) + 1
    assert (rows["깨짐.ipynb"]["합계"], rows["깨짐.ipynb"]["노트북"]) == ("0", "")
    assert "깨졌습니다" in rows["깨짐.ipynb"]["비고"]


# --- 우리 노트북에서 읽는 것 ----------------------------------------------------------------------


def test_labels_are_the_numbers_of_the_notebooks():
    labels = {name: [item.label for item in course.exercises] for name, course in COURSE.items()}
    assert labels == {
        "00_start": ["1", "2"],
        "01_lenet5": ["1", "3"],
        "02_ai_winter": ["1"],
        "03_alexnet": ["1", "3", "4"],
        "04_innovations": ["1", "2", "3"],
        "05_comparison": ["1", "2"],
        "06_transfer": ["1", "2"],
    }


@pytest.mark.parametrize(("name", "answer", "points"), [
    ("01_lenet5", {}, 0),  # 칸을 모두 지워도 맞은 것이 아닙니다.
    ("01_lenet5", {"C1": 28, "S2": 14, "C3": 10, "S4": 5, "C5": 1}, 1),
])  # fmt: skip
def test_a_dictionary_earns_its_share(name, answer, points):
    item = COURSE[name].exercises[0]
    module = importlib.import_module(COURSE[name].checks)
    total = len(judge.run_check(module, item, dict(item.template)))
    verdicts = judge.run_check(module, item, judge.fill(item.template, answer))
    assert judge.add_up(verdicts, total).points == points


def test_copies_made_in_jupyterlab_are_not_notebooks_of_the_course(tmp_path):
    for name in ("00_start", "00_start-Copy1", "00_start-Copy12", "초안"):
        shutil.copy(ROOT / "notebooks" / "00_start.ipynb", tmp_path / f"{name}.ipynb")
    assert [notebook.name for notebook in load_course(tmp_path)] == ["00_start"]
    assert course_notebooks(tmp_path) == [tmp_path / "00_start.ipynb"]  # 나누어 줄 때도 이것만


# --- 파일을 읽는 것 -------------------------------------------------------------------------------


@pytest.mark.parametrize(("content", "reason"), [
    (b"", "빈 파일"),
    (b"{", "JSON"),
    (b"[" * 100_000, "JSON"),
    ("{}".encode("utf-16"), "JSON"),
    (b"[1, 2]", "셀이 없습니다"),
    (b'{"cells": 3}', "셀이 없습니다"),
    (b'{"cells": []}', "빈 노트북"),
    (b'{"cells": [{"cell_type": "code", "source": "print(1)"}, 7, null]}', "연습문제가 하나도"),
    (b'{"cells": [{"cell_type": [], "source": {}, "metadata": 1, "id": 3}]}', "빈 노트북"),
])  # fmt: skip
def test_unreadable_content_says_why(tmp_path, content, reason):
    path = tmp_path / "제출.ipynb"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match=reason):
        read_submission(path, list(COURSE.values()))


def test_files_that_are_no_notebooks_say_why(tmp_path):
    big, other, pipe = tmp_path / "큰.ipynb", tmp_path / "보고서.pdf", tmp_path / "관.ipynb"
    with big.open("wb") as file:
        file.truncate(100 * 2**20)
    other.write_bytes(b"x")
    reasons = {big: "100 MB", other: "노트북\\(.ipynb\\)이 아닙니다"}
    if hasattr(os, "mkfifo"):
        os.mkfifo(pipe)
        link = tmp_path / "밖.ipynb"
        link.symlink_to(ROOT / "notebooks" / "00_start.ipynb")
        reasons |= {pipe: "보통의 파일", link: "바로 가기"}
    for path, reason in reasons.items():
        with pytest.raises(Unreadable, match=reason):
            read_submission(path, list(COURSE.values()))


def test_our_untouched_solution_cells_are_never_run():
    path = ROOT / "notebooks" / "03_alexnet.ipynb"
    steps = read_submission(path, list(COURSE.values())).steps
    assert not any("의 풀이" in step.code for step in steps)
    assert [label for step in steps for label in step.labels] == ["1", "3", "4"]


def test_finding_files_skips_autosaves_and_hidden_ones(tmp_path):
    for name in ["나.ipynb", "가/가.ipynb", ".ipynb_checkpoints/가.ipynb", ".DS_Store"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    found = [path.relative_to(tmp_path).as_posix() for path in grade.find_files(tmp_path)]
    assert found == ["가/가.ipynb", "나.ipynb"]


# --- 명령 -----------------------------------------------------------------------------------------


@pytest.fixture
def two_files(tmp_path, monkeypatch):
    """같은 제출 둘이 든 폴더입니다. 채점은 흉내만 냅니다."""
    folder = tmp_path / "제출"
    folder.mkdir()
    for name in ("가.ipynb", "나.ipynb"):
        nbformat.write(submission(), folder / name)
    full = {item.label: judge.Result(1) for item in COURSE["00_start"].exercises}
    monkeypatch.setattr(grade, "grade_submission", lambda submission, *, seconds: (full, []))
    monkeypatch.setattr(judge.Kernel, "stopped", threading.Event())
    return folder


def test_equal_files_are_pointed_out(two_files, tmp_path):
    grade.grade_folder(two_files, tmp_path / "점수.csv", seconds=1, jobs=1)
    rows = read_csv(tmp_path / "점수.csv")
    assert rows["가.ipynb"]["비고"] == "내용이 똑같은 파일이 있습니다: 나.ipynb"
    assert rows["나.ipynb"]["비고"] == "내용이 똑같은 파일이 있습니다: 가.ipynb"
    assert [row["합계"] for row in rows.values()] == ["2", "2"]


def test_interrupt_keeps_the_rows_so_far(two_files, tmp_path, monkeypatch):
    def one_then_interrupt(futures):
        yield futures[0]
        raise KeyboardInterrupt

    monkeypatch.setattr(grade, "as_completed", one_then_interrupt)
    output = tmp_path / "점수.csv"
    assert not grade.grade_folder(two_files, output, seconds=1, jobs=1)
    assert list(read_csv(output)) == ["가.ipynb"]


def test_fault_of_the_grader_stops_nothing(two_files, tmp_path, monkeypatch):
    def fail(submission, *, seconds):
        raise judge.NotStarted("켜지 못했습니다")

    monkeypatch.setattr(grade, "grade_submission", fail)
    assert grade.grade_folder(two_files, tmp_path / "점수.csv", seconds=1, jobs=1)
    assert "손으로 채점하십시오" in read_csv(tmp_path / "점수.csv")["가.ipynb"]["비고"]


@pytest.mark.parametrize("arguments", [
    [], ["없는 폴더"], [".", "--seconds", "0"], [".", "--jobs", "0"],
])  # fmt: skip
def test_wrong_options_are_refused(monkeypatch, capsys, arguments):
    monkeypatch.setattr(sys, "argv", ["grade.py", *arguments])
    with pytest.raises(SystemExit):
        grade.main()
    assert any("가" <= letter <= "힣" for letter in capsys.readouterr().err)


def test_excel_reads_no_formula_and_one_line(tmp_path):
    path = tmp_path / "점수.csv"
    reason = "1번: 두\n줄\ud800" + "가" * 999
    grade.write_csv(path, [grade.Row("=cmd.ipynb", "00_start", {"1": 0.6}, [reason])], ["1"])
    (row,) = read_csv(path).values()
    assert row["제출 파일"] == "'=cmd.ipynb"
    assert row["1"] == row["합계"] == "0.6"
    assert "\n" not in row["비고"]
    assert len(row["비고"]) <= 160


# --- 할 수 없는 일 --------------------------------------------------------------------------------

ATTEMPTS = f"""
import contextlib, ctypes, inspect, os, socket, sqlite3, sys, urllib.request
from pathlib import Path
sys.path.insert(0, {str(ROOT / "tools")!r})
from grading import student
import course_utils, json.decoder
home, package = Path.cwd(), Path(course_utils.__file__).parent
os.symlink("/etc", home / "etc")
refusals = student.install_guard(home, package)

def refused(action, *arguments):
    refusals.clear()
    with contextlib.suppress(Exception):
        action(*arguments)
    return bool(refusals)

answers = package / "exercises" / "comparison.py"
bad = [
    (open, "/etc/passwd"), (open, "etc/passwd"), (open, "../../../etc/passwd"), (os.listdir, "/"),
    (os.open, "/etc/passwd", os.O_RDONLY), (lambda: [*Path("/etc").iterdir()],), (open, answers),
    (os.listdir, package.parent / "notebooks"), (open, package.parent / "notebooks/00_start.ipynb"),
    (open, package / "quiz.py", "a"),
    (os.remove, package / "없는 파일"), (os.symlink, "/etc/passwd", "p"), (os.chdir, "/"),
    (os.rename, "/etc/passwd", "p"), (sqlite3.connect, "/tmp/x.db"), (os.system, "true"),
    (os.execv, sys.executable, ["x"]), (os.kill, os.getpid(), 0), (ctypes.CDLL, None),
    (socket.socket,), (urllib.request.urlopen, "http://192.0.2.1"), (os.popen, "true"),
] + [(os.fork,)] * hasattr(os, "fork")
good = [
    (open, "mine.txt", "w"), (open, "mine.txt"), (os.mkdir, "d"), (os.listdir,), (open, os.devnull),
    (inspect.getsource, json.decoder), (open, package / "assets" / "README.md"),
    (__import__, "colorsys"), (__import__, "outside"), (__import__, "IPython.display"),
    (__import__, "없는_모듈"), (os.remove, "mine.txt"),
]
print([index for index, item in enumerate(bad) if not refused(*item)])
print([index for index, item in enumerate(good) if refused(*item)])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="경로가 리눅스의 것입니다")
def test_guard_refuses_the_outside_and_allows_the_own_folder(tmp_path):
    # 인터프리터 밖에 설치한 패키지는 부를 수 있고, 길에 든 저장소의 노트북은 읽을 수 없습니다.
    home, packages = tmp_path / "home", tmp_path / "packages"
    home.mkdir()
    packages.mkdir()
    (packages / "outside.py").write_text("open(__file__).close()", encoding="utf-8")
    paths = os.pathsep.join(map(str, (packages, ROOT)))
    result = subprocess.run(
        [sys.executable, "-c", ATTEMPTS], cwd=home, env=os.environ | {"PYTHONPATH": paths},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert result.stdout.split("\n")[:2] == ["[]", "[]"], result.stdout


# --- 오가는 값 ------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [
    None, True, 3, 10**30, 0.5, "글", [1, [2]], ((0, 1), (2,)), {"C1": None, 2: (1,)},
])  # fmt: skip
def test_values_travel_unchanged(value):
    back = judge.unpack(student.pack(value))
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize("tensor", [
    torch.arange(6).reshape(2, 3).T, torch.tensor(2.5), torch.zeros(0, 4), torch.tensor([True]),
    torch.tensor([1.5], dtype=torch.bfloat16), torch.nn.Parameter(torch.ones(2)),
])  # fmt: skip
def test_tensors_travel_unchanged(tensor):
    back = judge.unpack(student.pack(tensor))
    assert (back.dtype, back.shape) == (tensor.dtype, tensor.shape)
    assert torch.equal(back, tensor.detach())


def old_tar():
    """torch 2.5까지는 weights_only=True로 읽어도 코드가 돌던 형식입니다(CVE-2025-32434)."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("pickle"), io.BytesIO(b""))
    return stream.getvalue()


def pickled(value):
    stream = io.BytesIO()
    torch.save(value, stream)
    return stream.getvalue()


@pytest.mark.parametrize("content", [
    b"", b"PK", old_tar(), pickled(Path("a")), pickled(torch.nn.Linear(1, 1)),
])  # fmt: skip
def test_strange_messages_are_refused(content):
    with pytest.raises(ValueError, match="알 수 없는 값"):
        judge.unpack(base64.b64encode(content).decode())
