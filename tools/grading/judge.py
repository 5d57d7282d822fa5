"""제출 하나를 채점합니다. 검사는 여기서 하고, 학생의 함수는 학생의 프로세스에 부탁합니다."""

from dataclasses import dataclass, field

from grading import codec
from grading.course import CourseNotebook, Exercise
from grading.session import Clock, Lost, Session
from grading.submissions import Step, Submission

EMPTY_MARK = "…"
REFUSED_MARK = "막음"  # 할 수 없는 일을 하려 한 것의 비고


@dataclass
class Result:
    """연습문제 하나의 점수(0-1)와, 만점이 아닌 까닭입니다."""

    points: float = 0.0
    reason: str = ""


@dataclass
class Grading:
    """채점하는 동안 들고 다니는 것입니다."""

    submission: Submission
    module: object  # 검사가 든 모듈
    seconds: float  # 연습문제 하나의 제한 시간
    session: Session | None = None
    done: list[Step] = field(default_factory=list)  # 끝까지 돈 셀. 다시 켜면 이것부터 돕니다.
    results: dict[str, Result] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def load_checks(notebook: CourseNotebook) -> object:
    """노트북이 exercises라고 부르는 모듈입니다."""
    names: dict = {}
    exec(notebook.exercises_import, names)
    return names["exercises"]


def public_constants(module: object) -> dict:
    """학생의 셀이 쓸 수 있는 검사 모듈의 상수입니다. 예: DIAGNOSES"""
    names = getattr(module, "__all__", [])
    values = {name: getattr(module, name) for name in names if name.isupper()}
    return {name: value for name, value in values.items() if isinstance(value, tuple | str | int)}


def grade_submission(submission: Submission, *, seconds: float) -> tuple[dict, list[str]]:
    """({문제의 이름: Result}, 알릴 말)을 돌려줍니다.

    Args:
        submission: `submissions.read_submission`이 읽은 것
        seconds: 제출 하나의 제한 시간(초). 문제마다, 그리고 돕는 셀들에 똑같이 나눕니다.
    """
    share = seconds / (len(submission.notebook.exercises) + 1)
    work = Grading(submission, load_checks(submission.notebook), share)
    try:
        grade_steps(work)
    finally:
        stop(work)
    return work.results, work.notes


def grade_steps(work: Grading) -> None:
    """셀을 차례로 돌고, 문제의 마지막 셀이 돌면 곧바로 채점합니다. 노트북에서와 같은 차례입니다."""
    exercises = work.submission.notebook.exercises
    clocks = {item.label: Clock(work.seconds) for item in exercises}
    problems: dict[str, list[str]] = {item.label: [] for item in exercises}
    steps = work.submission.steps
    spare = {"run": Clock(work.seconds), "define": Clock(work.seconds)}
    last = {label: index for index, step in enumerate(steps) for label in step.labels}
    for index, step in enumerate(steps):
        clock = clocks[step.labels[0]] if step.labels else spare[step.kind]
        if not step.labels and clock.left <= 0:
            continue  # 멈추지 않는 돕는 셀이 있었습니다. 문제의 시간은 따로 있습니다.
        problem = run_step(work, step, clock)
        for label in step.labels:
            problems[label] += problem
        if not step.labels:
            work.notes += [f"돕는 셀: {text}" for text in problem]
        for item in exercises:
            if last.get(item.label) == index:
                result = judge(work, item, clocks[item.label])
                work.results[item.label] = weigh(result, problems[item.label])
    for item in exercises:
        if item.label not in last:
            work.results[item.label] = Result(reason="이 문제의 셀이 없습니다")


def weigh(result: Result, problems: list[str]) -> Result:
    """셀에서 생긴 일을 더해 판정합니다. 할 수 없는 일을 했으면 답이 맞아도 점수가 없습니다."""
    refused = [text for text in problems if text.startswith(REFUSED_MARK)]
    if refused:
        return Result(reason=refused[0])
    if result.points == 0 and problems:
        return Result(reason=problems[0])
    return result


def run_step(work: Grading, step: Step, clock: Clock) -> list[str]:
    """셀 하나를 돌고 생긴 일을 늘어놓습니다. 없으면 빈 목록입니다."""
    try:
        reply = ask(work, {"do": step.kind, "code": step.code}, clock)
    except Lost as lost:
        stop(work)
        return [lost.reason]
    work.done.append(step)
    problems = [f"{REFUSED_MARK}: {reason}" for reason in refusals(reply)]
    if "error" in reply:
        kind, message = read_error(reply)
        problems.append(f"셀이 오류로 멈췄습니다: {kind}: {message}")
    return problems


