"""학습하는 동안 손실과 정확도를 그때그때 그립니다."""

import time

import ipywidgets as widgets
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg

from course_utils.plotting import OKABE_ITO
from course_utils.widgets.names import AccessibleNames
from course_utils.widgets.panel import READOUT_STYLE, picture
from course_utils.widgets.pictures import add_axes, blank, encode

WIDTH, HEIGHT = 820, 300
MAX_POINTS = 300  # 화면의 픽셀보다 촘촘한 점은 그리지 않습니다.
CURVES = {  # 기록의 이름 → (이름, 색, 표식)
    "train_accuracy": ("학습", OKABE_ITO["blue"], "o"),
    "test_accuracy": ("시험", OKABE_ITO["vermillion"], "s"),
}


class LiveCurve(widgets.VBox):
    """`fit(..., on_step=curve.update)`로 넘기는 실시간 그래프입니다. 끝나면 `finish`를 부릅니다.

    Args:
        num_steps: 학습할 배치의 총수(가로축의 길이).
        interval: 그림을 새로 그리는 가장 짧은 간격(초). 느린 컴퓨터에서는 저절로 더 길어집니다.

    축과 글자는 한 번만 그려 두고 곡선만 덧그려서 한 번에 몇 밀리초면 됩니다. 언제 그렸는지에 따라
    달라지는 그림이라 노트북에는 남기지 않습니다.
    """

    _ipython_display_ = None

    def __init__(self, num_steps, *, interval=0.4):
        self.num_steps, self.interval = num_steps, interval
        self.readout = widgets.HTML()
        self.image = picture()
        self.image.layout = widgets.Layout(
            width=f"{WIDTH}px", height=f"{HEIGHT}px", max_width="100%",
            object_fit="contain", margin="0",
        )  # fmt: skip
        self.names = AccessibleNames(alt="학습 중의 손실과 정확도 그래프")
        super().__init__([self.readout, self.names, self.image])
        self._loss_limits, self._accuracy_limits = [0.02, 3.0], [80.0, 100.0]
        self._epoch_length = None
        self._next_drawing = -np.inf
        self._prepare()
        self._draw({"step_loss": [], "train_accuracy": [], "test_accuracy": []})

    def __repr__(self):
        return "<위젯: 학습 곡선>"

    def _repr_mimebundle_(self, **_):
        return self.names.bundle(self, {"text/plain": repr(self)})

    def update(self, history):
        """배치마다 부릅니다. 앞서 그린 지 `interval`초가 지났을 때에만 그립니다."""
        if self._epoch_length is None and history["train_accuracy"]:
            self._epoch_length = len(history["step_loss"]) - 1
        last = len(history["step_loss"]) >= self.num_steps
        if last or time.monotonic() >= self._next_drawing:
            self._draw(history)

    def finish(self, history):
        """마지막 에폭의 평가까지 담긴 기록으로 마지막 그림을 그립니다."""
        if self._epoch_length is None and history["train_accuracy"]:
            self._epoch_length = len(history["step_loss"]) // len(history["train_accuracy"])
        self._draw(history)

    def _prepare(self):
        """움직이지 않는 것(축, 눈금, 글자)을 그려 바탕으로 저장합니다."""
        figure = blank(WIDTH, HEIGHT)
        self._canvas = FigureCanvasAgg(figure)
        left = add_axes(figure, 78, 40, 310, 200, yscale="log")
        right = add_axes(figure, 490, 40, 310, 200)
        for axes in (left, right):
            axes.set(xlim=(0, self.num_steps), xlabel="배치")
            axes.grid(alpha=0.3, lw=0.8)
        left.set(ylim=self._loss_limits, title="손실(이동 평균)")
        left.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        right.set(ylim=self._accuracy_limits, title="정확도(%)")
        moving = {"animated": True, "clip_on": False}  # 축 끝의 표식이 잘리지 않게 합니다.
        (self._loss_line,) = left.plot([], [], **moving)
        self._accuracy_lines = {
            name: right.plot([], [], color=color, marker=marker, label=label, **moving)[0]
            for name, (label, color, marker) in CURVES.items()
        }
        right.legend(loc="lower right")
        self._canvas.draw()
        self._background = self._canvas.copy_from_bbox(figure.bbox)

    def _draw(self, history):
        start = time.monotonic()
        losses = smooth(history["step_loss"])
        accuracies = {name: 100 * np.array(history[name]) for name in CURVES}
        self._make_room(losses, np.concatenate(list(accuracies.values())))
        self._canvas.restore_region(self._background)
        steps = np.arange(1, len(losses) + 1)
        every = max(1, len(losses) // MAX_POINTS)
        self._show(self._loss_line, steps[::-every], losses[::-every])
        for name, values in accuracies.items():
            epochs = np.arange(1, len(values) + 1) * (self._epoch_length or 0)
            self._show(self._accuracy_lines[name], epochs, values)
        self.image.value = encode(np.asarray(self._canvas.buffer_rgba()))
        self.readout.value = f'<div style="{READOUT_STYLE}">{self._summary(losses, history)}</div>'
        now = time.monotonic()
        self._next_drawing = now + max(self.interval, 50 * (now - start))  # 그리기는 시간의 2%까지

    def _show(self, line, x, y):
        line.set_data(x, y)
        line.axes.draw_artist(line)

    def _make_room(self, losses, accuracies):
        """값이 축을 벗어나면 축을 넓히고 바탕을 다시 그립니다. 드문 일입니다."""
        loss, accuracy = self._loss_limits, self._accuracy_limits
        before = [*loss, *accuracy]
        positive = losses[losses > 0]
        if positive.size:
            loss[0] = min(loss[0], positive.min() / 2 if positive.min() < loss[0] else loss[0])
            loss[1] = max(loss[1], positive.max() * 2 if positive.max() > loss[1] else loss[1])
        if accuracies.size and accuracies.min() < accuracy[0]:
            accuracy[0] = max(0.0, accuracies.min() // 10 * 10 - 10)
        if before != [*loss, *accuracy]:
            self._prepare()

    def _summary(self, losses, history):
        parts = [f"{len(losses):,} / {self.num_steps:,} 배치"]
        if losses.size:
            parts.append(f"손실 {losses[-1]:.3f}")
        for name, (label, _, _) in CURVES.items():
            if history[name]:
                parts.append(f"{label} 정확도 {100 * history[name][-1]:.1f} %")
        return " &nbsp;·&nbsp; ".join(parts)


def smooth(losses, *, window=50):
    """마지막 `window`개의 평균입니다. 처음에는 있는 만큼만 평균합니다."""
    total = np.concatenate([[0.0], np.cumsum(losses, dtype=np.float64)])
    ends = np.arange(1, len(total))
    starts = np.maximum(0, ends - window)
    return (total[ends] - total[starts]) / (ends - starts)
