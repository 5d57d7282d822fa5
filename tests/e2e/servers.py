"""시험이 띄우는 JupyterLab과 Voilà 서버입니다. 사용자의 설정은 읽지도 쓰지도 않습니다."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import present

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "e2e"
LAB_SETTINGS = {
    # 화면 밖의 셀도 DOM에 두어야 찾아서 누를 수 있습니다.
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}


@dataclass(frozen=True)
class Server:
    """떠 있는 서버입니다. `url`에는 끝의 `/`가 없습니다."""

    url: str
    folder: Path

    def lab(self, name):
        return f"{self.url}/doc/tree/notebooks/{name}.ipynb?token={TOKEN}&reset"

    def voila(self, name):
        return f"{self.url}/voila/render/{name}.ipynb?token={TOKEN}"


def copy_course(folder):
    """노트북과 그것이 가리키는 문서를 옮겨 둡니다. 브라우저가 저장해도 원본은 그대로입니다."""
    for name in ("notebooks", "docs"):
        ignore = shutil.ignore_patterns(".*", "look-copy-*")
        shutil.copytree(ROOT / name, folder / name, ignore=ignore)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _environment(home):
    names = {"CONFIG": "config", "DATA": "data", "RUNTIME": "runtime"}
    private = {f"JUPYTER_{key}_DIR": str(home / value) for key, value in names.items()}
    private |= {
        f"JUPYTERLAB_{key}_DIR": str(home / key.lower()) for key in ("SETTINGS", "WORKSPACES")
    }
    # 브라우저와 코어를 나누므로, 기다리는 스레드가 코어를 붙들지 않게 합니다.
    shared = {"OMP_WAIT_POLICY": "PASSIVE", "PYTHONPATH": str(ROOT), "COURSE_OFFLINE": "1"}
    return os.environ | private | shared


def _wait(process, url, log):
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                said = log.read_text()[-3000:]
                raise RuntimeError(f"서버가 뜨지 않았습니다.\n{said}") from None
            time.sleep(0.1)


@contextlib.contextmanager
def _serve(arguments, home, folder, ready, extra=()):
    port = _free_port()
    log, environment = home / "server.log", _environment(home) | dict(extra)
    with log.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments, f"--port={port}"],
            stdout=stream, stderr=subprocess.STDOUT, env=environment, cwd=folder,
        )  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(process, f"{url}{ready}?token={TOKEN}", log)
            yield Server(url, folder)
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


@contextlib.contextmanager
def jupyterlab(home):
    """노트북의 사본을 여는 JupyterLab입니다."""
    copy_course(home / "course")
    for plugin, values in LAB_SETTINGS.items():
        path = home / "settings" / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    arguments = [
        "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--expose-app-in-browser",
        "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={home / 'course'}",
    ]  # fmt: skip
    with _serve(arguments, home, home / "course", "/api/status") as server:
        yield server


@contextlib.contextmanager
def voila(home):
    """`make present`가 띄우는 Voilà입니다."""
    folder = home / "pages"
    present.write_pages(folder)
    arguments = [
        "voila", str(folder), "--no-browser", f"--Voila.token={TOKEN}", "--Voila.ip=127.0.0.1",
        *present.OPTIONS,
    ]  # fmt: skip
    with _serve(arguments, home, folder, "/", {"JUPYTER_PATH": str(present.SHARE)}) as server:
        yield server
