"""숫자 하나를 조금씩 망가뜨리며 모델이 언제까지 알아보는지 봅니다 (LeCun 1998, Fig. 13처럼)."""

from functools import partial

import numpy as np
import torch

from course_utils.augmentation import distort
from course_utils.plotting import OKABE_ITO
from course_utils.training import predict
from course_utils.widgets.panel import Panel, button, choice, row, slider
from course_utils.widgets.pictures import (
    add_axes,
    blank,
    caption,
    draw_probabilities,
    enlarge,
    frame,
    paste,
    shade,
)

# 조작 → (이름, 단위, 최솟값, 최댓값, 눈금, 처음 값). 처음 값은 아무것도 바꾸지 않습니다.
CONTROLS = {
    "shift_x": ("가로 이동", "px", -10.0, 10.0, 0.5, 0.0),
    "shift_y": ("세로 이동", "px", -10.0, 10.0, 0.5, 0.0),
    "rotation": ("회전", "°", -90.0, 90.0, 2.0, 0.0),
    "scale": ("크기", "배", 0.4, 1.6, 0.05, 1.0),
    "stroke": ("획 굵기", "px", -2.0, 3.0, 0.25, 0.0),
    "noise": ("잡음", "σ", 0.0, 1.5, 0.05, 0.0),
}
NUM_POINTS = 41
WIDTH, HEIGHT = 960, 330


def probability_curve(model, image, *, control, values, settings):
    """`control`만 `values`로 바꾸고 나머지는 `settings`대로 둔 확률 `(값의 수, 클래스)`입니다.

    Args:
        model: 로짓을 내는 모델.
        image: `(1, 32, 32)`.
        settings: 조작 이름 → 값. `distort`의 인자들입니다.
    """
    values = torch.as_tensor(values, dtype=image.dtype)
    copies = image[None].expand(len(values), -1, -1, -1)
    distorted = distort(copies, **(settings | {control: values}))
    return predict(model, distorted).softmax(dim=1).numpy()


def draw_stress(model, image, label, *, control, settings):
    """망가뜨린 숫자와 모델의 확률, 정답 확률의 곡선을 그리고 읽어 줄 글과 함께 돌려줍니다."""
    name, unit, low, high, _, _ = CONTROLS[control]
    here = settings[control]
    # 곡선의 점들과 지금 값을 한 번에 계산합니다.
    values = np.append(np.linspace(low, high, NUM_POINTS), here)
    curve = probability_curve(model, image, control=control, values=values, settings=settings)
    probabilities = curve[-1]
    answer, confidence = int(probabilities.argmax()), 100 * curve[:, label]
    verdict = "맞았습니다" if answer == label else "틀렸습니다"

    figure = blank(WIDTH, HEIGHT)
    caption(figure, f"정답 {label}", 20, 10, fontsize=14)
    distorted = distort(image[None], **settings)[0, 0].cpu().numpy()
    paste(figure, frame(enlarge(shade(distorted, low=-0.1, high=1.175), 6)), 20, 40)
    caption(figure, f"답 {answer} – {verdict}", 117, 246, ha="center", fontsize=14,
            color=OKABE_ITO["blue" if answer == label else "vermillion"])  # fmt: skip
    caption(figure, "확률(%)", 256, 10, fontsize=14)
    draw_probabilities(figure, probabilities, left=250, top=70, width=300, height=164)

    caption(figure, "정답의 확률(%) – 파란 바탕은 맞힌 구간", 598, 10, fontsize=13)
    axes = add_axes(figure, 636, 46, 304, 214)
    axes.fill_between(values[:-1], 0, 105, where=curve[:-1].argmax(axis=1) == label, step="mid",
                      color=OKABE_ITO["sky"], alpha=0.25, linewidth=0)  # fmt: skip
    axes.plot(values[:-1], confidence[:-1], color=OKABE_ITO["blue"])
    axes.axvline(here, color=OKABE_ITO["vermillion"], lw=1.5, ls="--")
    axes.plot([here], confidence[-1:], "o", color=OKABE_ITO["vermillion"], ms=9, clip_on=False)
    axes.set(xlim=(low, high), ylim=(0, 105), yticks=(0, 50, 100), xlabel=f"{name} ({unit})")
    text = (
        f"모델의 답 <b>{answer}</b> ({verdict}) &nbsp;·&nbsp; 정답 {label}의 확률 "
        f"<b>{confidence[-1]:.1f}%</b> &nbsp;·&nbsp; {name} {here:g} {unit}"
    )
    return text, figure


def stress_test(model, images, labels):
    """이미지를 망가뜨리는 슬라이더와 정답 확률의 곡선을 보는 `Panel`입니다.

    Args:
        model: 로짓을 내는 모델.
        images, labels: 골라 볼 숫자들 `(N, 1, 32, 32)`와 정답 `(N,)`.
    """
    labels = [int(label) for label in labels]
    sizes = {"width": "310px", "label_width": "112px"}
    sliders = {
        name: slider(f"{title} ({unit})", low, high, step=step, value=start, **sizes)
        for name, (title, unit, low, high, step, start) in CONTROLS.items()
    }
    curve = choice("곡선의 가로축", [(spec[0], name) for name, spec in CONTROLS.items()])
    digit = choice("숫자", [(f"{i + 1}번: {label}", i) for i, label in enumerate(labels)])

    def draw(index, control, **settings):
        return draw_stress(model, images[index], labels[index], control=control, settings=settings)

    def follow(name, _):
        with panel.quiet():  # 슬라이더가 움직인 것을 panel도 보고 곧 그립니다.
            curve.value = name  # 방금 움직인 슬라이더가 곡선의 가로축이 됩니다.

    def restore():
        with panel.together():
            for name, spec in CONTROLS.items():
                sliders[name].value = spec[-1]

    for name, control in sliders.items():
        control.observe(partial(follow, name), names="value")
    six = list(sliders.values())
    panel = Panel(
        "스트레스 테스트",
        {"index": digit, "control": curve} | sliders,
        draw,
        alt="망가뜨린 숫자, 숫자별 확률 막대, 슬라이더 값에 따른 정답 확률의 곡선",
        rows=[row(digit, curve, button("처음으로", restore)), row(*six[:3]), row(*six[3:])],
    )
    return panel