def ask(work: Grading, request: dict, clock: Clock) -> dict:
    """학생의 프로세스에 일을 시킵니다. 꺼져 있으면 켜고, 끝까지 돌았던 셀을 먼저 돕니다."""
    if work.session is None:
        constants = public_constants(work.module)
        cpu_seconds = int(work.seconds * (len(work.submission.notebook.exercises) + 1)) + 60
        work.session = Session(work.submission.notebook, constants, cpu_seconds=cpu_seconds)
        again = Clock(work.seconds)
        for step in work.done:
            work.session.ask({"do": step.kind, "code": step.code}, again)
    return work.session.ask(request, clock)


def stop(work: Grading) -> None:
    if work.session is not None:
        work.session.close()
        work.session = None


def refusals(reply: dict) -> list[str]:
    return [str(reason)[:200] for reason in reply.get("refused", []) if isinstance(reason, str)]


def read_error(reply: dict) -> tuple[str, str]:
    try:
        kind, message = reply["error"]
        return str(kind), str(message)
    except (TypeError, ValueError):
        return "Error", ""


class Recorder:
    """검사를 부르면 판정을 적어 두는, 검사 모듈의 대리입니다."""

    def __init__(self, module: object) -> None:
        self._module, self.verdicts = module, []

    def __getattr__(self, name: str) -> object:
        value = getattr(self._module, name)
        if not name.startswith("check_"):
            return value

        def check(*arguments, **options):
            verdict = value(*arguments, **options)
            self.verdicts.append(verdict)
            return verdict

        return check


def run_check(module: object, exercise: Exercise, answer: object) -> list:
    """우리 노트북의 채점하는 줄을 `answer`로 돌고 판정들을 돌려줍니다."""
    recorder = Recorder(module)
    exec(exercise.check, {
        exercise.name: answer, "exercises": recorder, "print": lambda *_, **__: None,
    })  # fmt: skip
    return recorder.verdicts


def judge(work: Grading, exercise: Exercise, clock: Clock) -> Result:
    """학생의 답을 가져와 채점합니다."""
    refused: list[str] = []
    try:
        if exercise.template is None:
            total = 1

            def answer(*arguments):  # 학생의 프로세스에서 돕니다.
                request = {"do": "call", "arguments": list(map(codec.pack_argument, arguments))}
                return request_value(work, exercise, clock, refused, request)

        else:
            value = request_value(work, exercise, clock, refused, {"do": "get"})
            answer = fill(exercise.template, value)
            total = len(run_check(work.module, exercise, dict(exercise.template)))
        verdicts = run_check(work.module, exercise, answer)
    except Lost as lost:
        stop(work)
        return Result(reason=lost.reason)
    except Exception as error:  # 답의 꼴이 뜻밖이어서 검사가 멈춘 것도 그 문제만의 일입니다.
        return Result(reason=f"답을 채점할 수 없습니다: {type(error).__name__}: {error}")
    if refused:
        return Result(reason=f"{REFUSED_MARK}: {refused[0]}")
    return add_up(verdicts, total)


def add_up(verdicts: list, total: int) -> Result:
    """판정들을 점수로 바꿉니다. 여럿이면 맞은 비율입니다."""
    passed = sum(verdict.passed for verdict in verdicts)
    if passed == total:
        return Result(1.0)
    missed = [verdict.message for verdict in verdicts if not verdict.passed]
    if all(message.startswith(EMPTY_MARK) for message in missed):
        reason = "비어 있습니다" if total == 1 or not passed else "빈칸이 있습니다"
    else:
        reason = next(text for text in missed if not text.startswith(EMPTY_MARK))
    share = f"{total}개 가운데 {passed}개가 맞습니다. " if passed else ""
    return Result(round(passed / total, 2), share + reason.removeprefix("✗ 아직 아닙니다. "))


def fill(template: dict, answer: object) -> dict:
    """빈칸의 이름은 우리 것을 쓰고 값만 학생의 것을 씁니다. 지운 칸은 비어 있는 것입니다."""
    if not isinstance(answer, dict):
        raise TypeError("사전(dict)이 아닙니다")
    return {name: answer.get(name) for name in template}


def request_value(work, exercise, clock, refused, request) -> object:
    """학생이 `my_…`에 담은 값이나, 그 함수를 부른 값입니다."""
    names = {"name": exercise.name, "check": exercise.check_name}
    reply = ask(work, {**request, **names}, clock)
    refused += refusals(reply)
    if reply.get("missing"):
        raise NameError(f"{exercise.name}이(가) 없습니다")
    if "error" in reply:
        kind, message = read_error(reply)
        name = kind[:60] if kind.isidentifier() else "Error"
        raise type(name, (Exception,), {})(message[:300])  # 학생의 오류와 이름이 같습니다.
    value = codec.unpack(reply.get("value"))
    if isinstance(value, codec.Other):
        raise TypeError(f"수나 텐서가 아니라 {value.kind}입니다")
    return value
