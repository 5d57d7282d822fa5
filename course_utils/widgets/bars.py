"""숫자 열 개의 막대그래프입니다. 슬라이더를 따라올 만큼 빨라야 해서 Axes 없이 그립니다."""

from matplotlib.patches import Rectangle

from course_utils.plotting import OKABE_ITO
from course_utils.widgets.pictures import caption, size_of


def draw_bars(figure, values, *, left, top, width, height, top_value, best, digits=0, names=None):
    """왼쪽 위에서 잰 픽셀 자리에 막대를 그리고 값을 적습니다. `best`번째만 색이 다릅니다."""
    total_width, total_height = size_of(figure)
    step, floor = width / len(values), top + height

    def rectangle(x, y, w, h, color):
        corner = x / total_width, 1 - (y + h) / total_height
        figure.add_artist(
            Rectangle(corner, w / total_width, h / total_height, color=color, linewidth=0)
        )

    for index, value in enumerate(values):
        tall = height * max(0.0, float(value)) / max(float(top_value), 1e-9)
        color = OKABE_ITO["vermillion" if index == best else "sky"]
        rectangle(left + step * (index + 0.12), floor - tall, 0.76 * step, tall, color)
        middle = left + step * (index + 0.5)
        text = f"{value:.{digits}f}"
        caption(figure, text, middle, floor - tall - 3, ha="center", va="bottom", fontsize=10)
        if names is not None:
            weight = "bold" if index == best else "normal"
            caption(figure, names[index], middle, floor + 5, ha="center", weight=weight)
    rectangle(left, floor, width, 1.5, "#333333")


def draw_probabilities(figure, probabilities, **place):
    """열 숫자의 확률을 %로 그립니다. 가로 자리와 높이가 늘 같습니다."""
    names = [str(digit) for digit in range(len(probabilities))]
    best = int(probabilities.argmax())
    draw_bars(figure, 100 * probabilities, **place, top_value=100, best=best, names=names)
