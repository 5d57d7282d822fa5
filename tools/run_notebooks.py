"""노트북을 제자리에서 다시 실행하고, 실행할 때마다 바이트까지 같은 파일로 저장합니다.

    python tools/run_notebooks.py                          # 모두
    python tools/run_notebooks.py notebooks/01_lenet5.ipynb

모든 셀이 끝까지 돌았을 때만 파일을 바꿉니다. 하나라도 멈추면 옛 파일을 그대로 둡니다.
"""

import argparse
import re
import sys
import time
from pathlib import Path

import nbformat
from course_files import all_notebooks, clear_outputs
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, DeadKernelError

from course_utils.checkpoint import write_atomically

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
PROGRESS_BAR = re.compile(r"\d+%\|")  # tqdm이 그리는 막대: '학습:  12%|█▏'
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
# 커널이 적는 것에서 판 번호를 뺐습니다. 확장자가 있어야 `nbconvert --to script`가 .py를 만듭니다.
LANGUAGE = {
    "file_extension": ".py", "mimetype": "text/x-python", "name": "python",
    "nbconvert_exporter": "python", "pygments_lexer": "ipython3",
}  # fmt: skip


class QuietClient(AsyncKernelClient):
    """하트비트를 듣지 않습니다. 커널이 죽은 뒤 닫으면 그 스레드가 끝나지 않을 때가 있습니다."""

    def start_channels(self, **channels):
        super().start_channels(**{"hb": False, **channels})


def make_client(notebook, folder, timeout=None):
    """`folder`에서 이 파이썬의 커널로 `notebook`을 실행할 NotebookClient입니다."""
    manager = AsyncKernelManager(kernel_name="python3")
    manager.client_factory = QuietClient
    # 다른 파이썬의 커널이 잡히지 않게 합니다.
    manager.kernel_spec.argv = [sys.executable, *manager.kernel_spec.argv[1:], "--log-level=ERROR"]
    return NotebookClient(
        notebook,
        km=manager,
        timeout=timeout,
        record_timing=False,
        coalesce_streams=False,  # 그림 앞뒤의 글까지 한데 모으므로 merge_streams를 따로 둡니다.
        resources={"metadata": {"path": str(folder)}},
    )


def execute(notebook, folder, timeout):
    """셀을 차례로 실행해 `notebook`을 채우고 [(초, 셀 번호), …]를 돌려줍니다."""
    client = make_client(notebook, folder, timeout)
    seconds = []
    with client.setup_kernel(cleanup_kc=True):  # 넘긴 km은 이래야 함께 끝납니다.
        for index, cell in enumerate(notebook.cells):
            start = time.perf_counter()
            try:
                client.execute_cell(cell, index)
            except (CellControlSignal, DeadKernelError) as error:
                raise RuntimeError(f"{index + 1}번째 셀에서 멈췄습니다.\n{error}") from error
            seconds.append((time.perf_counter() - start, index + 1))
    return seconds


def merge_streams(outputs):
    """잇달아 나온 같은 흐름의 글을 하나로 잇고, `\\r`로 덮어쓴 글을 지웁니다."""
    merged = []
    for output in outputs:
        last = merged[-1] if merged else None
        if last and output.output_type == "stream" == last.output_type and output.name == last.name:
            last.text += output.text
        else:
            merged.append(output)
    for output in merged:
        if output.output_type == "stream":
            output.text = re.sub(r"[^\n]*\r(?!\n)", "", output.text)
    return merged


def still_outputs(outputs):
    """살아 있는 커널이 있어야 보이는 것을 뺀 결과입니다.

    위젯은 함께 담긴 그림과 글만 남깁니다. 진행 막대는 실행할 때만 뜻이 있습니다.
    """
    kept = []
    for output in outputs:
        data = output.get("data", {})
        data.pop(WIDGET_VIEW, None)
        output.get("metadata", {}).pop(WIDGET_VIEW, None)
        if not PROGRESS_BAR.search(data.get("text/plain", "")):
            kept.append(output)
    return kept


def normalise(notebook):
    """실행할 때마다 달라지는 것을 없애고 저장할 글로 바꿉니다."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata.kernelspec = dict(KERNELSPEC)
    notebook.metadata.language_info = dict(LANGUAGE)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # 셀을 실행한 시각은 매번 다릅니다.
        if cell.cell_type == "code":
            cell.outputs = merge_streams(still_outputs(cell.outputs))
    return nbformat.writes(notebook, version=nbformat.NO_CONVERT).rstrip("\n") + "\n"


def run(path, timeout):
    """노트북 하나를 실행해 저장하고 걸린 시간을 알립니다."""
    notebook = nbformat.read(path, as_version=4)
    clear_outputs(notebook)
    seconds = execute(notebook, path.parent, timeout)
    write_atomically(path, normalise(notebook).encode())
    slowest = ", ".join(f"{cell}번째 {spent:.1f}초" for spent, cell in sorted(seconds)[:-4:-1])
    total = sum(spent for spent, _ in seconds)
    print(f"{path.name}: {total:.1f}초 (느린 셀: {slowest})", flush=True)


def main():
    parser = argparse.ArgumentParser(description="노트북을 제자리에서 다시 실행합니다.")
    parser.add_argument("notebooks", nargs="*", type=Path, help="없으면 모두 실행합니다")
    parser.add_argument("--timeout", type=int, default=600, help="셀 하나의 제한 시간(초)")
    options = parser.parse_args()
    failed = False
    for path in options.notebooks or all_notebooks():
        try:
            run(path.resolve(), options.timeout)
        except (RuntimeError, OSError) as error:
            failed = True
            print(f"{path.name}: {error}\n파일은 고치지 않았습니다.", file=sys.stderr, flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
