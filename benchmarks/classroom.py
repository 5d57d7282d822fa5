"""학생 여럿이 한 컴퓨터에서 한꺼번에 노트북을 끝까지 실행할 때의 시간과 메모리를 측정합니다.

    python benchmarks/classroom.py                                  # 12명, 스레드는 정하지 않음
    python benchmarks/classroom.py --students 1 3 6 12 --threads 1
    JUPYTERHUB_API_TOKEN=... python benchmarks/classroom.py --hub http://127.0.0.1:8000

`--hub`가 없으면 커널을 바로 띄웁니다. 있으면 허브의 API로 사용자를 만들고 서버와 커널을 띄웁니다.
결과는 `build/classroom.json`에 쌓입니다. 메모리는 리눅스에서만 측정합니다.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

import nbformat
import psutil  # ipykernel이 데려옵니다.
from nbclient.exceptions import CellExecutionError
from timing import ROOT, TOOLS, machine, read_rows
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from course_utils.checkpoint import write_json

sys.path.append(str(TOOLS))
from run_notebooks import make_client

OUTPUT = ROOT / "build" / "classroom.json"
CELL_LIMIT, SERVER_STARTED = 1800, 300  # 초
INTERVAL = 0.5  # 메모리를 보는 사이(초)


def read_memory(pid: int) -> tuple[int, int]:
    """프로세스와 그 자손이 쓰는 (RSS, PSS) 바이트입니다. 없는 프로세스면 0입니다.

    RSS는 여럿이 함께 쓰는 것(라이브러리)을 저마다 세고, PSS는 나누어 셉니다. PSS를 더하면 실제로
    든 메모리입니다.
    """
    try:
        first = psutil.Process(pid)
        sizes = [one.memory_full_info() for one in (first, *first.children(recursive=True))]
    except psutil.Error:
        return 0, 0
    return sum(size.rss for size in sizes), sum(size.pss for size in sizes)


class MemoryWatch:
    """`add`한 프로세스들의 가장 큰 메모리를, 취소될 때까지 적어 둡니다."""

    def __init__(self) -> None:
        self.peaks: dict[int, tuple[int, int]] = {}
        self.total = 0

    def add(self, pid: int) -> None:
        self.peaks[pid] = (0, 0)

    async def run(self) -> None:
        while True:
            now = {pid: await asyncio.to_thread(read_memory, pid) for pid in list(self.peaks)}
            for pid, sizes in now.items():
                self.peaks[pid] = tuple(map(max, self.peaks[pid], sizes))
            self.total = max(self.total, sum(pss for _, pss in now.values()))
            await asyncio.sleep(INTERVAL)

    def report(self) -> dict:
        """MB로 적은, 커널 하나의 최대(가운데 학생)와 모두 더한 PSS의 최대입니다."""
        rss, pss = zip(*self.peaks.values(), strict=True) if self.peaks else ((0,), (0,))
        return {
            "rss_mb": median(rss) / 1e6,
            "pss_mb": median(pss) / 1e6,
            "total_pss_mb": self.total / 1e6,
        }


class LocalKernel:
    """이 컴퓨터에 바로 띄운 커널 하나입니다."""

    def __init__(self, env: dict[str, str], folder: Path) -> None:
        # 포트를 쓰면 한꺼번에 띄울 때 부딪치기도 합니다.
        self.sockets = tempfile.TemporaryDirectory()
        self.client = make_client(nbformat.v4.new_notebook(), folder, CELL_LIMIT)
        self.client.km.transport, self.client.km.ip = "ipc", f"{self.sockets.name}/kernel"
        self.env = os.environ | env

    async def start(self) -> int:
        """커널을 띄우고 프로세스의 번호를 돌려줍니다."""
        await self.client.async_start_new_kernel(env=self.env)
        await self.client.async_start_new_kernel_client()
        return self.client.km.provisioner.pid

    async def run(self, code: str) -> str | None:
        """셀 하나를 실행합니다. 오류가 나면 그 글을 돌려줍니다."""
        cell = nbformat.v4.new_code_cell(code)
        self.client.nb.cells = [cell]
        try:
            await self.client.async_execute_cell(cell, 0)
        except CellExecutionError as error:
            return f"{error.ename}: {error.evalue}"
        return None

    async def stop(self) -> None:
        self.client.shutdown_kernel = "immediate"
        await self.client._async_cleanup_kernel()
        self.sockets.cleanup()


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
            allow_nonstandard_methods=True, request_timeout=SERVER_STARTED,
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
        deadline = time.monotonic() + SERVER_STARTED
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


@dataclass
class Student:
    """학생 한 명의 결과입니다. `cells`는 (셀 번호, 초)입니다."""

    started: float = 0.0
    seconds: float = 0.0
    cells: list[tuple[int, float]] = field(default_factory=list)
    error: str | None = None


async def study(kernel, cells: list[tuple[int, str]], watch: MemoryWatch) -> Student:
    """커널을 띄우고 셀을 차례로 끝까지 실행합니다. 오류가 나면 거기서 멈춥니다."""
    result, start = Student(), time.perf_counter()
    try:
        watch.add(await kernel.start())
        result.started = time.perf_counter() - start
        for number, code in cells:
            before = time.perf_counter()
            error = await kernel.run(code)
            result.cells.append((number, time.perf_counter() - before))
            if error:
                result.error = f"{number}번째 셀: {error}"
                break
    except Exception as error:  # 한 명이 죽어도 나머지는 끝까지 측정합니다.
        result.error = f"{type(error).__name__}: {error}"
    result.seconds = time.perf_counter() - start
    return result


def code_cells(notebook: Path) -> list[tuple[int, str]]:
    """(1부터 센 셀 번호, 코드)들입니다."""
    cells = nbformat.read(notebook, as_version=4).cells
    return [(i, cell.source) for i, cell in enumerate(cells, start=1) if cell.cell_type == "code"]


async def hold_class(kernels: list, notebook: Path) -> dict:
    """모두 한꺼번에 시작해 마지막 학생이 끝날 때까지 기다린 결과입니다."""
    watch = MemoryWatch()
    watching = asyncio.create_task(watch.run())
    start, cells = time.perf_counter(), code_cells(notebook)
    students = await asyncio.gather(*(study(kernel, cells, watch) for kernel in kernels))
    whole = time.perf_counter() - start
    watching.cancel()
    await asyncio.gather(*(kernel.stop() for kernel in kernels), return_exceptions=True)
    return summarize(students, notebook) | {"whole_seconds": whole} | watch.report()


def summarize(students: list[Student], notebook: Path) -> dict:
    """학생별 결과에서 표에 적을 것을 고릅니다."""
    sources = dict(code_cells(notebook))
    cells = [(spent, number) for one in students for number, spent in one.cells]
    slowest = max(cells, default=None)
    return {
        "students": len(students),
        "failures": [one.error for one in students if one.error],
        "start_seconds": max(one.started for one in students),
        "median_seconds": median(one.seconds for one in students),
        "longest_seconds": max(one.seconds for one in students),
        "slowest_cell": slowest and {
            "number": slowest[1],
            "seconds": slowest[0],
            "first_line": sources[slowest[1]].splitlines()[0],
        },
        "each": [asdict(one) for one in students],
    }  # fmt: skip


def tell(row: dict) -> str:
    slowest = row["slowest_cell"] or {"number": "-", "seconds": 0.0}
    return (
        f"{row['students']}명, 스레드 {row['threads']}: 끝까지 가운데 "
        f"{row['median_seconds']:.0f}초, 늦은 사람 {row['longest_seconds']:.0f}초, "
        f"가장 느린 셀 {slowest['number']}번 {slowest['seconds']:.1f}초, "
        f"커널 하나 RSS {row['rss_mb']:.0f} MB, PSS {row['pss_mb']:.0f} MB, "
        f"모두 {row['total_pss_mb']:,.0f} MB, 실패 {len(row['failures'])}"
    )


def make_kernels(count: int, threads: str, notebook: Path, hub: str | None) -> list:
    if hub:
        return [HubKernel(hub, f"student{i + 1:02}", notebook.name) for i in range(count)]
    env = {} if threads == "기본" else {"OMP_NUM_THREADS": threads}
    return [LocalKernel(env, notebook.parent) for _ in range(count)]


def main() -> int:
    parser = argparse.ArgumentParser(description="교실을 흉내 내어 시간과 메모리를 측정합니다.")
    parser.add_argument("--students", type=int, nargs="+", default=[12], help="학생 수")
    parser.add_argument("--threads", nargs="+", default=["기본"], help="OMP_NUM_THREADS들")
    parser.add_argument("--notebook", type=Path, default=ROOT / "notebooks" / "01_lenet5.ipynb")
    parser.add_argument("--hub", help="허브의 주소. 스레드는 허브의 설정을 따릅니다")
    options = parser.parse_args()
    failed = False
    for threads in options.threads:
        for count in options.students:
            kernels = make_kernels(count, threads, options.notebook.resolve(), options.hub)
            row = asyncio.run(hold_class(kernels, options.notebook))
            row |= {"threads": threads, "hub": bool(options.hub), "machine": machine(),
                    "data": os.environ.get("COURSE_DATA", "")}  # fmt: skip
            write_json(OUTPUT, [*read_rows(OUTPUT), row])
            print(tell(row), *row["failures"][:3], sep="\n  ", flush=True)
            failed |= bool(row["failures"])
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
