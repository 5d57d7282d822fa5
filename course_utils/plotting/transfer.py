"""사전 학습된 망의 답과, 학습 방법마다의 정확도를 그립니다."""

from collections.abc import Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_utils.plotting.style import LINE_COLORS, OKABE_ITO


def plot_answers(
    photos: Sequence[np.ndarray], answers: Sequence[Sequence[tuple[str, float]]]
) -> Figure:
    """사진마다 한 줄에, 왼쪽에는 사진을, 오른쪽에는 답 `(이름, 확률)`을 막대로 놓습니다.

    사진의 크기는 저마다 달라도 됩니다. 이름은 막대 안쪽에서 시작하므로 길어도 잘리지 않습니다.
    """
    figure, axes = plt.subplots(
        len(photos), 2, figsize=(9, 1.75 * len(photos)), squeeze=False, layout="constrained",
        width_ratios=[1, 2.6],
    )  # fmt: skip
    for (left, right), photo, answer in zip(axes, photos, answers, strict=True):
        left.imshow(photo)
        left.axis("off")
        names, values = zip(*answer, strict=True)
        places = range(len(values))
        right.barh(places, [100 * value for value in values], color=OKABE_ITO["sky"])
        for place, name, value in zip(places, names, values, strict=True):
            right.text(1, place, f"{name}  {100 * value:.1f} %", va="center", fontsize=11)
        right.set(xlim=(0, 100), ylim=(len(values) - 0.4, -0.6), yticks=[], xticks=[])
        right.spines["bottom"].set_visible(False)
    axes[-1][1].set(xticks=range(0, 101, 25), xlabel="확률 (%)")
    return figure


def plot_transfer(results: dict[str, dict[int, Sequence[float]]]) -> Axes:
    """방법 → 클래스마다의 학습 사진 수 → 시드마다의 정확도(0~1)를 그립니다.

    점 하나가 시드 하나이고 선은 평균입니다. 가로축의 자리는 사진 수의 차례입니다.
    """
    _, ax = plt.subplots(figsize=(7.5, 4.4), layout="constrained")
    sizes = sorted({size for by_size in results.values() for size in by_size})
    for number, (method, by_size) in enumerate(results.items()):
        color = OKABE_ITO[LINE_COLORS[number % len(LINE_COLORS)]]
        shift = 0.09 * (number - (len(results) - 1) / 2)
        places = [sizes.index(size) + shift for size in by_size]
        means = [100 * np.mean(values) for values in by_size.values()]
        ax.plot(places, means, color=color, marker="_", markersize=18, label=method)
        for place, values in zip(places, by_size.values(), strict=True):
            ax.plot([place] * len(values), 100 * np.asarray(values), "o", color=color, alpha=0.55)
    ax.set_xticks(range(len(sizes)), map(str, sizes))
    ax.set(xlabel="클래스마다의 학습 이미지 (장)", ylabel="시험 정확도 (%)", ylim=(0, 100),
           xlim=(-0.5, len(sizes) - 0.5))  # fmt: skip
    ax.legend(frameon=False, loc="lower right")
    return ax
