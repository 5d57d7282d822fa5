"""혼동 행렬의 칸을 눌러, 그렇게 읽은 숫자들을 봅니다 (LeCun 1998, Fig. 8)."""

import numpy as np

from course_utils.plotting import OKABE_ITO
from course_utils.widgets.panel import Panel, choice
from course_utils.widgets.pictures import (
    blank,
    caption,
    enlarge,
    frame,
    mosaic,
    number_grid,
    outline,
    paste,
)

WIDTH, HEIGHT = 960, 440
CELL, CORNER = 36, (60, 56)  # 행렬의 한 칸과 왼쪽 위
TILES, COLUMNS = 30, 6  # 보여 줄 숫자의 수, 한 줄의 수


def mistakes_viewer(images, labels, predictions):
    """혼동 행렬과, 고른 칸의 숫자들을 보는 `Panel`입니다. 틀린 것이 많은 칸부터 고릅니다.

    Args:
        images: 정규화한 숫자 `(N, 1, S, S)`.
        labels, predictions: 정답과 모델의 답 `(N,)`. 0-9입니다.
    """
    images, labels, predictions = (
        part.cpu().numpy() for part in (images[:, 0], labels, predictions)
    )
    matrix = np.zeros((10, 10), dtype=int)
    np.add.at(matrix, (labels, predictions), 1)
    wrong = matrix * (1 - np.eye(10, dtype=int))
    cells = sorted(zip(*matrix.nonzero(), strict=True), key=lambda at: (-wrong[at], at))
    options = [(f"{true} → {said}: {matrix[true, said]:,}장", (true, said)) for true, said in cells]
    control = choice("정답 → 답", options)

    def draw(cell):
        true, said = cell
        figure = blank(WIDTH, HEIGHT)
        grid = number_grid(-wrong, cell=CELL, low=-max(4, wrong.max()), high=0, filled=matrix > 0,
                           labels=matrix.astype(str))  # fmt: skip
        outline(grid, true, said, cell=CELL, color=OKABE_ITO["vermillion"])
        paste(figure, grid, *CORNER)
        caption(figure, "모델의 답", CORNER[0] + 5 * CELL, 6, ha="center")
        caption(figure, "정답", 4, CORNER[1] + 5 * CELL, va="center")
        for digit in range(10):
            middle = CELL * digit + CELL // 2
            caption(figure, str(digit), CORNER[0] + middle, 32, ha="center")
            caption(figure, str(digit), 44, CORNER[1] + middle, va="center")
        which = ((labels == true) & (predictions == said)).nonzero()[0]
        columns = min(COLUMNS, len(which))
        shown = mosaic(images[which[:TILES]], columns=columns, low=-0.1, high=1.175)
        paste(figure, frame(enlarge(shown, 2)), 500, CORNER[1])
        told = f"{len(which):,}장" + f" 가운데 {TILES}장" * (len(which) > TILES)
        caption(figure, f"정답 {true}, 모델의 답 {said}: {told}", 500, 26, fontsize=13)
        return (
            f"정답 <b>{true}</b>, 모델의 답 <b>{said}</b>: {len(which):,}장"
            f" &nbsp;·&nbsp; 정답이 {true}인 숫자는 모두 {(labels == true).sum():,}장"
        ), figure

    panel = Panel("무엇을 틀렸을까", {"cell": control}, draw,
                  alt="행이 정답, 열이 답인 혼동 행렬과 고른 칸의 숫자들")  # fmt: skip

    def pick(x, y):
        cell = int((y - CORNER[1]) // CELL), int((x - CORNER[0]) // CELL)
        if cell in cells:
            control.value = cell

    panel.names.on_click(pick)
    return panel
