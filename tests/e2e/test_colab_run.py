"""Colab과 비슷한 곳에서 노트북 파일 하나만으로 처음부터 끝까지 실행합니다.

가상 환경에는 Colab에 깔려 있는 묶음(torch, torchvision, scikit-image 등과 그 의존 패키지)만 보이고,
anywidget과 course_utils는 없습니다. 모듈은 지금의 파일들을 담은 git 저장소에서 설치합니다.
"""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import time

import nbformat
import pytest
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from servers import ROOT

NAMES = sorted(path.stem for path in (ROOT / "notebooks").glob("[0-9]*.ipynb"))
COLAB_HAS = (
    "torch", "torchvision", "numpy", "matplotlib", "pillow", "scikit-learn", "scikit-image", "tqdm",
    "ipywidgets", "ipykernel",
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


@pytest.fixture(scope="session")
def colab(tmp_path_factory):
    """Colab 흉내를 낸 가상 환경의 (파이썬, 환경 변수)입니다."""
    home = tmp_path_factory.mktemp("colab")
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
    environment = kept | {
        "HOME": str(home), "COURSE_OFFLINE": "1", "OMP_WAIT_POLICY": "PASSIVE",
        "COURSE_SOURCE": f"git+file://{commit_tree(home / 'source')}",
    }  # fmt: skip
    return home / "venv" / "bin" / "python", environment


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


def run(name, folder, python, environment, *, cells=None):
    """노트북을 빈 폴더에 두고 실행합니다. (노트북, 준비 셀의 초)를 돌려줍니다."""
    folder.mkdir()
    path = shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", folder)
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
    with pytest.raises(CellExecutionError, match="다시 실행하십시오"):
        run("00_start", tmp_path / "work", python, nowhere, cells=2)


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
    outputs = [output for cell in notebook.cells if cell.cell_type == "code"
               for output in cell.outputs]  # fmt: skip
    assert not [output for output in outputs if output.output_type == "error"]
    assert not [output.text for output in outputs if output.get("name") == "stderr"]
    assert ask(python, environment, TORCH) == before
    assert str(python.parents[1]) in ask(python, environment, WHERE)
    assert [path.suffix for path in (tmp_path / "work").iterdir()] == [".ipynb"]
