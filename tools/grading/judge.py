"""제출 하나를 채점합니다. 검사는 여기서 하고, 학생의 코드는 따로 켠 커널(student.py)에서 돕니다."""

import base64
import contextlib
import importlib
import io
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import nbformat
import torch
from grading import student
from grading.submissions import CourseNotebook, Exercise, Step, Submission
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from run_notebooks import make_client

TOOLS = Path(__file__).resolve().parents[1]
START_SECONDS = 180  # 켜지기를 기다리는 시간. 처음에는 torch를 불러옵니다.
REFUSED_MARK = "막음"  # 할 수 없는 일을 하려 한 것의 비고
HELPER_MARK = "돕는 셀"
ENVIRONMENT = {
    "COURSE_OFFLINE": "1", "MPLBACKEND": "Agg", "CUDA_VISIBLE_DEVICES": "", "PYTHONUTF8": "1",
    "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}  # fmt: skip

FOLDERS = ("TMPDIR", "TEMP", "TMP", "IPYTHONDIR", "MPLCONFIGDIR")


class Lost(BaseException):
    """학생의 커널이 없어졌습니다. 검사가 삼키지 못하게 Exception이 아닙니다."""


class NotStarted(BaseException):
    """학생의 커널을 켜지 못했습니다. 학생이 아니라 채점기의 잘못입니다."""


class Clock:
    """남은 시간입니다."""

    def __init__(self, seconds: float) -> None:
        self.total = self.left = seconds


@dataclass
class Result:
    """연습문제 하나의 점수(0-1)와, 만점이 아닌 이유입니다."""

    points: float = 0.0
    reason: str = ""


# --- 학생의 커널 ----------------------------------------------------------------------------------


class Kernel:
    """학생의 코드가 도는 커널 하나입니다. 닫으면 프로세스 묶음과 임시 폴더가 없어집니다."""

    live: ClassVar[set] = set()  # 멈출 때 모두 끄려고 적어 둡니다.
    stopped: ClassVar = threading.Event()

    def __init__(self, notebook: CourseNotebook, constants: dict, *, cpu_seconds: int) -> None:
        if Kernel.stopped.is_set():
            raise NotStarted("채점을 멈췄습니다")
        self.open = contextlib.ExitStack()
        folder = self.open.enter_context(
            tempfile.TemporaryDirectory(prefix="grade-", ignore_cleanup_errors=True)
        )
        self.client = make_client(nbformat.v4.new_notebook(), folder)
        self.client.shutdown_kernel = "immediate"
        # 학생이 찍은 것을 채점기에 보내지 않습니다.
        self.client.extra_arguments = ["--IPKernelApp.capture_fd_output=False"]
        self.client.km.connection_file = str(Path(folder, "kernel.json"))
        if os.name == "posix":  # 포트를 쓰면 한꺼번에 켤 때 부딪치기도 합니다.
            self.client.km.transport, self.client.km.ip = "ipc", f"{folder}/socket"
        try:
            self.open.enter_context(self.client.setup_kernel(
                cleanup_kc=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env=os.environ | ENVIRONMENT | dict.fromkeys(FOLDERS, folder),
            ))  # fmt: skip
            self.process = self.client.km.provisioner.process
            Kernel.live.add(self)
            arguments = [folder, notebook.setup, constants, cpu_seconds]
            self.execute(
                f"import sys; sys.path.insert(0, {str(TOOLS)!r})\n"
                "from grading import student\n"
                f"get_ipython().obey = student.start(*{arguments!r})\n"
                "del student, sys",
                Clock(START_SECONDS),
            )
        except (Lost, RuntimeError, OSError) as error:
            self.close()
            raise NotStarted(f"학생의 커널을 켜지 못했습니다: {error}") from None

    def ask(self, request: dict, clock: Clock) -> dict:
        """일을 시키고 답을 기다립니다. 시간이 다 되거나 커널이 끝나면 Lost입니다."""
        cell = self.execute(f"get_ipython().obey({request!r})", clock)
        replies = [output.data.get("application/json") for output in cell.outputs
                   if "data" in output]  # fmt: skip
        if not replies or not isinstance(replies[-1], dict):
            raise Lost("프로세스가 알 수 없는 답을 보냈습니다")
        return replies[-1]

    def execute(self, code: str, clock: Clock) -> nbformat.NotebookNode:
        """커널에서 `code`를 돌립니다."""
        if clock.left <= 0:
            raise Lost(f"제한 시간 {clock.total:.0f}초를 넘겼습니다")
        cell = nbformat.v4.new_code_cell(code)
        self.client.nb.cells = [cell]
        self.client.timeout_func = lambda _: clock.left
        start = time.monotonic()
        try:
            return self.client.execute_cell(cell, 0)
        except CellTimeoutError:
            raise Lost(f"제한 시간 {clock.total:.0f}초를 넘겼습니다") from None
        except DeadKernelError:
            raise Lost("프로세스가 갑자기 끝났습니다") from None
        except CellExecutionError as error:
            raise Lost(f"프로세스가 망가졌습니다: {error.ename}: {error.evalue}") from None
        except Exception:  # 커널과 이어진 관에 깨진 글을 썼습니다.
            raise Lost("프로세스가 알 수 없는 답을 보냈습니다") from None
        finally:
            clock.left -= time.monotonic() - start

    def close(self) -> None:
        Kernel.live.discard(self)
        self.open.close()


def stop_all() -> None:
    """켜져 있는 것을 모두 끄고 더 켜지 못하게 합니다. 기다리던 쪽은 Lost를 받습니다."""
    Kernel.stopped.set()
    for kernel in list(Kernel.live):
        kernel.process.kill()


# --- 제출 하나 ------------------------------------------------------------------------------------


@dataclass
class Grading:
    """채점하는 동안 들고 다니는 것입니다."""

    submission: Submission
    module: object  # 검사가 든 모듈
    seconds: float  # 연습문제 하나의 제한 시간
    kernel: Kernel | None = None
    done: list[Step] = field(default_factory=list)  # 끝까지 돈 셀. 다시 켜면 이것부터 돕니다.
    refused: list[str] = field(default_factory=list)  # 아직 알리지 않은, 막은 일들

    def ask(self, request: dict, clock: Clock) -> dict:
        """학생의 커널에 일을 시킵니다. 꺼져 있으면 켜고, 끝까지 돌았던 셀을 먼저 돕니다."""
        try:
            if self.kernel is None:
                notebook = self.submission.notebook
                cpu_seconds = int(self.seconds * (len(notebook.exercises) + 1)) + 60
                self.kernel = Kernel(notebook, constants(self.module), cpu_seconds=cpu_seconds)
                again = Clock(self.seconds)
                for step in self.done:
                    self.kernel.ask(request_of(step), again)
            reply = self.kernel.ask(request, clock)
        except Lost:
            self.stop()
            raise
        with contextlib.suppress(TypeError):  # 학생의 프로세스가 보낸 것입니다.
            self.refused += [str(reason)[:200] for reason in reply.get("refused", ())]
        return reply

    def stop(self) -> None:
        if self.kernel is not None:
            self.kernel.close()
            self.kernel = None

    def take_refused(self) -> list[str]:
        taken = [f"{REFUSED_MARK}: {reason}" for reason in self.refused]
        self.refused.clear()
        return taken


def constants(module: object) -> dict:
    """학생의 셀이 쓸 수 있는 검사 모듈의 상수입니다. 예: DIAGNOSES"""
    values = {name: value for name, value in vars(module).items() if name.isupper()}
    return {name: value for name, value in values.items() if isinstance(value, tuple | str | int)}


def request_of(step: Step) -> dict:
    return {"do": "run" if step.whole else "define", "code": step.code}


def grade_submission(submission: Submission, *, seconds: float) -> tuple[dict, list[str]]:
    """({문제의 이름: Result}, 알릴 말)을 돌려줍니다.

    셀을 차례로 돌고, 답이 든 셀이 돌면 곧바로 그 셀의 검사가 본 값을 채점합니다. 같은 문제의 셀이
    여럿이면 가장 나은 답의 점수입니다.

    Args:
        submission: `submissions.read_submission`이 읽은 것
        seconds: 제출 하나의 제한 시간(초). 문제마다, 그리고 돕는 셀들에 똑같이 나눕니다.
    """
    exercises = submission.notebook.exercises
    share = seconds / (len(exercises) + 1)
    work = Grading(submission, importlib.import_module(submission.notebook.checks), share)
    clocks = {item.label: Clock(share) for item in exercises}
    spare = {True: Clock(share), False: Clock(share)}
    attempts: dict[str, list[Result]] = {item.label: [] for item in exercises}
    checked = dict.fromkeys(attempts, 0)  # 검사를 부른 셀의 수
    notes: list[str] = []
    try:
        for step in submission.steps:
            clock = clocks[step.labels[0]] if step.labels else spare[step.whole]
            if not step.labels and clock.left <= 0:
                continue  # 멈추지 않는 돕는 셀이 있었습니다. 문제의 시간은 따로 있습니다.
            counts, problems = run_step(work, step, clock)
            if not step.labels:
                notes += [f"{HELPER_MARK}: {text}" for text in problems]
            for item in exercises:
                if item.label in step.labels:
                    count = counts.get(item.check_name, 0)
                    checked[item.label] += count > 0
                    attempts[item.label] += judge_cell(work, item, clock, count, problems)
    finally:
        work.stop()
    results = {item.label: best(attempts[item.label]) for item in exercises}
    saved_as_right = {label for step in submission.steps if step.passed for label in step.labels}
    for item in exercises:
        if checked[item.label] > 1:
            notes.append(f"{item.place}: 검사한 셀이 둘 이상({checked[item.label]}개)입니다. "
                         "가장 나은 답으로 채점했습니다")  # fmt: skip
        if item.label in saved_as_right and results[item.label].points < 1:
            notes.append(f"{item.place}: 제출한 노트북에는 ✓로 저장되어 있습니다. "
                         "손으로 확인하십시오")  # fmt: skip
    return results, notes


def best(attempts: list[Result]) -> Result:
    """가장 나은 답입니다. 점수가 같으면 나중 것입니다."""
    missing = Result(reason="이 문제의 셀이 없습니다")
    return max(reversed(attempts), key=lambda result: result.points, default=missing)


def run_step(work: Grading, step: Step, clock: Clock) -> tuple[dict, list[str]]:
    """셀 하나를 돌고, {검사: 그 셀이 검사에 넘긴 답의 수}와 생긴 일들을 돌려줍니다."""
    try:
        reply = work.ask(request_of(step), clock)
    except Lost as lost:
        return {}, [str(lost)]
    work.done.append(step)
    problems = work.take_refused()
    if "error" in reply:
        problems.append("셀이 오류로 멈췄습니다: {}: {}".format(*read_error(reply)))
    seen = reply.get("seen")
    counts = seen if isinstance(seen, dict) else {}
    return {name: n for name, n in counts.items() if isinstance(n, int)}, problems


def read_error(reply: dict) -> tuple[str, str]:
    try:
        kind, message = reply["error"]
        return str(kind)[:60], str(message)[:300]
    except (TypeError, ValueError):
        return "Error", ""


def judge_cell(
    work: Grading, item: Exercise, clock: Clock, count: int, problems: list[str]
) -> Iterator[Result]:
    """셀 하나의 답들을 채점합니다. 할 수 없는 일을 했으면 답이 맞아도 점수가 없습니다."""
    if work.kernel is None and problems:  # 셀이 커널과 함께 끝났습니다.
        yield Result(reason=problems[0])
        return
    for index in range(min(count, 20)) if count else (None,):
        result = judge(work, item, clock, index)
        refused = [text for text in problems if text.startswith(REFUSED_MARK)]
        if refused or (result.points == 0 and problems):
            result = Result(reason=(refused or problems)[0])
        yield result


def judge(work: Grading, item: Exercise, clock: Clock, index: int | None) -> Result:
    """학생이 검사에 `index`번째로 넘긴 답, None이면 `my_…`에 담은 답을 채점합니다."""
    try:
        if item.template is None:
            total = 1

            def answer(*arguments):  # 학생의 커널에서 돕니다.
                return request_value(work, item, clock, index, arguments)

            answer.__wrapped__ = None  # 몸통은 학생의 커널에 있어 비었는지 볼 수 없습니다.
        else:
            answer = fill(item.template, request_value(work, item, clock, index))
            total = len(run_check(work.module, item, dict(item.template)))
        verdicts = run_check(work.module, item, answer)
    except Lost as lost:
        return Result(reason=str(lost))
    except Exception as error:  # 답의 꼴이 뜻밖이어서 검사가 멈춘 것도 그 문제만의 일입니다.
        return Result(reason=f"답을 채점할 수 없습니다: {type(error).__name__}: {error}")
    refused = work.take_refused()
    return Result(reason=refused[0]) if refused else add_up(verdicts, total)


def request_value(
    work: Grading, item: Exercise, clock: Clock, index: int | None, arguments: tuple | None = None
) -> object:
    """학생이 정한 값이나, 그 함수를 부른 값입니다."""
    request = {"do": "value", "name": item.name, "check": item.check_name, "index": index}
    if arguments is not None:
        request["arguments"] = student.pack_arguments(arguments)
    reply = work.ask(request, clock)
    if reply.get("missing"):
        raise NameError(f"{item.name}이(가) 없습니다")
    if "error" in reply:
        kind, message = read_error(reply)
        name = kind if kind.isidentifier() else "Error"
        raise type(name, (Exception,), {})(message)  # 학생의 오류와 이름이 같습니다.
    return unpack(reply.get("value"))


def unpack(text: object) -> object:
    """`student.pack`이 보낸 값입니다. 남이 보낸 것이므로 `weights_only=True`로만 읽습니다.

    Raises:
        ValueError: 우리가 만든 꼴이 아닐 때
    """
    try:
        content = base64.b64decode(text, validate=True)
        if not content.startswith(b"PK"):  # torch의 옛 형식은 읽기만 해도 코드가 돌 수 있습니다.
            raise ValueError("zip이 아닙니다")
        value = torch.load(io.BytesIO(content), weights_only=True)
    except Exception as error:
        raise ValueError("프로세스가 알 수 없는 값을 보냈습니다") from error
    if isinstance(value, dict) and list(value) == ["requires_grad"]:  # 학생이 돌려준 모델
        zero = torch.zeros(())
        flags = value["requires_grad"]
        return torch.nn.ParameterList(torch.nn.Parameter(zero, bool(flag)) for flag in flags)
    return value


def fill(template: dict, answer: object) -> dict:
    """빈칸의 이름은 우리 것을 쓰고 값만 학생의 것을 씁니다. 지운 칸은 비어 있는 것입니다."""
    if not isinstance(answer, dict):
        raise TypeError("사전(dict)이 아닙니다")
    return {name: answer.get(name) for name in template}


def run_check(module: object, item: Exercise, answer: object) -> list:
    """우리 노트북의 채점하는 줄을 `answer`로 돌고 판정들을 돌려줍니다."""
    check, verdicts = getattr(module, item.check_name), []

    def record(*arguments, **options):
        verdicts.append(check(*arguments, **options))
        return verdicts[-1]

    exercises = type("exercises", (), {item.check_name: staticmethod(record)})
    exec(item.check, {
        item.name: answer, "exercises": exercises, "print": lambda *_, **__: None,
    })  # fmt: skip
    return verdicts


def add_up(verdicts: list, total: int) -> Result:
    """판정들을 점수로 바꿉니다. 여럿이면 맞은 비율입니다."""
    passed = sum(verdict.passed for verdict in verdicts)
    if passed == total:
        return Result(1.0)
    missed = [verdict.message for verdict in verdicts if not verdict.passed]
    if all(message.startswith("…") for message in missed):
        reason = "비어 있습니다" if total == 1 or not passed else "빈칸이 있습니다"
    else:
        reason = next(text for text in missed if not text.startswith("…"))
    share = f"{total}개 가운데 {passed}개가 맞습니다. " if passed else ""
    return Result(round(passed / total, 2), share + reason.removeprefix("✗ 아직 아닙니다. "))
