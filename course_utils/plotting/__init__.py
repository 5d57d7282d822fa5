"""강의의 그림을 그립니다. 배열을 받아 Figure나 Axes를 돌려줄 뿐, 모델은 알지 못합니다."""

from course_utils.plotting.bars import plot_contest, plot_shares, plot_traffic
from course_utils.plotting.charts import plot_confusion, plot_timeline
from course_utils.plotting.curves import plot_curves, plot_history, plot_runs
from course_utils.plotting.effects import plot_effects, plot_race
from course_utils.plotting.images import (
    plot_digit_frames,
    plot_images,
    plot_layer_maps,
    plot_number_grids,
)
from course_utils.plotting.plans import plot_budget, plot_schedule
from course_utils.plotting.style import FONT_FAMILY, OKABE_ITO, show, use_course_style

__all__ = [
    "FONT_FAMILY",
    "OKABE_ITO",
    "plot_budget",
    "plot_confusion",
    "plot_contest",
    "plot_curves",
    "plot_digit_frames",
    "plot_effects",
    "plot_history",
    "plot_images",
    "plot_layer_maps",
    "plot_number_grids",
    "plot_race",
    "plot_runs",
    "plot_schedule",
    "plot_shares",
    "plot_timeline",
    "plot_traffic",
    "show",
    "use_course_style",
]
