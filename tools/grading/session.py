"""학생의 프로세스를 켜고, 일을 시키고, 제한 시간에 끕니다.

리눅스에서는 torch를 미리 불러 둔 서버에서 갈라져 나오므로(forkserver) 하나 켜는 데 0.1초쯤입니다.
맥과 윈도우에서는 갈라져 나온 프로세스가 안전하지 않아 새로 켭니다(spawn). 하나에 몇 초가 더 듭니다.
"""

import ast
import contextlib
import json
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from grading.course import CourseNotebook
from grading.student import ENVIRONMENT, serve

START_SECONDS = 180  # 켜지기를 기다리는 시간. 처음에는 torch를 불러옵니다.
MAX_BYTES = 64 * 2**20  # 한 번에 받는 가장 긴 글
CONTEXT = multiprocessing.get_context("forkserver" if sys.platform == "linux" else "spawn")


class Lost(BaseException):
    """학생의 프로세스가 없어졌습니다. 검사가 삼키지 못하게 Exception이 아닙니다."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotStarted(BaseException):
    """학생의 프로세스를 켜지 못했습니다. 학생이 아니라 채점기의 잘못입니다."""


class Clock:
    """남은 시간입니다."""

    def __init__(self, seconds: float) -> None:
        self.total = self.left = seconds


class Session:
    """학생의 프로세스 하나입니다. `with`로 쓰며, 나갈 때 프로세스와 임시 폴더를 없앱니다."""

    live: ClassVar[set] = set()  # 멈출 때 모두 끄려고 적어 둡니다.
    lock: ClassVar = threading.Lock()
    stopped: ClassVar = threading.Event()

    def __init__(self, notebook: CourseNotebook, constants: dict, *, cpu_seconds: int) -> None:
        if Session.stopped.is_set():
            raise NotStarted("채점을 멈췄습니다")
        self.folder = tempfile.TemporaryDirectory(prefix="grade-", ignore_cleanup_errors=True)
        self.connection, other = CONTEXT.Pipe()
        arguments = (other, self.folder.name, notebook.setup, constants, cpu_seconds)
        self.process = CONTEXT.Process(target=serve, args=arguments, daemon=True)
        with Session.lock, settings():  # 환경은 프로세스 전체의 것이라 한 번에 하나씩 켭니다.
            self.process.start()
            Session.live.add(self)
        other.close()
        try:
            self.receive(Clock(START_SECONDS))
        except Lost as lost:
            self.close()
            raise NotStarted(f"학생의 프로세스를 켜지 못했습니다: {lost}") from None

    def ask(self, request: dict, clock: Clock) -> dict:
        """일을 시키고 답을 기다립니다. 시간이 다 되거나 프로세스가 끝나면 Lost입니다."""
        try:
            self.connection.send_bytes(json.dumps(request).encode())
        except OSError:
            raise Lost("프로세스가 갑자기 끝났습니다") from None
        return self.receive(clock)

    def receive(self, clock: Clock) -> dict:
        start = time.monotonic()
        try:
            if not self.connection.poll(max(clock.left, 0)):
                raise Lost(f"제한 시간 {clock.total:.0f}초를 넘겼습니다")
            # 글의 앞머리만 보내고 멈춘 프로세스를 한없이 기다리지 않습니다.
            watch = threading.Timer(max(clock.left, 0) + 1, self.process.kill)
            watch.start()
            try:
                reply = json.loads(self.connection.recv_bytes(MAX_BYTES))
            finally:
                watch.cancel()
        except (EOFError, OSError):
            raise Lost("프로세스가 갑자기 끝났습니다") from None
        except (ValueError, RecursionError):
            raise Lost("프로세스가 알 수 없는 답을 보냈습니다") from None
        finally:
            clock.left -= time.monotonic() - start
        if not isinstance(reply, dict):
            raise Lost("프로세스가 알 수 없는 답을 보냈습니다")
        return reply

    def close(self) -> None:
        """프로세스 묶음을 통째로 끄고 임시 폴더를 지웁니다."""
        with Session.lock:
            Session.live.discard(self)
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.join(10)
        self.connection.close()
        self.folder.cleanup()


def stop_all() -> None:
    """켜져 있는 것을 모두 끄고 더 켜지 못하게 합니다. 기다리던 쪽은 Lost를 받습니다."""
    Session.stopped.set()
    for session in list(Session.live):
        session.process.kill()


@contextlib.contextmanager
def settings() -> Iterator[None]:
    """켜는 동안만 환경 변수를 바꿉니다. 스레드 수는 torch를 불러오기 전에 정해야 합니다."""
    tools = str(Path(__file__).resolve().parents[1])
    paths = os.pathsep.join(filter(None, [tools, os.environ.get("PYTHONPATH")]))
    changed = {**ENVIRONMENT, "PYTHONPATH": paths}
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def warm_up(notebooks: list[CourseNotebook]) -> None:
    """준비 셀들이 부르는 모듈을 서버에 미리 불러 둡니다. 검사 모듈은 답이 있으므로 뺍니다."""
    if CONTEXT.get_start_method() != "forkserver":
        return
    from multiprocessing import forkserver

    modules = {"grading.student", "numpy", "torch"}
    for notebook in notebooks:
        modules |= imported(notebook.setup)
    CONTEXT.set_forkserver_preload(sorted(modules))
    with settings():
        forkserver.ensure_running()


def imported(code: str) -> set[str]:
    """코드가 맨 바깥에서 부르는 모듈의 이름들입니다."""
    names = set()
    for node in ast.parse(code).body:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    # 모듈이 아닌 것(클래스나 함수)의 이름은 서버가 불러 보고 없으면 지나칩니다.
    return {name for name in names if "exercises" not in name.split(".")}
