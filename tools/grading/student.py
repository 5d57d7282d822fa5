"""학생의 코드를 도는 프로세스입니다. 채점기가 시키는 대로 셀을 돌고, 함수를 부르고, 값을 보냅니다.

채점은 여기서 하지 않습니다. 검사 모듈도 여기서는 빈 껍데기입니다. 그래서 학생이 "✓"를 찍거나,
검사나 torch를 바꾸어 놓거나, sys.modules를 고쳐도 보내는 값이 틀리면 점수가 없습니다.
"""

import ast
import json
import os
import re
import sys
import types
from pathlib import Path

from grading import codec, guard

MEMORY = 4 * 2**30  # 시작한 뒤 더 쓸 수 있는 메모리(바이트)
LARGEST_FILE = 200 * 2**20  # 학생이 쓸 수 있는 파일의 크기(바이트)
MAGIC = re.compile(r"^([ \t]*)[%!?].*$|^([ \t]*)\S+\?\??[ \t]*$", re.M)
KEPT = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
ENVIRONMENT = {
    "COURSE_OFFLINE": "1", "MPLBACKEND": "Agg", "CUDA_VISIBLE_DEVICES": "", "PYTHONUTF8": "1",
    "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
}  # fmt: skip


def serve(connection: object, folder: str, setup: str, constants: dict, seconds: int) -> None:
    """준비 셀을 돌고 문을 잠근 뒤, 연결이 끊길 때까지 시키는 일을 합니다.

    Args:
        connection: 채점기와 이어진 관. JSON 글이 오갑니다.
        folder: 빈 임시 폴더
        setup: 우리 노트북의 준비 셀과 매개변수 셀
        constants: 검사 모듈의 껍데기에 둘 상수. 이름 → 값
        seconds: CPU 시간의 한도(초)
    """
    separate(folder, connection.fileno())
    # 노트북에만 있는 이름입니다.
    globals_ = {"__name__": "__main__", "display": lambda *_, **__: None}
    given = close_exercises(constants)
    exec(compile(setup, "<준비>", "exec"), globals_)
    import torch

    import course_utils

    torch.set_num_threads(1)
    limit_resources(seconds)  # torch를 불러온 뒤의 메모리에서 셉니다.
    take_refused = guard.install(Path(folder), Path(course_utils.__file__).parent)
    connection.send_bytes(b"{}")
    while True:
        try:
            request = json.loads(connection.recv_bytes())
        except EOFError:
            return
        reply = obey(request, globals_, given)
        connection.send_bytes(json.dumps({**reply, "refused": take_refused()}).encode())


def separate(folder: str, connection: int) -> None:
    """다른 것과 떼어 놓습니다: 새 프로세스 묶음, 빈 폴더, 닫힌 입출력, 우리의 환경 변수."""
    if hasattr(os, "setsid"):
        os.setsid()
        os.closerange(3, connection)
        os.closerange(connection + 1, 256)  # 채점기와 나누어 갖던 것을 닫습니다.
    silence = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(silence, standard)
    os.chdir(folder)
    os.environ.update(ENVIRONMENT)
    os.environ.update(TMPDIR=folder, TEMP=folder, TMP=folder, HOME=folder, COURSE_DATA=folder)
    sys.dont_write_bytecode = True
    tools = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    sys.path[:] = [entry for entry in sys.path if entry and os.path.abspath(entry) != tools]


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


def close_exercises(constants: dict) -> dict:
    """course_utils.exercises를 빈 껍데기로 바꿉니다. 검사에 넘긴 값은 사전에 적어 둡니다."""
    import course_utils

    given, shell = {}, types.ModuleType("course_utils.exercises")

    def find(name: str) -> object:
        if name in constants:
            return constants[name]
        if name.startswith("check_"):
            return lambda *values, **_: given.update({name: values[0]} if values else {})
        if name.startswith("__"):
            raise AttributeError(name)
        return shell

    shell.__getattr__ = find
    sys.modules["course_utils.exercises"] = course_utils.exercises = shell
    return given


def obey(request: dict, globals_: dict, given: dict) -> dict:
    """시킨 일 하나를 하고 결과를 돌려줍니다. 학생의 코드에서 무엇이 나도 그것을 알립니다."""
    try:
        if request["do"] == "run":
            exec(compile(parse(request["code"]), "<셀>", "exec"), globals_)
            return {}
        if request["do"] == "define":
            define(request["code"], globals_)
            return {}
        # 이름이 없으면 학생이 자기 셀에서 검사에 넘긴 값을 씁니다.
        name, check_name = request["name"], request["check"]
        if name not in globals_ and check_name not in given:
            return {"missing": True}
        value = globals_.get(name, given.get(check_name))
        if request["do"] == "call":
            value = value(*codec.unpack(request["arguments"], trusted=True))
        return {"value": codec.pack(value)}
    except MemoryError:
        return {"error": ["MemoryError", "메모리가 모자랍니다"]}
    except BaseException as error:  # sys.exit()과 KeyboardInterrupt도 셀 하나의 실패일 뿐입니다.
        return {"error": [type(error).__name__, describe(error)]}


def define(code: str, globals_: dict) -> None:
    """코드에서 import, def, class, 수나 글을 담는 대입만 하나씩 합니다. 안 되는 것은 넘어갑니다."""
    for statement in parse(code).body:
        if not isinstance(statement, KEPT) and not is_literal(statement):
            continue
        try:
            module = ast.Module([statement], [])
            exec(compile(module, "<셀>", "exec"), globals_)
        except Exception:  # 앞 셀의 변수를 쓰는 것은 여기서 할 수 없습니다.
            continue


def is_literal(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
        return False
    try:
        ast.literal_eval(statement.value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def parse(code: str) -> ast.Module:
    """코드를 읽습니다. 그대로 읽히지 않으면 IPython의 `%`, `!`, `?` 줄을 빼고 다시 읽습니다."""
    try:
        return ast.parse(code, "<셀>")
    except SyntaxError:
        return ast.parse(MAGIC.sub(lambda match: f"{match[1] or match[2] or ''}pass", code), "<셀>")


def describe(error: BaseException) -> str:
    try:
        return str(error)[:300]
    except Exception:
        return ""
