"""학생의 코드가 도는 커널 안에서 쓰는 것: 할 수 없는 일을 막고, 셀을 돌고, 값을 보냅니다.

채점은 여기서 하지 않습니다. 검사 모듈도 여기서는 빈 껍데기입니다. 그래서 학생이 "✓"를 찍거나,
검사나 torch를 바꾸어 놓거나, sys.modules를 고쳐도 보내는 값이 틀리면 점수가 없습니다.

막는 것은 파이썬의 감사 훅(sys.addaudithook, PEP 578)입니다. 실수와 가벼운 부정을 막을 뿐, 작정한
공격을 막는 울타리(sandbox)가 아닙니다: C로 쓴 라이브러리가 여는 파일은 보이지 않고, 파일이 있는지
묻는 것(os.stat)은 막지 않습니다. 믿을 수 없는 제출은 컨테이너 안에서 채점하십시오.
"""

import ast
import base64
import contextlib
import io
import os
import site
import sys
import sysconfig
import types
from collections.abc import Callable
from pathlib import Path

MEMORY = 4 * 2**30  # 시작한 뒤 더 쓸 수 있는 메모리(바이트)
LARGEST_FILE = 200 * 2**20  # 학생이 쓸 수 있는 파일의 크기(바이트)
LARGEST_VALUE = 64 * 2**20  # 한 번에 보내는 가장 긴 글(글자)

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


# --- 할 수 없는 일 --------------------------------------------------------------------------------


def install_guard(folder: Path, package: Path) -> list[str]:
    """훅을 겁니다. 한 번 건 훅은 걷을 수 없습니다.

    Args:
        folder: 읽고 쓸 수 있는 학생의 폴더
        package: 읽을 수 있는 course_utils 폴더. 그 안의 exercises는 답이 있어 뺍니다.

    Returns:
        거절한 일들이 쌓이는 목록
    """
    home, answers = resolve(folder), resolve(package / "exercises")
    readable = (*library_folders(resolve(package.parent)), resolve(package),
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
        # importlib.metadata는 찾는 폴더 바로 아래 꾸러미의 설명 파일을 읽습니다.
        parent = os.path.dirname(place)
        described = parent.endswith((".egg-info", ".dist-info"))
        return ((os.path.dirname(parent) if described else place) in searched
                or any(inside(place, root) for root in readable))  # fmt: skip

    def find_reason(event: str, arguments: tuple) -> str | None:
        """거절할 일이면 그 이유입니다."""
        if event == "open":
            path, mode, flags = arguments
            writing = (any(letter in mode for letter in "wax+") if isinstance(mode, str)
                       else isinstance(flags, int) and bool(flags & WRITING_FLAGS))  # fmt: skip
            if not allowed(path, writing=writing):
                done = "쓰려" if writing else "읽으려"
                return f"폴더 밖의 파일을 {done} 했습니다: {os.fsdecode(path)[:120]}"
        elif event in PATH_EVENTS:
            reading = event in READING_EVENTS
            for path in (arguments[place] or "." for place in PATH_EVENTS[event]):
                if not allowed(path, writing=not reading):
                    done = "보려" if reading else "바꾸려"
                    return f"폴더 밖을 {done} 했습니다: {os.fsdecode(path)[:120]}"
        elif event not in HARMLESS:
            return next((why for names, why in REFUSED.items() if event.startswith(names)), None)
        return None

    def hook(event: str, arguments: tuple) -> None:
        if reason := find_reason(event, arguments):
            refused.append(reason)
            raise PermissionError(f"채점할 때는 할 수 없는 일입니다. {reason}.")

    sys.addaudithook(hook)
    return refused


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


def limit_resources(seconds: int) -> None:
    """메모리·CPU 시간·파일 크기의 한도입니다. 윈도우에는 없고, 맥에는 메모리 한도가 없습니다."""
    try:
        import resource
    except ImportError:
        return
    limits = {"RLIMIT_CPU": seconds, "RLIMIT_FSIZE": LARGEST_FILE, "RLIMIT_CORE": 0}
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limits["RLIMIT_AS"] = pages * resource.getpagesize() + MEMORY
    for name, limit in limits.items():
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        if hard == resource.RLIM_INFINITY or limit < hard:
            resource.setrlimit(kind, (limit, limit))


# --- 오가는 값 ------------------------------------------------------------------------------------


def pack(value: object) -> str:
    """값을 글로 바꿉니다. 받는 쪽은 `torch.load(weights_only=True)`로 읽습니다.

    Raises:
        TypeError: 수, 글, 텐서와 그 묶음이 아닐 때
        ValueError: 너무 클 때
    """
    text = encode(plain(value))
    if len(text) > LARGEST_VALUE:
        raise ValueError(f"답이 너무 큽니다({len(text) / 2**20:.0f} MB)")
    return text


def encode(value: object) -> str:
    import torch

    stream = io.BytesIO()
    torch.save(value, stream)
    return base64.b64encode(stream.getvalue()).decode("ascii")


def plain(value: object) -> object:
    """파이썬과 torch의 기본형만으로 된 같은 값입니다."""
    import numpy as np
    import torch

    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, torch.nn.Module):  # 채점은 학습하는지만 봅니다.
        return {"requires_grad": [bool(weight.requires_grad) for weight in value.parameters()]}
    if isinstance(value, torch.Tensor):
        return value.detach().as_subclass(torch.Tensor).cpu().clone()
    if type(value) in (list, tuple):
        return type(value)(map(plain, value))
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.number):  # np.int64 같은 수 하나. 배열은 텐서가 아닙니다.
        return plain(value.item())
    raise TypeError(f"수나 텐서가 아니라 {type(value).__name__[:60]}입니다")


