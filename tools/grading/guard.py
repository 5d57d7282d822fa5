"""학생의 프로세스가 할 수 없는 일을 정합니다: 폴더 밖의 파일, 다른 프로그램, 네트워크.

파이썬의 감사 훅(sys.addaudithook, PEP 578)입니다. 실수와 가벼운 부정을 막을 뿐, 작정한 공격을 막는
울타리(sandbox)가 아닙니다: C로 쓴 라이브러리가 여는 파일은 보이지 않고, 파일이 있는지 묻는 것
(os.stat)은 막지 않습니다. 믿을 수 없는 제출은 컨테이너 안에서 채점하십시오.
"""

import os
import site
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

# 사건의 이름 → 경로가 든 인자의 자리
PATH_EVENTS = {
    "os.listdir": (0,), "os.scandir": (0,), "os.chdir": (0,), "os.mkdir": (0,), "os.rmdir": (0,),
    "os.remove": (0,), "os.truncate": (0,), "os.chmod": (0,), "os.chown": (0,), "os.utime": (0,),
    "os.rename": (0, 1), "os.link": (0, 1), "os.symlink": (0, 1), "sqlite3.connect": (0,),
}  # fmt: skip
READING_EVENTS = {"os.listdir", "os.scandir", "os.chdir"}
REFUSED = {
    ("subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile", "pty."):
        "다른 프로그램을 실행하려 했습니다",
    ("os.fork", "os.kill", "signal.pthread_kill", "resource."):
        "다른 프로세스를 만들거나 끄려 했습니다",
    ("ctypes.",): "ctypes로 파이썬 밖의 코드를 부르려 했습니다",
    ("socket.", "urllib.", "http.", "ftplib.", "smtplib.", "webbrowser."):
        "네트워크를 쓰려 했습니다",
}  # fmt: skip
HARMLESS = {"socket.gethostname"}
# 라이브러리가 스스로 읽는, 비밀이 아닌 것들입니다.
SYSTEM_FILES = (
    "/etc/mime.types", "/etc/localtime", "/usr/share/zoneinfo", "/usr/share/fonts",
    "/proc/cpuinfo", "/proc/meminfo",
)  # fmt: skip
DEVICES = {"/dev/null", "/dev/urandom", "/dev/random"}
WRITING_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def install(folder: Path, package: Path) -> Callable[[], list[str]]:
    """훅을 겁니다. 한 번 건 훅은 걷을 수 없습니다.

    Args:
        folder: 읽고 쓸 수 있는 학생의 폴더
        package: 읽을 수 있는 course_utils 폴더. 그 안의 exercises는 답이 있어 뺍니다.

    Returns:
        지난번에 물은 뒤 거절한 일들을 돌려주고 비우는 함수
    """
    home, answers = resolve(folder), resolve(package / "exercises")
    libraries = (*library_folders(resolve(package.parent)), resolve(package),
                 *map(resolve, SYSTEM_FILES))  # fmt: skip
    # 없는 모듈을 찾을 때 파이썬이 훑는 폴더들입니다. 이름만 보고, 그 안의 파일은 읽지 못합니다.
    searched = {resolve(entry) for entry in sys.path if entry}
    refused: list[str] = []

    def allowed(path: object, *, writing: bool) -> bool:
        if isinstance(path, int) or path in DEVICES:
            return True
        place = resolve(path)
        if inside(place, home):
            return True
        if writing or inside(place, answers):
            return False
        return place in searched or any(inside(place, root) for root in libraries)

    def hook(event: str, arguments: tuple) -> None:
        if event == "open":
            path, mode, flags = arguments
            writing = is_writing(mode, flags)
            if allowed(path, writing=writing):
                return
            reason = f"폴더 밖의 파일을 {'쓰려' if writing else '읽으려'} 했습니다: {show(path)}"
        elif event in PATH_EVENTS:
            reading = event in READING_EVENTS
            paths = [arguments[place] or "." for place in PATH_EVENTS[event]]
            outside = [path for path in paths if not allowed(path, writing=not reading)]
            if not outside:
                return
            reason = f"폴더 밖을 {'보려' if reading else '바꾸려'} 했습니다: {show(outside[0])}"
        else:
            reason = find_reason(event)
            if reason is None:
                return
        refused.append(reason)
        raise PermissionError(f"채점할 때는 할 수 없는 일입니다. {reason}.")

    def take_refused() -> list[str]:
        taken = refused[:]
        refused.clear()
        return taken

    sys.addaudithook(hook)
    return take_refused


def find_reason(event: str) -> str | None:
    """경로와 상관없이 거절하는 일이면 그 까닭입니다."""
    if event in HARMLESS:
        return None
    return next((reason for names, reason in REFUSED.items() if event.startswith(names)), None)


def is_writing(mode: object, flags: object) -> bool:
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return isinstance(flags, int) and bool(flags & WRITING_FLAGS)


def library_folders(course: str) -> tuple[str, ...]:
    """파이썬의 표준 라이브러리와, 설치한 패키지의 폴더들입니다.

    패키지는 인터프리터 밖에도 있을 수 있습니다(PYTHONPATH, pip install --user). 그런 폴더에서 이
    저장소(`course`: 풀이가 있습니다)의 안팎과, 사용자의 홈을 통째로 여는 것은 뺍니다.
    """
    paths = [sysconfig.get_path(key) for key in ("stdlib", "platstdlib", "purelib", "platlib")]
    paths += [os.path.dirname(os.__file__), *site.getsitepackages(), site.getusersitepackages()]
    paths += [entry for entry in sys.path if entry.endswith(("site-packages", "dist-packages"))]
    outside = {resolve(entry) for entry in sys.path if entry}
    private = course, resolve(site.getuserbase()), resolve(os.getcwd())
    added = {folder for folder in outside if not inside(folder, course)
             and not any(inside(place, folder) for place in private)}  # fmt: skip
    return tuple({resolve(path) for path in paths if path} | added)


def resolve(path: object) -> str:
    """바로 가기를 모두 따라간 절대 경로입니다."""
    return os.path.normcase(os.path.realpath(os.fsdecode(path)))


def inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def show(path: object) -> str:
    return os.fsdecode(path)[:120]
