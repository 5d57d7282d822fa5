"""보안의 약속입니다(docs/보안.md). 코드를 읽어 확인하고, 나쁜 파일과 글을 넣어 봅니다."""

import ast
import hashlib
import inspect
import io
import json
import re
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torchvision.datasets import CIFAR10

from course_utils import __main__, transfer
from course_utils.data import photos, sources
from course_utils.tables import Table

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted(
    path
    for folder in ("course_utils", "tools", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
)
# 학생의 코드를 돌리는 것이 일인 채점기만, 따로 띄운 프로세스 안에서 exec를 씁니다.
MAY_EXECUTE = {"tools/grading/judge.py", "tools/grading/student.py", "benchmarks/run.py",
               "tools/present.py"}  # present.py는 번역만 하고 실행하지 않습니다.
# 채점기가 자신이 만든 모델을 그 프로세스에 보낼 때뿐이고, 학생에게서 온 것에는 쓰지 않습니다.
MAY_UNPICKLE = {"tools/grading/student.py"}


def notebook_code(path):
    """노트북의 코드입니다. 매직 줄은 뺍니다."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    lines = [line for cell in cells if cell["cell_type"] == "code"
             for line in "".join(cell["source"]).splitlines()]  # fmt: skip
    return "\n".join(line for line in lines if not line.lstrip().startswith(("%", "!")))


def sources_of_everything():
    for path in FILES:
        yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        yield path.relative_to(ROOT).as_posix(), notebook_code(path)


TREES = {name: ast.parse(source) for name, source in sources_of_everything()}


def dotted(node):
    """`torch.load` 같은 부름의 이름입니다."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([*([node.id] if isinstance(node, ast.Name) else ["?"]), *reversed(parts)])


def calls():
    """`(파일, 부르는 이름, 부름)`들입니다."""
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield name, dotted(node.func), node


def option(call, name):
    return next((word.value for word in call.keywords if word.arg == name), None)


def test_nothing_is_unpickled():
    known = {"pickle.load", "pickle.loads", "pickle.Unpickler", "dill.load", "joblib.load",
             "marshal.loads", "shelve.open", "np.load", "numpy.load"}  # fmt: skip
    assert [(name, called) for name, called, _ in calls() if called in known] == []


def test_every_torch_load_reads_weights_only():
    loads = [(name, call) for name, called, call in calls() if called == "torch.load"]
    assert len(loads) >= 6
    for name, call in loads:
        safe = option(call, "weights_only")
        assert safe is not None, name
        assert safe.value is (name not in MAY_UNPICKLE), name


def test_no_process_is_started_through_a_shell():
    starts = ("subprocess.", "os.system", "os.popen", "os.spawn", "asyncio.create_subprocess_shell")
    used = [(name, called, call) for name, called, call in calls() if called.startswith(starts)]
    for name, called, call in used:
        assert called not in {"os.system", "os.popen", "subprocess.getoutput"}, name
        shell = option(call, "shell")
        assert shell is None or shell.value is False, name


def test_code_is_executed_only_by_the_grader():
    built_in = {"eval", "exec", "compile", "__import__"}
    assert {name for name, called, _ in calls() if called in built_in} <= MAY_EXECUTE


def test_archives_are_unpacked_only_by_the_setup_cells():
    """Colab에서 올린 .zip뿐입니다. zipfile은 이름을 다듬어 폴더 밖에 쓰지 않습니다."""
    ways = (".extractall", ".extract", ".unpack_archive")
    used = [name for name, called, _ in calls() if called.endswith(ways)]
    assert len(used) == len(set(used))
    for name in used:
        _, setup = json.loads((ROOT / name).read_text(encoding="utf-8"))["cells"][:2]
        assert "with zipfile.ZipFile" in "".join(setup["source"])


def test_servers_listen_only_to_this_computer():
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert "0.0.0.0" not in node.value, name
    sys.path.insert(0, str(ROOT / "tools"))
    import present
    import serve_slides

    source = Path(present.__file__).read_text(encoding="utf-8")
    assert '"--Voila.ip=127.0.0.1", "--token"' in source  # 값이 없으면 무작위로 만듭니다.
    folder = Path(serve_slides.__file__).parent
    with pytest.raises(SystemExit, match="make slides"):
        serve_slides.open_server(folder, 0)  # 슬라이드가 아닌 폴더는 열지 않습니다.


def test_slide_server_needs_its_token_and_stays_in_its_folder(tmp_path):
    import http.client
    import threading

    import serve_slides

    (tmp_path / "비밀.txt").write_text("비밀", encoding="utf-8")
    slides = tmp_path / "slides"
    slides.mkdir()
    (slides / "index.html").write_text("슬라이드", encoding="utf-8")
    with serve_slides.open_server(slides, 0) as server:
        assert server.server_address[0] == "127.0.0.1"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        start = f"/{server.token}"
        outside = ("/../%EB%B9%84%EB%B0%80.txt", "/..%2f%EB%B9%84%EB%B0%80.txt", "//etc/passwd")
        expected = {f"{start}/": 200, f"{start}/index.html": 200, "/": 404, "/index.html": 404}
        expected |= {prefix + path: 404 for prefix in ("", start) for path in outside}
        for path, status in expected.items():
            connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)
            connection.request("GET", path)
            assert connection.getresponse().status == status, path
            connection.close()
        server.shutdown()


