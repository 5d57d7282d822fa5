"""진짜 Jupyter 커널로: 학습하다 죽고, 새로 켠 뒤 낡은 탭이 말을 걸고, 볼 브라우저가 없습니다."""

import base64
import textwrap

import kernels

RUN = """
    import hashlib, sys
    from pathlib import Path
    import torch
    torch.set_num_threads(1)
    from course_utils.data import ImageData
    from course_utils.commands.experiments import runs
    from course_utils.commands.experiments.conditions import COMMON, Condition

    condition = Condition(recipe=COMMON | {"num_epochs": 4, "batch_size": 16})
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(48) % 2
    images = 0.5 * torch.rand(48, 3, 32, 32, generator=generator) + 0.4 * labels.view(-1, 1, 1, 1)
    data = ImageData(images, labels, images[:16], labels[:16], ("가", "나"), "시험", "made", "")
    real_fit, epochs = runs.fit, []

    def fit(*arguments, **options):
        epochs.append(1)
        def tell(history):
            if STOP and len(epochs) == 3:  # 셋째 에폭의 도중에 커널이 죽기를 기다립니다.
                print("셋째 에폭", flush=True)
                import time; time.sleep(60)
        return real_fit(*arguments, on_step=tell, **options)

    runs.fit = fit
    record = runs.run(condition, data, seed=1, name="a", folder=Path(FOLDER))
    weights = torch.load(Path(FOLDER) / "a.pt", weights_only=True)
    digest = hashlib.sha256(b"".join(value.numpy().tobytes() for value in weights.values()))
    print(len(epochs), record["history"]["test_accuracy"], digest.hexdigest())
"""


def code(folder, *, stop):
    return f"FOLDER, STOP = {str(folder)!r}, {stop}\n" + textwrap.dedent(RUN)


def test_kernel_killed_in_training_goes_on_where_it_was(tmp_path):
    with kernels.started() as kernel:
        whole = kernel.run(code(tmp_path / "끊지 않은", stop=False))
        assert whole["status"] == "ok", whole["text"]
        kernel.restart()
        kernel.execute(code(tmp_path / "죽은", stop=True), wait_for="셋째 에폭")
        kernel.restart()  # kill -9 뒤에 새 커널입니다.
        resumed = kernel.run(code(tmp_path / "죽은", stop=False))
    assert resumed["status"] == "ok", resumed["text"]
    count, *rest = whole["text"].split()
    assert count == "4"
    assert resumed["text"].split() == ["2", *rest]  # 셋째와 넷째 에폭만 다시 합니다.
    names = [path.name for path in (tmp_path / "죽은").iterdir() if not path.name.startswith(".")]
    assert sorted(names) == ["a.json", "a.pt"]


WIDGET = """
    from course_utils import plotting, widgets
    plotting.use_course_style()
    panel = widgets.size_calculator()
    print(panel.controls["size"].comm.comm_id)
"""


def tell_comm(kernel, comm, state):
    """브라우저가 위젯의 값이 바뀌었다고 알립니다."""
    data = {"method": "update", "state": state, "buffer_paths": []}
    message = kernel.client.session.msg("comm_msg", {"comm_id": comm, "data": data})
    kernel.client.shell_channel.send(message)


def test_old_tab_cannot_harm_a_restarted_kernel():
    with kernels.started() as kernel:
        old = kernel.run(WIDGET)["text"].split()[-1]
        kernel.restart()
        tell_comm(kernel, old, {"value": 221})  # 새 커널에는 없는 위젯입니다.
        new = kernel.run(WIDGET)
        assert new["status"] == "ok", new["text"]
        comm = new["text"].split()[-1]
        tell_comm(kernel, comm, {"value": "엉뚱한 값"})
        tell_comm(kernel, comm, {"value": 230})
        shown = kernel.run("print(panel.values()['size'], '⚠' in panel.readout.value)")
        assert shown["text"].split()[-2:] == ["230", "False"]


def test_without_a_front_end_a_widget_is_a_picture():
    with kernels.started() as kernel:
        shown = kernel.run("from course_utils import widgets\nwidgets.activation_explorer()")
    assert shown["status"] == "ok", shown["text"]
    assert base64.b64decode(shown["data"]["image/png"]).startswith(b"\x89PNG")
    assert shown["data"]["text/plain"].startswith("<위젯:")
