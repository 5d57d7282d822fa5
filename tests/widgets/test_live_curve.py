"""실시간 그래프: 자주 그리지 않고, 언제 불러도 마지막에는 모든 값을 보입니다."""

import numpy as np
import pytest
import torch

from course_utils.lenet import LeNet5
from course_utils.training import fit
from course_utils.widgets import live_curve
from course_utils.widgets.live_curve import LiveCurve, smooth


def history_of(steps, epochs=0):
    losses = (2.3 * np.exp(-np.arange(steps) / 100)).tolist()
    accuracy = np.linspace(0.9, 0.98, epochs).tolist()
    return {"step_loss": losses, "train_accuracy": accuracy, "test_accuracy": accuracy}


@pytest.fixture
def clock(monkeypatch):
    """시간을 손으로 움직입니다: `[지금, 시계를 볼 때마다 가는 초]`."""
    now = [100.0, 0.0]

    def look():
        now[0] += now[1]
        return now[0]

    monkeypatch.setattr(live_curve.time, "monotonic", look)
    return now


def test_smoothing_is_the_mean_of_the_last_values():
    np.testing.assert_allclose(smooth([1, 2, 3, 4], window=2), [1, 1.5, 2.5, 3.5])
    assert smooth([]).size == 0


@pytest.mark.parametrize(
    ("seconds", "drawings"),
    [(0.0, range(10, 14)), (0.1, range(5, 10))],  # 느린 컴퓨터에서는 덜 그립니다.
)
def test_draws_at_most_once_per_interval(clock, seconds, drawings):
    curve = LiveCurve(1000)
    clock[1] = seconds  # 그리는 데 걸리는 시간
    seen = []
    curve.image.observe(lambda change: seen.append(change.new), names="value")
    for step in range(1, 101):
        clock[0] += 0.05  # 100스텝에 5초
        curve.update(history_of(step))
    assert len(seen) in drawings


def test_last_step_is_always_drawn_and_finish_shows_the_last_epoch(clock):
    curve = LiveCurve(200)
    curve.update(history_of(200))
    assert "200 / 200 배치" in curve.readout.value
    before = curve.image.value
    curve.finish(history_of(200, epochs=2))
    assert "테스트 정확도 98.0%" in curve.readout.value
    assert curve.image.value != before


def test_epochs_stand_at_their_last_batch(clock):
    curve = LiveCurve(300)
    for steps, epochs in ((100, 0), (101, 1), (201, 2)):
        curve.update(history_of(steps, epochs))
    curve.finish(history_of(300, 3))
    for line in curve.figure.axes[1].lines:
        np.testing.assert_array_equal(line.get_xdata(), [100, 200, 300])
        np.testing.assert_allclose(line.get_ydata(), [90, 94, 98])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("losses", [[500.0, 80.0], [1e-4, 1e-5], [0.0, 0.0], []])
def test_any_loss_fits_into_the_axes(losses):
    curve = LiveCurve(2)
    curve.finish(history_of(0) | {"step_loss": losses, "train_accuracy": [0.07]})
    left, right = curve.figure.axes
    low, high = left.get_ylim()
    assert all(low <= loss <= high for loss in smooth(losses) if loss > 0)
    assert right.get_ylim()[0] <= 7


def test_stored_output_does_not_depend_on_time():
    data, _ = LiveCurve(10)._repr_mimebundle_()
    assert data["text/plain"] == "<위젯: 학습 곡선>"
    assert "image/png" not in data


def test_works_as_the_on_step_of_fit():
    torch.manual_seed(0)
    images, labels = torch.rand(20, 1, 32, 32), torch.arange(20) % 10
    model = LeNet5()
    curve = LiveCurve(10, interval=0)
    history = fit(
        model, images, labels, optimizer=torch.optim.SGD(model.parameters(), lr=0.01),
        num_epochs=2, batch_size=4, test=(images, labels), on_step=curve.update, progress=False,
    )  # fmt: skip
    curve.finish(history)
    assert "10 / 10 배치" in curve.readout.value
    assert "테스트 정확도" in curve.readout.value
