"""강의의 그림을 그립니다. 배열을 받아 Figure나 Axes를 돌려줄 뿐, 모델은 알지 못합니다."""

from course_utils.plotting.bars import plot_contest, plot_shares, plot_traffic
from course_utils.plotting.charts import plot_confusion, plot_timeline
from course_utils.plotting.comparison import plot_ratios, plot_steps
from course_utils.plotting.curves import plot_curves, plot_runs
from course_utils.plotting.effects import plot_effects
from course_utils.plotting.images import (
    plot_digit_frames,
    plot_images,
    plot_layer_maps,
)
from course_utils.plotting.plans import plot_budget, plot_schedule
from course_utils.plotting.quiet_years import (
    plot_data_size,
    plot_error_table,
    plot_margin,
    plot_matches,
    plot_pictures,
    plot_words,
)
from course_utils.plotting.style import (
    FONT_FAMILY,
    OKABE_ITO,
    encode,
    mark_powers,
    show,
    to_png,
    use_course_style,
)
from course_utils.plotting.transfer import plot_answers

__all__ = [
    "FONT_FAMILY",
    "OKABE_ITO",
    "encode",
    "mark_powers",
    "plot_answers",
    "plot_budget",
    "plot_confusion",
    "plot_contest",
    "plot_curves",
    "plot_data_size",
    "plot_digit_frames",
    "plot_effects",
    "plot_error_table",
    "plot_images",
    "plot_layer_maps",
    "plot_margin",
    "plot_matches",
    "plot_pictures",
    "plot_ratios",
    "plot_runs",
    "plot_schedule",
    "plot_shares",
    "plot_steps",
    "plot_timeline",
    "plot_traffic",
    "plot_words",
    "show",
    "to_png",
    "use_course_style",
]
