"""Colab과 비슷한 곳에서 노트북 파일 하나만으로 처음부터 끝까지 실행합니다.

가상 환경에는 Colab에 깔려 있는 묶음(torch, torchvision, scikit-image 등과 그 의존 패키지)만 보이고
course_utils는 없습니다. 모듈이 오는 길은 셋입니다: 지금의 파일들을 담은 git 저장소, 노트북에 담긴
셀(코랩용), 수업에서 올린 학생용.zip.
"""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import time

import colab_notebooks
import handouts
import nbformat
import pytest
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from servers import ROOT

NAMES = sorted(path.stem for path in (ROOT / "notebooks").glob("[0-9]*.ipynb"))
COLAB_HAS = (
    "torch", "torchvision", "numpy", "matplotlib", "pillow", "scikit-learn", "scikit-image", "tqdm",
    "ipywidgets", "ipykernel", "anywidget",
)  # fmt: skip


def with_dependencies(names):
    """패키지들과, 그것들이 데려오는 패키지들입니다. 깔려 있지 않은 것은 뺍니다."""
    found, waiting = {}, list(names)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found:
            continue
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        found[name] = distribution
        waiting += [re.match(r"[\w.-]+", line)[0] for line in distribution.requires or []
                    if "extra ==" not in line]  # fmt: skip
    return found


def make_colab(home):
    """Colab 흉내를 낸 가상 환경의 (파이썬, 환경 변수)입니다."""
    stack = home / "stack"
    stack.mkdir()
    for distribution in with_dependencies(COLAB_HAS).values():
        for part in {file.parts[0] for file in distribution.files} - {"..", "__pycache__"}:
            place = distribution.locate_file(part)
            if place.exists() and not (stack / part).exists():
                (stack / part).symlink_to(place)
    subprocess.run([sys.executable, "-m", "venv", home / "venv"], check=True)
    (site,) = home.glob("venv/lib/python*/site-packages")
    (site / "stack.pth").write_text(f"{stack}\n")
    kept = {name: value for name, value in os.environ.items()
            if name in ("PATH", "LANG") or name.lower().startswith(("pip_", "ssl_", "https_proxy"))}
    fixed = {"HOME": str(home), "COURSE_OFFLINE": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    return home / "venv" / "bin" / "python", kept | fixed


@pytest.fixture(scope="session")
def colab(tmp_path_factory):
    """주소를 아는 Colab: 모듈을 git 저장소에서 설치합니다."""
    home = tmp_path_factory.mktemp("colab")
    python, environment = make_colab(home)
    return python, environment | {"COURSE_SOURCE": f"git+file://{commit_tree(home / 'source')}"}


@pytest.fixture(scope="session")
def bare(tmp_path_factory):
    """주소를 모르는 Colab: 끝까지 course_utils가 설치되지 않습니다."""
    return make_colab(tmp_path_factory.mktemp("bare"))


def commit_tree(folder):
    """지금의 파일들(아직 커밋하지 않은 것까지)을 담은 git 저장소입니다."""
    command = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    who = ["-c", "user.name=e2e", "-c", "user.email=e2e@localhost"]
    for words in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "e2e"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return folder


def ask(python, environment, code):
    """가상 환경의 파이썬에게 한 줄을 시키고 찍은 글을 받습니다."""
    command = [python, "-c", code]
    done = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True)
    return done.stdout.strip()


def run(name, folder, python, environment, *, cells=None, source=ROOT / "notebooks"):
    """노트북을 빈 폴더에 두고 실행합니다. (노트북, 준비 셀의 초)를 돌려줍니다."""
    folder.mkdir()
    path = shutil.copy(source / f"{name}.ipynb", folder)
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = notebook.cells[:cells]
    manager = AsyncKernelManager(kernel_name="python3")
    manager.kernel_spec.argv = [str(python), *manager.kernel_spec.argv[1:]]
    client = NotebookClient(notebook, km=manager, timeout=300,
                            resources={"metadata": {"path": str(folder)}})  # fmt: skip
    seconds = 0.0
    with client.setup_kernel(env=environment, cleanup_kc=True):
        for index, cell in enumerate(notebook.cells):
            start = time.perf_counter()
            client.execute_cell(cell, index)
            if "setup" in cell.metadata.get("tags", []):
                seconds = time.perf_counter() - start
    return notebook, seconds


