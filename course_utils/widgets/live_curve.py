"""학습하는 동안 손실과 정확도를 그때그때 그립니다."""

import time

import ipywidgets as widgets
import numpy as np
from matplotlib.ticker import NullLocator

from course_utils.plotting import OKABE_ITO
from course_utils.widgets.names import AccessibleNames
from course_utils.widgets.panel import READOUT_STYLE, picture, show_figure
from course_utils.widgets.pictures import add_axes, blank, caption

WIDTH, HEIGHT = 820, 300
MAX_POINTS = 300  # 화면의 픽셀보다 촘촘한 점은 그리지 않습니다.
CURVES = {  # 기록의 이름 → (이름, 색, 표식)
    "train_accuracy": ("학습", OKABE_ITO["blue"], "o"),
    "test_accuracy": ("테스트", OKABE_ITO["vermillion"], "s"),
}


class LiveCurve(widgets.VBox):
    """`fit(..., on_step=curve.update)`로 넘기는 실시간 그래프입니다. 끝나면 `finish`를 부릅니다.

    Args:
        num_steps: 학습할 배치의 총수(가로축의 길이).
        interval: 그림을 새로 그리는 가장 짧은 간격(초). 느린 컴퓨터에서는 저절로 더 길어집니다.

    축은 한 번만 만들고 곡선을 옮깁니다. 언제 그렸는지에 따라 달라지는 그림이라 노트북에는 남기지
    않습니다.
    """

    _ipython_display_ = None

    def __init__(self, num_steps, *, interval=0.4):
        self.num_steps, self.interval = num_steps, interval
        self.readout = widgets.HTML()
        self.image = picture()
        self.names = AccessibleNames(alt="학습 중의 손실과 정확도 그래프")
        super().__init__([self.readout, self.names, self.image])
        self.figure = draw_axes(num_steps)
        self._epoch_length = None
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

    def _draw(self, history):
        start = time.monotonic()
        losses = smooth(history["step_loss"])
        self._move(losses, history)
        show_figure(self.image, self.figure)
        parts = [f"{len(losses):,} / {self.num_steps:,} 배치"]
        if losses.size:
            parts.append(f"손실 {losses[-1]:.3f}")
        for name, (label, _, _) in CURVES.items():
            if history[name]:
                parts.append(f"{label} 정확도 {100 * history[name][-1]:.1f}%")
        text = " &nbsp;·&nbsp; ".join(parts)
        self.readout.value = f'<div style="{READOUT_STYLE}">{text}</div>'
        now = time.monotonic()
        self._next_drawing = now + max(self.interval, 20 * (now - start))  # 그리기는 시간의 5%까지

    def _move(self, losses, history):
        """손실은 배치마다, 정확도는 에폭이 끝난 배치에 옮겨 놓고 세로축에 다 들어가게 합니다."""
        left, right = self.figure.axes
        every = max(1, len(losses) // MAX_POINTS)
        left.lines[0].set_data(np.arange(1, len(losses) + 1)[::-every], losses[::-every])
        positive = losses[losses > 0]
        left.set_ylim(min([0.02, *positive / 2]), max([3, *2 * positive]))
        low = 80.0
        for line, name in zip(right.lines, CURVES, strict=True):
            values = 100 * np.array(history[name])
            line.set_data(np.arange(1, len(values) + 1) * (self._epoch_length or 0), values)
            low = min([low, *values // 10 * 10])
        right.set_ylim(low, 100)


def draw_axes(num_steps):
    """손실의 로그 축과 정확도의 축에, 아직 점이 없는 곡선들을 둔 Figure입니다."""
    figure = blank(WIDTH, HEIGHT)
    moving = {"clip_on": False}  # 축 끝의 표식이 잘리지 않게 합니다.
    left = add_axes(figure, 78, 40, 310, 200, yscale="log", ylim=(0.02, 3))
    left.plot([], [], **moving)
    left.yaxis.set_major_formatter("{x:g}")
    left.yaxis.set_minor_locator(NullLocator())
    right = add_axes(figure, 490, 40, 310, 200)
    for place, (label, color, marker) in enumerate(CURVES.values()):
        right.plot([], [], color=color, marker=marker, **moving)
        caption(figure, f"{'●■'[place]} {label}", 690 + 60 * place, 10, color=color)
    for axes, side, title in ((left, 78, "손실(이동 평균)"), (right, 490, "정확도(%)")):
        axes.set_xlim(0, num_steps)
        axes.grid(alpha=0.3, lw=0.8)
        caption(figure, title, side, 10, fontsize=14)
        caption(figure, "배치", side + 155, 272, ha="center")
    return figure


def smooth(losses, *, window=50):
    """마지막 `window`개의 평균입니다. 처음에는 있는 만큼만 평균합니다."""
    total = np.concatenate([[0.0], np.cumsum(losses, dtype=np.float64)])
    ends = np.arange(1, len(total))
    starts = np.maximum(0, ends - window)
    return (total[ends] - total[starts]) / (ends - starts)
