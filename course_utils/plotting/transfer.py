"""사전 학습된 모델의 답을 그립니다."""

from collections.abc import Sequence

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from course_utils.plotting.style import OKABE_ITO


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
            right.text(1, place, f"{name}  {100 * value:.1f}%", va="center", fontsize=11)
        right.set(xlim=(0, 100), ylim=(len(values) - 0.4, -0.6), yticks=[], xticks=[])
        right.spines["bottom"].set_visible(False)
    axes[-1][1].set(xticks=range(0, 101, 25), xlabel="확률 (%)")
    return figure
