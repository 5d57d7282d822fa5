"""JupyterHub의 API로 사용자를 만들고, 서버와 커널을 띄워 셀을 실행합니다. `classroom.py`가 씁니다.

관리자 토큰을 환경 변수 JUPYTERHUB_API_TOKEN에 둡니다.
"""

import asyncio
import json
import os
import time
import uuid

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

STARTED = 300  # 서버가 뜨기를 기다리는 초


class HubKernel:
    """허브의 사용자 한 명이 연 노트북입니다. 서버의 첫 폴더에 notebooks/가 있어야 합니다."""

    def __init__(self, address: str, user: str, notebook: str) -> None:
        self.address, self.user, self.notebook = address.rstrip("/"), user, notebook
        self.headers = {"Authorization": f"token {os.environ['JUPYTERHUB_API_TOKEN']}"}

    async def call(self, method: str, path: str, body: dict | None = None):
        """허브나 서버의 API를 부릅니다."""
        sent = json.dumps(body or {}) if method != "GET" else None
        request = HTTPRequest(
            self.address + path, method=method, headers=self.headers, body=sent,
            allow_nonstandard_methods=True, request_timeout=STARTED,
        )  # fmt: skip
        response = await AsyncHTTPClient().fetch(request)
        return json.loads(response.body) if response.body else None

    async def start(self) -> int:
        """사용자, 서버, 커널을 차례로 만들고 커널의 프로세스 번호를 돌려줍니다."""
        for path in (f"/hub/api/users/{self.user}", f"/hub/api/users/{self.user}/server"):
            try:
                await self.call("POST", path)
            except HTTPClientError as error:
                if error.code not in (400, 409):  # 이미 있습니다.
                    raise
        deadline = time.monotonic() + STARTED
        while not (await self.call("GET", f"/hub/api/users/{self.user}"))["server"]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.user}의 서버가 뜨지 않았습니다.")
            await asyncio.sleep(0.5)
        path = f"notebooks/{self.notebook}"
        session = await self.call("POST", f"/user/{self.user}/api/sessions", {
            "path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"},
        })  # fmt: skip
        kernel = session["kernel"]["id"]
        url = f"{self.address}/user/{self.user}/api/kernels/{kernel}/channels"
        self.socket = await websocket_connect(
            HTTPRequest(url.replace("http", "ws", 1), headers=self.headers),
            max_message_size=1 << 28, ping_interval=30,
        )  # fmt: skip
        self.printed = []
        if error := await self.run("import os; print('PID', os.getpid())"):
            raise RuntimeError(error)
        return int("".join(self.printed).split()[-1])

    async def run(self, code: str) -> str | None:
        """셀 하나를 실행하고 커널이 쉴 때까지 기다립니다. 오류가 나면 그 글을 돌려줍니다."""
        asked, error, answered, idle = uuid.uuid4().hex, None, False, False
        self.printed.clear()
        await self.socket.write_message(json.dumps({
            "header": {"msg_id": asked, "msg_type": "execute_request", "version": "5.3",
                       "username": self.user, "session": self.user, "date": ""},
            "parent_header": {}, "metadata": {}, "channel": "shell", "buffers": [],
            "content": {"code": code, "silent": False, "allow_stdin": False,
                        "stop_on_error": True},
        }))  # fmt: skip
        while not (answered and idle):
            message = await self.socket.read_message()
            if message is None:
                raise ConnectionError(f"{self.user}의 커널과 연결이 끊겼습니다.")
            if isinstance(message, bytes):
                continue  # 위젯의 그림입니다.
            message = json.loads(message)
            if message["parent_header"].get("msg_id") != asked:
                continue
            kind, content = message["header"]["msg_type"], message["content"]
            answered |= kind == "execute_reply"
            idle |= kind == "status" and content["execution_state"] == "idle"
            if kind == "stream":
                self.printed.append(content["text"])
            if kind == "error":
                error = f"{content['ename']}: {content['evalue']}"
        return error

    async def stop(self) -> None:
        self.socket.close()
        await self.call("DELETE", f"/hub/api/users/{self.user}/server")
