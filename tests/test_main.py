"""make 없이 쓰는 두 명령: 설치되어 있지 않으면 .venv를 만들고, 있으면 그대로 합니다."""

import subprocess
import sys

import pytest

from course_utils import __main__ as command


@pytest.fixture
def called(monkeypatch):
    """`call`이 받은 명령들입니다. 실제로는 하지 않습니다."""
    commands = []
    monkeypatch.setattr(command, "call", lambda *words, **_: commands.append(words) or 0)
    monkeypatch.setattr(command.os, "chdir", lambda folder: None)
    monkeypatch.setattr(command.os, "environ", dict(command.os.environ))
    return commands


def test_missing_packages_are_installed_first_and_the_command_goes_on_there(
    called, monkeypatch, tmp_path
):
    monkeypatch.setattr(command.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(command, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(command.venv, "create", lambda folder, with_pip: folder.mkdir())
    monkeypatch.setattr(command, "PYTHON", tmp_path / ".venv" / "python")
    assert command.main(["lab", "--port=9000"]) == 0
    install, again = called
    assert install[1:4] == ("-m", "pip", "install")
    assert again == (command.PYTHON, "-m", "course_utils", "lab", "--port=9000")
    called.clear()
    assert command.main(["lab"]) == 0
    assert called == [(command.PYTHON, "-m", "course_utils", "lab")]


def test_failed_installation_is_told_in_korean(called, monkeypatch, capsys):
    monkeypatch.setattr(command.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(command, "install", lambda: False)
    assert command.main(["test"]) == 1
    assert "설치하지 못했습니다" in capsys.readouterr().err
    assert called == []


def test_first_failure_stops_the_tests(called, monkeypatch):
    monkeypatch.setattr(command, "call", lambda *words: called.append(words) or len(called) - 1)
    assert command.main(["test", "-k", "lenet"]) == 1
    assert len(called) == 2
    assert called[1][-2:] == ("-k", "lenet")


def test_unknown_command_shows_both():
    done = subprocess.run([sys.executable, "-m", "course_utils", "열기"], cwd=command.ROOT,
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 2
    assert "course_utils lab" in done.stdout
    assert "course_utils test" in done.stdout
