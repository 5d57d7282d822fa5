"""저장소의 짜임새를 확인합니다: 의존성 목록, 모듈의 층, 함께 담는 파일, 명령."""

import ast
import fnmatch
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10에서는 pytest가 데려온 tomli를 씁니다.
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "course_utils"
ASSETS = PACKAGE / "assets"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ENVIRONMENT = (ROOT / "environment.yml").read_text(encoding="utf-8")

# 가운데 층입니다. 나머지 파일은 모두 바닥 층이고, 노트북이 맨 위층입니다.
MIDDLE_FLOOR = {
    "widgets", "smoke_test", "parallel", "commands", "environment",
    "data_size", "transfer", "quiz", "exercises",
}  # fmt: skip
# 지하 층입니다. 아무것도 불러오지 않으므로 어느 층에서나 불러올 수 있습니다.
BASEMENT = {"checkpoint"}
OUTSIDE = {"notebooks", "tests", "tools", "benchmarks", "docs"}
CONDA_NAMES = {"torch": "pytorch"}


# --- 의존성 ---------------------------------------------------------------------------------------


def parse_requirement(line):
    """'torch>=2.2'를 ('torch', '>=2.2')로 나눕니다."""
    name, bounds = re.fullmatch(r"([\w.-]+)\s*(.*)", line.strip()).groups()
    return name, bounds.replace(" ", "")


def conda_requirements(text):
    """environment.yml의 의존성을 {이름: 범위}로 돌려줍니다. 이 파일의 단순한 꼴만 읽습니다."""
    lines = text.split("dependencies:")[1].splitlines()
    items = [re.sub(r"#.*", "", line).strip().removeprefix("- ").strip() for line in lines]
    skipped = {"", "pip", "pip:", "-e ."}
    return dict(parse_requirement(item) for item in items if item not in skipped)


def project_requirements():
    """pyproject.toml이 말하는 conda 환경입니다. 브라우저 테스트(e2e)은 뺍니다."""
    project = PYPROJECT["project"]
    extras = project["optional-dependencies"]
    lines = project["dependencies"] + extras["lab"] + extras["test"]
    requirements = dict(parse_requirement(line) for line in lines)
    renamed = {CONDA_NAMES.get(name, name): bounds for name, bounds in requirements.items()}
    return renamed | {"python": project["requires-python"]}


def test_conda_environment_says_the_same_as_pyproject():
    assert conda_requirements(ENVIRONMENT) == project_requirements()


@pytest.mark.parametrize("name", sorted(project_requirements()))
def test_only_lower_bounds(name):
    # 위쪽을 막으면 Colab에 이미 깔린 것을 내리게 됩니다.
    assert re.fullmatch(r">=[\d.]+", project_requirements()[name])


# --- 모듈의 층 ------------------------------------------------------------------------------------


