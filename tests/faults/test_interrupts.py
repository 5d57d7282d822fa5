"""`fit`을 아무 때나 중단합니다: 실행하는 줄마다, 무작위 때에 진짜 SIGINT로, 진짜 커널의 ■로."""

import ast
import json
from pathlib import Path

import interrupts
import kernels
import processes
import pytest

EVERY = 5  # 라이브러리 안까지 세면 줄이 7,000개쯤이므로 다섯 줄에 한 번 중단합니다.
SIGNALS = 150


def anywhere(path):
    """`fit`과, 그 아래에서 도는 파이썬 라이브러리의 모든 줄입니다."""
    return path.endswith("course_utils/training.py") or "python3" in path


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # 만들다 만 막대
@pytest.mark.parametrize("part", range(2))
def test_interrupt_at_any_line_of_any_library_loses_nothing(part):
    *_, num_lines = interrupts.run_interrupted(-1, anywhere)
    moments = range(1 + part, num_lines + 1, 2 * EVERY)
    assert len(moments) > 300
    faults = {}
    for moment in moments:
        history, *after, _ = interrupts.run_interrupted(moment, anywhere)
        if found := interrupts.faults_after(history, *after):
            faults[moment] = found
    assert faults == {}


@pytest.mark.parametrize("number", ["04", "06"])  # 실험마다 fit을 부르는 장
def test_cell_after_an_interrupted_training_says_why_it_stops(number):
    """■로 멈춘 뒤의 확인은 이유 없는 AssertionError가 아니라 `fit`이 남긴 글로 멈춥니다."""
    (path,) = (Path(__file__).parents[2] / "notebooks").glob(f"{number}_*.ipynb")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    checks = [node for source in sources if '["stopped"]' in source
              for node in ast.walk(ast.parse(source))
              if isinstance(node, ast.Assert) and "stopped" in ast.unparse(node.test)]  # fmt: skip
    assert checks
    assert all(check.msg and "stopped" in ast.unparse(check.msg) for check in checks)


SIGNALLED = """
    import contextlib, io, json, os, random, signal, sys, threading, time
    import torch, interrupts
    from course_utils import training

    torch.set_num_threads(1)
    # 배경에서 시작한 셸은 SIGINT를 무시하게 해 두고, 자식도 그것을 물려받습니다.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    chance, seen, faults = random.Random(0), {"stopped": 0, "raised": 0, "late": 0}, []
    pressed = [False]

    def press():
        pressed[0] = True
        os.kill(os.getpid(), signal.SIGINT)

    def fit(model, images, labels, optimizer, progress):
        return training.fit(model, images, labels, optimizer=optimizer, num_epochs=40,
                            batch_size=4, test=(images, labels), progress=progress)

    def undisturbed():
        model, optimizer, scheduler, images, labels = interrupts.problem()
        start = time.perf_counter()
        fit(model, images, labels, optimizer, False)
        return time.perf_counter() - start

    whole = min(undisturbed() for _ in range(5))  # 빠른 컴퓨터에서도 도는 동안에 누릅니다.
    for number in range(int(sys.argv[1])):
        model, optimizer, scheduler, images, labels = interrupts.problem()
        printed, history, pressed[0] = io.StringIO(), None, False
        timer = threading.Timer(chance.uniform(0.0, 0.8 * whole), press)
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
            try:
                timer.start()
                history = fit(model, images, labels, optimizer, bool(number % 2))
                timer.join()
                time.sleep(0.01)
            except KeyboardInterrupt:
                pass
        timer.join()
        with contextlib.suppress(KeyboardInterrupt):  # 아직 오지 않았으면 여기에서 받습니다.
            while not pressed[0]:
                time.sleep(0.001)
            time.sleep(0.005)
        kind = "raised" if history is None else "stopped" if history["stopped"] else "late"
        seen[kind] += 1
        found = interrupts.faults_after(history, model, optimizer, (images, labels),
                                        printed.getvalue())
        faults += [(number, found)] if found else []
    print(json.dumps({"seen": seen, "faults": faults}))
"""


def test_real_signals_at_random_moments_lose_nothing():
    told = processes.tell(processes.python(SIGNALLED, SIGNALS))
    print(told)
    assert told["faults"] == []
    assert told["seen"]["stopped"] >= 0.5 * SIGNALS


FIT = """
    import torch
    from course_utils import training
    model = torch.nn.Linear(2, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    images, labels = torch.randn(64, 2), torch.arange(64) % 2
    def tell(history):
        if len(history["step_loss"]) == 20:
            print("배우는 중", flush=True)
    history = training.fit(model, images, labels, optimizer=optimizer, num_epochs=10**6,
                           batch_size=8, progress=False, on_step=tell)
"""


def test_stop_button_of_a_real_kernel_ends_fit_with_a_sentence():
    with kernels.started() as kernel:
        running = kernel.execute(FIT, wait_for="배우는 중")
        kernel.interrupt()
        answer = kernel.finish(running)
        assert answer["status"] == "ok", answer["text"]
        assert "학습을 중단했습니다" in answer["text"]
        after = kernel.run("print(history['stopped'] is not None, len(history['step_loss']) > 0)")
        assert after["text"].strip() == "True True"