WHERE = "import course_utils; print(course_utils.__file__)"
TORCH = "import torch; print(torch.__version__, torch.__file__)"


def test_failed_installation_says_what_to_do(colab, tmp_path):
    python, environment = colab
    assert ask(python, environment, WHERE) == ""
    nowhere = environment | {"COURSE_SOURCE": f"git+file://{tmp_path}/없는저장소"}
    with pytest.raises(CellExecutionError, match=r"다시 실행해 학생용\.zip을"):
        run("00_start", tmp_path / "work", python, nowhere, cells=2)


def problems(notebook):
    """노트북의 결과에 있는 오류와 붉은 글들입니다."""
    outputs = [output for cell in notebook.cells if cell.cell_type == "code"
               for output in cell.outputs]  # fmt: skip
    return [output for output in outputs
            if output.output_type == "error" or output.get("name") == "stderr"]  # fmt: skip


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=() if name < "02" else pytest.mark.long) for name in NAMES
])  # fmt: skip
def test_notebook_alone_runs_whole(colab, name, tmp_path, record_latency):
    python, environment = colab
    before = ask(python, environment, TORCH)
    assert before
    first = not ask(python, environment, WHERE)
    notebook, seconds = run(name, tmp_path / "work", python, environment)
    if first:
        record_latency("Colab 준비 셀(설치까지)", [1000 * seconds])
    assert problems(notebook) == []
    assert ask(python, environment, TORCH) == before
    assert str(python.parents[1]) in ask(python, environment, WHERE)
    assert [path.suffix for path in (tmp_path / "work").iterdir()] == [".ipynb"]


@pytest.fixture(scope="session")
def self_contained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("코랩용")
    colab_notebooks.build(folder)
    return folder


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=() if name[:2] in ("00", "06") else pytest.mark.long) for name in NAMES
])  # fmt: skip
def test_self_contained_notebook_runs_whole(bare, self_contained, name, tmp_path):
    """03과 06은 작은 AlexNet을, 나머지는 LeNet-5를 담습니다."""
    python, environment = bare
    notebook, _ = run(name, tmp_path / "work", python, environment, source=self_contained)
    assert problems(notebook) == []
    assert ask(python, environment, WHERE) == ""
    assert {path.name for path in (tmp_path / "work").iterdir()} == {f"{name}.ipynb", "강의"}


@pytest.fixture
def with_upload(bare, tmp_path):
    """`files.upload`가 `올릴 것.zip`을 올리는 Colab의 (파이썬, 환경 변수, 올릴 파일)입니다."""
    python, environment = bare
    uploaded, fake = tmp_path / "올릴 것.zip", tmp_path / "fake"
    (fake / "google" / "colab").mkdir(parents=True)
    (fake / "google" / "colab" / "__init__.py").touch()
    (fake / "google" / "colab" / "files.py").write_text(
        f"upload = lambda: {{'a.zip': open({str(uploaded)!r}, 'rb').read()}}"
    )
    (fake / "sitecustomize.py").write_text("import google.colab")
    return python, environment | {"PYTHONPATH": str(fake)}, uploaded


def test_uploaded_zip_of_the_class_is_used(with_upload, tmp_path):
    python, environment, uploaded = with_upload
    handouts.build_all(tmp_path / "handouts")
    shutil.copy(tmp_path / "handouts" / "학생용.zip", uploaded)
    notebook, _ = run("00_start", tmp_path / "work", python, environment)
    assert problems(notebook) == []
    assert (tmp_path / "work" / "강의" / "학생용" / "course_utils").is_dir()


def test_broken_upload_is_told_and_can_be_repeated(with_upload, tmp_path):
    python, environment, uploaded = with_upload
    uploaded.write_bytes(b"PK broken")
    with pytest.raises(CellExecutionError, match=r"다시 실행해 학생용\.zip을"):
        run("00_start", tmp_path / "work", python, environment, cells=2)
