"""교실의 설정과, 교실을 측정하는 도구를 봅니다. 허브는 띄우지 않습니다."""

import ast
import asyncio
import os
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import classroom
import nbformat
import pytest
from pull_link import make_link

ROOT = Path(__file__).resolve().parents[1]
CONFIG = ROOT / "docs" / "jupyterhub" / "jupyterhub_config.py"


def settings():
    """설정 파일의 `c.무엇.무엇 = 값`들입니다."""
    tree = ast.parse(CONFIG.read_text(encoding="utf-8"))
    return {
        ast.unparse(node.targets[0]): ast.unparse(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
    }


def test_hub_waits_on_this_machine_only_and_asks_for_a_password():
    found = settings()
    assert "http://127.0.0.1:8000" in found["c.JupyterHub.bind_url"]
    assert found["c.JupyterHub.hub_ip"] == "'127.0.0.1'"
    assert "COURSE_HUB_PASSWORD" in found["c.SharedPasswordAuthenticator.user_password"]
    assert "sys.exit" in CONFIG.read_text(encoding="utf-8")


def test_a_whole_class_can_start_at_once():
    found = settings()
    assert found["c.JupyterHub.concurrent_spawn_limit"] == "STUDENTS"
    assert "--KernelManager.transport=ipc" in found["c.Spawner.args"]


def test_link_pulls_the_repository_and_opens_the_first_notebook():
    link = make_link("https://hub.example/", "https://github.com/a/b-c")
    parts, query = urlsplit(link), parse_qs(urlsplit(link).query)
    assert (parts.netloc, parts.path) == ("hub.example", "/hub/user-redirect/git-pull")
    assert query == {
        "repo": ["https://github.com/a/b-c"], "branch": ["main"],
        "urlpath": ["lab/tree/b-c/notebooks/00_start.ipynb"],
    }  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="메모리는 리눅스의 /proc에서 측정합니다.")
def test_memory_of_this_process_is_seen():
    resident, shared_out = classroom.read_memory(os.getpid())
    assert resident >= shared_out > 10_000_000
    assert classroom.read_memory(2**22 + 1) == (0, 0)


def test_class_tells_the_slowest_cell_and_who_stopped(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[
        nbformat.v4.new_markdown_cell("글"), nbformat.v4.new_code_cell("a = 1"),
        nbformat.v4.new_code_cell("import time\ntime.sleep(0.5)\n1 / 0"),
    ])  # fmt: skip
    path = tmp_path / "가.ipynb"
    nbformat.write(notebook, path)
    row = asyncio.run(classroom.hold_class(classroom.make_kernels(1, "1", path, None), path))
    assert row["failures"] == ["3번째 셀: ZeroDivisionError: division by zero"]
    assert (row["slowest_cell"]["number"], row["slowest_cell"]["first_line"]) == (3, "import time")
    assert row["slowest_cell"]["seconds"] > 0.5