def module_name(path):
    """course_utils/widgets/pad.py → 'widgets'"""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported_modules(source):
    """소스가 불러오는 모듈의 온 이름입니다. 함수 안의 import도 셉니다."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = f"course_utils.{base}".rstrip(".")
            names |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return names


def imported_siblings(source, own_name):
    """소스가 불러오는 course_utils의 다른 파일들입니다."""
    files = {module_name(path) for path in PACKAGE.rglob("*.py")} | MIDDLE_FLOOR
    parts = [name.split(".") for name in imported_modules(source)]
    used = {part[1] for part in parts if part[0] == "course_utils" and len(part) > 1}
    return (used & files) - {own_name, "__init__"}


def floor_faults(source, own_name):
    """층의 방향을 어긴 import를 늘어놓습니다."""
    outside = {name for name in imported_modules(source) if name.split(".")[0] in OUTSIDE}
    ground = own_name not in MIDDLE_FLOOR
    below = set() if own_name in BASEMENT else BASEMENT
    return sorted(outside | (imported_siblings(source, own_name) - below if ground else set()))


SOURCES = sorted(PACKAGE.rglob("*.py"))
SOURCE_IDS = [path.relative_to(PACKAGE).as_posix() for path in SOURCES]
FIGURES = sorted((PACKAGE / "plotting").rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=SOURCE_IDS)
def test_imports_keep_the_floors(path):
    assert floor_faults(path.read_text(encoding="utf-8"), module_name(path)) == []


@pytest.mark.parametrize("path", FIGURES, ids=lambda path: path.name)
def test_figures_know_nothing_of_models(path):
    names = imported_modules(path.read_text(encoding="utf-8"))
    assert not {name for name in names if name.split(".")[0] in {"torch", "torchvision"}}


def test_importing_the_package_loads_nothing_heavy():
    code = "import course_utils, sys; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    heavy = {"torch", "numpy", "matplotlib", "IPython", "ipywidgets", "sklearn"}
    assert not heavy & set(result.stdout.split())


# --- 함께 담는 파일 -------------------------------------------------------------------------------


def test_installed_package_holds_every_asset():
    patterns = PYPROJECT["tool"]["setuptools"]["package-data"]["course_utils"]
    files = [path.relative_to(PACKAGE) for path in ASSETS.rglob("*") if path.is_file()]
    # setuptools의 *는 폴더를 넘지 않으므로 마디의 수도 같아야 합니다.
    missing = [
        str(path) for path in files
        if not any(fnmatch.fnmatch(str(path), pattern) and len(path.parts) == pattern.count("/") + 1
                   for pattern in patterns)
    ]
    assert files
    assert missing == []


def test_font_ships_with_its_licence():
    licence = (ASSETS / "OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE" in licence
    assert "Reserved Font Name" in licence


# --- 명령 -----------------------------------------------------------------------------------------


def test_help_names_every_target():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(" ".join(re.findall(r"^\.PHONY: (.*)$", makefile, re.M)).split()) - {"help"}
    assert targets == set(re.findall(r"^\s+'  make ([\w-]+) +\S", makefile, re.M))


@pytest.mark.skipif(shutil.which("make") is None, reason="make가 없습니다")
@pytest.mark.parametrize("writable", [True, False])
def test_jupyter_writes_beside_the_course_where_the_home_cannot_be_written(tmp_path, writable):
    shutil.copy(ROOT / "Makefile", tmp_path)
    home = tmp_path if writable else tmp_path / "없는 폴더"
    shown = "show:;@echo $$JUPYTER_CONFIG_DIR,$$JUPYTER_DATA_DIR,$$JUPYTER_RUNTIME_DIR,$$IPYTHONDIR"
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    clean = {name: value for name, value in os.environ.items() if name not in names}
    result = subprocess.run(["make", "-s", f"--eval={shown}", "show"], cwd=tmp_path, text=True,
                            env=clean | {"HOME": str(home)}, capture_output=True, check=True)
    folders = [] if writable else ["config", "data", "runtime", "ipython"]
    expected = [f"{tmp_path.resolve()}/.venv/jupyter/{name}" for name in folders]
    assert result.stdout.strip() == (",".join(expected) or ",,,")


def test_minutes_in_the_guide_are_those_of_the_speaker_notes():
    guide = (ROOT / "docs" / "강의안내.md").read_text(encoding="utf-8")
    for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        notes = re.findall(r"강사 노트 \((\d+)분\)", path.read_text(encoding="utf-8"))
        assert f"| {path.stem} | {sum(map(int, notes))} |" in guide


def sanitise(text):
    """nbval이 결과를 비교하기 전에 하는 일을 그대로 합니다."""
    rules = (ROOT / "tests" / "nbval_sanitize.cfg").read_text(encoding="ascii")
    for pattern, replacement in re.findall(r"^regex: (.*)$\n^replace: (.*)$", rules, re.M):
        text = re.sub(pattern, replacement, text)
    return text


@pytest.mark.parametrize(
    ("first", "second"), [("학습 12.3초", "학습 9초"), ("2 초, 96.1%", "31 초, 96.1%")]
)
def test_seconds_do_not_count_as_a_difference(first, second):
    assert sanitise(first) == sanitise(second)


@pytest.mark.parametrize("text", ["61,706개", "정확도 98.6%", "손실 0.0312", "(1, 6, 28, 28)"])
def test_results_count_as_a_difference(text):
    assert sanitise(text) == text


# --- 시험의 규칙 ----------------------------------------------------------------------------------


@pytest.mark.parametrize("connect", [
    lambda: socket.create_connection(("192.0.2.1", 80), timeout=1),  # RFC 5737: 쓰이지 않는 주소
    lambda: socket.getaddrinfo("example.com", 443),
])
def test_outside_network_is_blocked(connect, block_network):
    with pytest.raises(pytest.fail.Exception, match="네트워크"):
        connect()
    block_network.clear()


def test_every_file_the_readme_points_to_exists():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    assert sum(link.endswith(".png") for link in links) >= 2
    assert [link for link in links if not (ROOT / link).is_file()] == []


def test_start_and_readme_link_every_notebook():
    start = (ROOT / "notebooks" / "00_start.ipynb").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    names = [path.name for path in (ROOT / "notebooks").glob("*.ipynb")]
    assert len(names) == 7
    assert [name for name in names if f"](notebooks/{name})" not in readme] == []
    others = [name for name in names if name != "00_start.ipynb"]
    assert [name for name in others if f"]({name})" not in start] == []
