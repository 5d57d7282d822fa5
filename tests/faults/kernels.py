"""진짜 Jupyter 커널을 켜고, 코드를 돌리고, 중단하고, 죽입니다. 브라우저는 없습니다."""

import os
import textwrap
from contextlib import contextmanager
from pathlib import Path
from queue import Empty

from jupyter_client.manager import start_new_kernel

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 90


class Kernel:
    """커널 하나입니다. 답은 `{"status", "text", "data"}`이고 text는 찍은 글과 오류입니다."""

    def __init__(self, manager, client):
        self.manager, self.client = manager, client

    def execute(self, code, *, wait_for=None):
        """코드를 돌리기 시작하고 그 번호를 돌려줍니다. `wait_for`가 찍힐 때까지 기다립니다."""
        asked = self.client.execute(textwrap.dedent(code), store_history=False)
        if wait_for:
            text = ""
            while wait_for not in text:
                text += self._read(asked)[1]
        return asked

    def _read(self, asked):
        message = self.client.get_iopub_msg(timeout=SECONDS)
        if message["parent_header"].get("msg_id") != asked:
            return None, "", {}
        content = message["content"]
        text = content.get("text", "") + "\n".join(content.get("traceback", ()))
        idle = message["msg_type"] == "status" and content["execution_state"] == "idle"
        return idle, text, content.get("data", {})

    def finish(self, asked):
        """`execute`가 시작한 것이 끝날 때까지 기다립니다."""
        text, data, idle = "", {}, False
        while not idle:
            idle, more, shown = self._read(asked)
            text, data = text + more, data | shown
        reply = self.client.get_shell_msg(timeout=SECONDS)
        while reply["parent_header"].get("msg_id") != asked:
            reply = self.client.get_shell_msg(timeout=SECONDS)
        return {"status": reply["content"]["status"], "text": text, "data": data}

    def run(self, code):
        return self.finish(self.execute(code))

    def interrupt(self):
        self.manager.interrupt_kernel()

    def kill(self):
        """kill -9와 같습니다. 커널은 아무것도 정리하지 못합니다."""
        self.manager.shutdown_kernel(now=True)

    def restart(self):
        self.manager.restart_kernel(now=True)
        self.client.wait_for_ready(timeout=SECONDS)
        while True:  # 앞 커널이 남긴 말을 버립니다.
            try:
                self.client.get_iopub_msg(timeout=0.3)
            except Empty:
                return


@contextmanager
def started(folder=ROOT / "notebooks"):
    """`folder`에서 커널을 켭니다. 끝나면 끕니다."""
    env = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "COURSE_OFFLINE": "1"}
    manager, client = start_new_kernel(
        kernel_name="python3", startup_timeout=SECONDS, cwd=str(folder), env=env
    )
    try:
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
