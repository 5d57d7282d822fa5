"""사진의 한 곳을 가리며 답이 어디에 기대는지 봅니다 (Zeiler와 Fergus, ECCV 2014의 가림 실험)."""

from functools import cache

import numpy as np
import torch

from course_utils.plotting import OKABE_ITO
from course_utils.training import predict
from course_utils.widgets.panel import Panel, choice, row, slider
from course_utils.widgets.pictures import add_axes, blank, caption, enlarge, frame, paste

WIDTH, HEIGHT = 960, 350
SIDE, CORNER = 290, (20, 30)  # 사진을 보이는 크기와 자리


def cover(image, *, left, top, size):
    """`(3, S, S)` 입력의 네모를 0(평균색)으로 가린 사본입니다. 자리와 크기는 %입니다."""
    length = round(image.shape[-1] * size / 100)
    x, y = (round((image.shape[-1] - length) * place / 100) for place in (left, top))
    covered = image.clone()
    covered[:, y : y + length, x : x + length] = 0
    return covered


def occlusion_test(classifier, photos):
    """사진을 고르고 회색 네모를 움직이며 처음 답 다섯의 확률을 보는 `Panel`입니다.

    Args:
        classifier: `transfer.load_alexnet`이 준 것.
        photos: 이름 → `transfer.prepare`가 만든 입력 `(3, S, S)`.
    """
    mean, std = (torch.tensor(part).view(3, 1, 1)
                 for part in (classifier.transform.mean, classifier.transform.std))  # fmt: skip

    def answer(image):
        return predict(classifier.model, image[None]).softmax(dim=1)[0].numpy()

    @cache
    def first_answer(name):
        probabilities = answer(photos[name])
        best = probabilities.argsort()[::-1][:5]
        return probabilities[best], best

    def draw(name, left, top, size):
        covered = cover(photos[name], left=left, top=top, size=size)
        before, best = first_answer(name)
        after = answer(covered)
        names = [classifier.label(int(index)) for index in best]
        figure = blank(WIDTH, HEIGHT)
        pixels = (255 * (covered * std + mean).clamp(0, 1)).byte().permute(1, 2, 0).numpy()
        paste(figure, frame(enlarge(pixels, max(1, SIDE // len(pixels)))), *CORNER)
        caption(figure, f"네모: 가로 {left}%, 세로 {top}%, 크기 {size}%", 20, 328)
        told = "처음 답 다섯의 확률(%): 파랑은 지금, 빈 막대는 가리기 전"
        caption(figure, told, 350, 6, fontsize=13)
        axes = add_axes(figure, 350, 34, 590, 270, xlim=(0, 100), ylim=(4.6, -0.6), yticks=[])
        places = np.arange(5)
        axes.barh(places, 100 * before, height=0.8, color="none", edgecolor="#777777")
        axes.barh(places, 100 * after[best], height=0.8, color=OKABE_ITO["sky"])
        for place, text in enumerate(names):
            told = f"{text}  {100 * after[best[place]]:.1f}%"
            axes.text(1, place, told, va="center", fontsize=12)
        now = classifier.label(int(after.argmax()))
        return (
            f"지금의 답 <b>{now}</b> &nbsp;·&nbsp; '{names[0]}'의 확률 {100 * before[0]:.1f}% → "
            f"<b>{100 * after[best[0]]:.1f}%</b>"
        ), figure

    controls = {
        "name": choice("사진", list(photos)),
        "left": slider("가로(%)", 0, 100, value=50, width="300px"),
        "top": slider("세로(%)", 0, 100, value=50, width="300px"),
        "size": slider("네모의 크기(%)", 10, 70, value=35, width="300px"),
    }
    first, *sliders = controls.values()
    panel = Panel("가려 보기", controls, draw, rows=[row(first), row(*sliders)],
                  alt="회색 네모로 한 곳을 가린 사진과 처음 답 다섯의 확률")  # fmt: skip

    def move(x, y):
        """누른 자리가 네모의 가운데가 되게 합니다."""
        size = controls["size"].value / 100
        places = [((at / SIDE) - size / 2) / (1 - size) for at in (x - CORNER[0], y - CORNER[1])]
        with panel.together():
            for name, place in zip(("left", "top"), places, strict=True):
                controls[name].value = min(max(round(100 * place), 0), 100)

    panel.names.on_click(move)
    return panel
