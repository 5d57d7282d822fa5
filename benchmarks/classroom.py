"""학생 여럿이 한 컴퓨터에서 한꺼번에 노트북을 끝까지 실행할 때의 시간과 메모리를 잽니다.

    python benchmarks/classroom.py                                  # 12명, 스레드는 정하지 않음
    python benchmarks/classroom.py --students 1 3 6 12 --threads 1
    JUPYTERHUB_API_TOKEN=... python benchmarks/classroom.py --hub http://127.0.0.1:8000

`--hub`가 없으면 커널을 바로 띄웁니다. 있으면 허브의 API로 사용자를 만들고 서버와 커널을 띄웁니다.
결과는 `build/classroom.json`에 쌓입니다. 메모리는 리눅스에서만 잽니다.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

import nbformat
from jupyter_client.manager import AsyncKernelManager
from memory import MemoryWatch
from timing import machine

from course_utils.checkpoint import write_atomically

ROOT = Path(__file__).resolve().parents[1]
OUTPUT = ROOT / "build" / "classroom.json"
CELL_LIMIT, STARTED = 1800, 180  # 초


class LocalKernel:
    """이 컴퓨터에 바로 띄운 커널 하나입니다."""

    def __init__(self, env: dict[str, str], folder: Path) -> None:
        # 포트를 쓰면 한꺼번에 띄울 때 부딪치기도 합니다.
        self.sockets = tempfile.TemporaryDirectory()
        self.manager = AsyncKernelManager(
            kernel_name="python3", transport="ipc", ip=f"{self.sockets.name}/kernel"
        )
        spec = self.manager.kernel_spec
        spec.argv = [sys.executable, *spec.argv[1:], "--log-level=ERROR"]
        self.options = {"env": os.environ | env, "cwd": str(folder)}

    async def start(self) -> int:
        """커널을 띄우고 프로세스의 번호를 돌려줍니다."""
        await self.manager.start_kernel(**self.options)
        self.client = self.manager.client()
        self.client.start_channels()
        await self.client.wait_for_ready(timeout=STARTED)
        return self.manager.provisioner.pid

    async def run(self, code: str) -> str | None:
        """셀 하나를 실행합니다. 오류가 나면 그 글을 돌려줍니다."""
        reply = await self.client.execute_interactive(
            code, allow_stdin=False, output_hook=lambda _: None, timeout=CELL_LIMIT
        )
        content = reply["content"]
        return None if content["status"] == "ok" else f"{content['ename']}: {content['evalue']}"

    async def stop(self) -> None:
        self.client.stop_channels()
        await self.manager.shutdown_kernel(now=True)
        self.sockets.cleanup()


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
    except Exception as error:  # 한 명이 죽어도 나머지는 끝까지 잽니다.
        result.error = f"{type(error).__name__}: {error}"
    result.seconds = time.perf_counter() - start
    return result


def code_cells(notebook: Path) -> list[tuple[int, str]]:
    """(1부터 센 셀 번호, 코드)들입니다."""
    cells = nbformat.read(notebook, as_version=4).cells
    return [(i, cell.source) for i, cell in enumerate(cells, start=1) if cell.cell_type == "code"]


async def hold_class(kernels: list, notebook: Path) -> dict:
    """모두 한꺼번에 시작해 마지막 학생이 끝날 때까지 기다린 결과입니다."""
    with MemoryWatch() as watch:
        start = time.perf_counter()
        cells = code_cells(notebook)
        students = await asyncio.gather(*(study(kernel, cells, watch) for kernel in kernels))
        whole = time.perf_counter() - start
    await asyncio.gather(*(kernel.stop() for kernel in kernels), return_exceptions=True)
    return summarize(students, notebook) | {"whole_seconds": whole} | watch.report()


def summarize(students: list[Student], notebook: Path) -> dict:
    """학생마다의 결과에서 표에 적을 것을 고릅니다."""
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


def save(row: dict) -> None:
    rows = json.loads(OUTPUT.read_text(encoding="utf-8")) if OUTPUT.exists() else []
    text = json.dumps([*rows, row], indent=1, ensure_ascii=False) + "\n"
    write_atomically(OUTPUT, text.encode())


def make_kernels(count: int, threads: str, notebook: Path, hub: str | None) -> list:
    if hub:
        from hub import HubKernel

        return [HubKernel(hub, f"student{i + 1:02}", notebook.name) for i in range(count)]
    env = {} if threads == "기본" else {"OMP_NUM_THREADS": threads}
    return [LocalKernel(env, notebook.parent) for _ in range(count)]


def main() -> int:
    parser = argparse.ArgumentParser(description="교실을 흉내 내어 시간과 메모리를 잽니다.")
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
            save(row)
            print(tell(row), *row["failures"][:3], sep="\n  ", flush=True)
            failed |= bool(row["failures"])
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