def test_lab_keeps_its_token_and_its_address():
    command = inspect.getsource(__main__.lab)
    assert "jupyterlab" in command
    assert not re.search(r"--ip|\.ip=|token|password|allow_origin|disable_check_xsrf", command)


# --- 나쁜 파일 ------------------------------------------------------------------------------------


def test_archive_that_leads_outside_is_refused_before_it_is_unpacked(tmp_path, monkeypatch, capsys):
    """torchvision은 이름을 확인하지 않고 풉니다. 체크섬이 다른 파일은 풀기 전에 거절합니다."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        info = tarfile.TarInfo("../../밖에 쓴 파일")
        info.size = 4
        archive.addfile(info, io.BytesIO(b"evil"))
    home = tmp_path / "안" / "깊이" / "저장소"
    home.mkdir(parents=True)
    (home / "pyproject.toml").touch()
    monkeypatch.setattr(sources, "PROJECT_FOLDER", home)
    monkeypatch.setattr(photos, "fetch", lambda *_, **__: buffer.getvalue())
    few = (np.zeros((20, 32, 32, 3), np.uint8), np.arange(20) % 10)
    monkeypatch.setattr(photos, "cut_photos", lambda: (*few, *few, tuple("가나다라마바사아자차")))
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.delenv("COURSE_OFFLINE", raising=False)
    before = set(tmp_path.rglob("*"))
    assert photos.load_photos().source == "embedded"
    assert "온전하지 않아" in capsys.readouterr().out
    assert set(tmp_path.rglob("*")) == before


def test_cifar_files_are_pickles_guarded_by_known_checksums():
    known = [
        *CIFAR10.train_list,
        *CIFAR10.test_list,
        [CIFAR10.meta["filename"], CIFAR10.meta["md5"]],
    ]
    assert len(known) == 7
    assert all(re.fullmatch("[0-9a-f]{32}", md5) for _, md5 in known)
    assert re.fullmatch("[0-9a-f]{32}", CIFAR10.tgz_md5)


def test_old_tar_format_of_torch_is_refused_unread(tmp_path, monkeypatch):
    # CVE-2025-32434: torch 2.5까지는 이 형식을 weights_only=True로 읽어도 코드가 돌았습니다.
    path = tmp_path / "a.pt"
    with tarfile.open(path, "w") as archive:
        archive.addfile(tarfile.TarInfo("pickle"), io.BytesIO(b""))
    read = []
    monkeypatch.setattr(torch, "load", lambda *_, **__: read.append(1))
    with pytest.raises(ValueError, match="쓰지 않았습니다"):
        transfer.load_classifier(path)
    assert read == []


def test_shipped_weights_have_the_recorded_checksums():
    assets = ROOT / "course_utils" / "assets"
    weights = sorted(assets.glob("*.pt"))
    assert weights
    for path in weights:
        record = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        whole, digest = path.read_bytes()[:-32], path.read_bytes()[-32:]  # 파일의 끝에 적힌 SHA-256
        assert hashlib.sha256(whole).hexdigest() == digest.hex() == record["sha256"]


# --- 남이 쓴 글 -----------------------------------------------------------------------------------

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"


def test_text_of_others_is_escaped_in_tables():
    shown = Table([SCRIPT], [[SCRIPT]], caption=SCRIPT)._repr_html_()
    assert "<script" not in shown
    assert "<img" not in shown
    assert shown.count("&lt;script&gt;") == 3


def test_text_of_others_is_escaped_in_widgets():
    from course_utils import plotting, widgets

    plotting.use_course_style()
    panel = widgets.kernel_viewer(torch.rand(2, 3, 5, 5), torch.zeros(32, 32, 3).byte().numpy(),
                                  source=SCRIPT)  # fmt: skip
    assert "<script" not in panel.readout.value
    assert "&lt;script&gt;" in panel.readout.value


def test_class_names_of_others_stay_text(tmp_path):
    model = nn.Module()
    model.classifier = nn.Sequential(nn.Linear(2, 2))
    names = (SCRIPT, "나")
    classifier = transfer.Classifier(model, names, "small", "file")
    assert "<script" not in Table(["이름"], [[classifier.label(0)]])._repr_html_()


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem)
def test_notebooks_show_no_html_built_by_hand(path):
    tree = TREES[path.relative_to(ROOT).as_posix()]
    names = {dotted(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert not {name for name in names if name.split(".")[-1] in {"HTML", "Javascript", "IFrame"}}