def pack_arguments(arguments: tuple) -> str:
    """검사가 함수에 주는 값입니다. 모델은 채점 모듈의 클래스 대신 보통의 Module에 층을 담습니다."""
    import torch

    def portable(value: object) -> object:
        if not isinstance(value, torch.nn.Module):
            return value
        model = torch.nn.Module()
        for name, layer in value.named_children():
            model.add_module(name, layer)
        return model

    return encode([portable(value) for value in arguments])


# --- 시킨 일 --------------------------------------------------------------------------------------


def start(folder: str, setup: str, constants: dict, seconds: int) -> Callable[[dict], None]:
    """준비 셀을 돌고 문을 잠근 뒤, 채점기가 시키는 일을 할 함수를 돌려줍니다.

    Args:
        folder: 빈 임시 폴더
        setup: 우리 노트북의 준비 셀과 매개변수 셀
        constants: 검사 모듈의 껍데기에 둘 상수. 이름 → 값
        seconds: CPU 시간의 한도(초)
    """
    from IPython import get_ipython

    shell = get_ipython()
    send = shell.display_pub.publish
    quieten(shell)
    # 켠 뒤에 바꿉니다. 처음부터 HOME이 다르면 `pip install --user`로 설치한 것을 못 찾습니다.
    os.environ.update(HOME=folder, COURSE_DATA=folder)
    tools = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    sys.path[:] = [entry for entry in sys.path if entry and os.path.abspath(entry) != tools]
    seen = close_exercises(constants)
    shell.run_cell(setup, silent=True).raise_error()
    import course_utils

    limit_resources(seconds)  # torch를 불러온 뒤의 메모리에서 셉니다.
    refused = install_guard(Path(folder), Path(course_utils.__file__).parent)

    def obey(request: dict) -> None:
        """시킨 일 하나를 하고 결과를 보냅니다. 학생의 코드에서 무엇이 나도 그것을 알립니다."""
        try:
            reply = answer(shell, request, seen)
        except MemoryError:
            reply = {"error": ["MemoryError", "메모리가 모자랍니다"]}
        except BaseException as error:  # sys.exit()과 KeyboardInterrupt도 셀 하나의 실패입니다.
            message = ""
            with contextlib.suppress(Exception):
                message = str(error)[:300]
            reply = {"error": [type(error).__name__, message]}
        counts = {name: len(values) for name, values in seen.items()}
        send({"application/json": reply | {"seen": counts, "refused": refused[:]}})
        refused.clear()

    return obey


def quieten(shell: object) -> None:
    """학생이 찍고 그리는 것은 보내지 않습니다. 끝없이 찍어도 채점기의 메모리가 늘지 않습니다."""
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    shell.display_formatter.format = lambda *_, **__: ({}, {})
    shell.ask_exit = lambda: None  # 셀에 적은 quit()
    for name in ("showtraceback", "showsyntaxerror", "showindentationerror"):
        setattr(shell, name, lambda *_, **__: None)


def close_exercises(constants: dict) -> dict[str, list]:
    """course_utils.exercises를 빈 껍데기로 바꿉니다. 검사에 넘긴 답들을 이름마다 적어 둡니다."""
    import course_utils

    seen: dict[str, list] = {}
    shell = types.ModuleType("course_utils.exercises")

    def find(name: str) -> object:
        if name in constants:
            return constants[name]
        if name.startswith("__"):
            raise AttributeError(name)
        if not name.startswith("check_"):
            return shell

        def check(*values: object, **options: object) -> object:
            first, *rest = [*values, *options.values(), None]
            answers = seen.setdefault(name, [])
            if isinstance(first, str):  # check_diagnosis(이름, 답)은 사전의 한 칸입니다.
                answers[:] = [dict(answers[0] if answers else ()) | {first: rest[0]}]
            else:
                answers.append(first)
            return types.SimpleNamespace(passed=True, message="")

        return check

    shell.__getattr__ = find
    sys.modules["course_utils.exercises"] = course_utils.exercises = shell
    return seen


def answer(shell: object, request: dict, seen: dict[str, list]) -> dict:
    """시킨 일 하나의 결과입니다. 셀은 {}, 값은 {"value": …}, 없는 이름은 {"missing": True}"""
    if request["do"] == "define":
        define(shell.transform_cell(request["code"]), shell.user_ns)
        return {}
    if request["do"] == "run":
        seen.clear()
        shell.run_cell(request["code"], silent=True).raise_error()
        return {}
    if request["index"] is not None:  # 학생이 자기 셀에서 검사에 넘긴 값
        value = seen[request["check"]][request["index"]]
    elif request["name"] in shell.user_ns:
        value = shell.user_ns[request["name"]]
    else:
        return {"missing": True}
    if "arguments" in request:
        import torch

        sent = io.BytesIO(base64.b64decode(request["arguments"]))
        value = value(*torch.load(sent, weights_only=False))
    return {"value": pack(value)}


def define(code: str, names: dict) -> None:
    """코드에서 import, def, class, 수나 글을 담는 대입만 하나씩 합니다. 안 되는 것은 넘어갑니다."""
    kept = ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef
    for statement in ast.parse(code).body:
        if isinstance(statement, kept) or is_literal(statement):
            with contextlib.suppress(Exception):  # 앞 셀의 변수를 쓰는 것은 할 수 없습니다.
                exec(compile(ast.Module([statement], []), "<셀>", "exec"), names)


def is_literal(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
        return False
    try:
        ast.literal_eval(statement.value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True
