"""연습문제를 채점합니다. 노트북마다 파일이 하나이고, 채점의 뼈대는 `grading.py`에 있습니다."""

from course_utils.exercises.alexnet import (
    check_alexnet,
    check_alexnet_sizes,
    check_exchange_bytes,
    check_grouped_parameters,
    check_leftover,
    check_local_response_norm,
)
from course_utils.exercises.comparison import DIAGNOSES, check_diagnosis
from course_utils.exercises.convolution import (
    check_convolution,
    check_output_size,
    check_same_padding,
)
from course_utils.exercises.grading import EMPTY, Verdict
from course_utils.exercises.innovations import (
    check_judgement,
    check_ten_crop_answer,
    check_versions,
)
from course_utils.exercises.lenet5 import (
    check_accumulated_step,
    check_c3_table,
    check_lenet5,
    check_rubbish_logits,
    check_sizes,
    check_table_parameters,
)
from course_utils.exercises.quiet_years import (
    check_margin,
    check_training_years,
    check_word_histogram,
)
from course_utils.exercises.switches import (
    check_receptive_field,
    check_stack_parameters,
)
from course_utils.exercises.transfer import check_freeze, check_normalize

__all__ = [
    "DIAGNOSES",
    "EMPTY",
    "Verdict",
    "check_accumulated_step",
    "check_alexnet",
    "check_alexnet_sizes",
    "check_c3_table",
    "check_convolution",
    "check_diagnosis",
    "check_exchange_bytes",
    "check_freeze",
    "check_grouped_parameters",
    "check_judgement",
    "check_leftover",
    "check_lenet5",
    "check_local_response_norm",
    "check_margin",
    "check_normalize",
    "check_output_size",
    "check_receptive_field",
    "check_rubbish_logits",
    "check_same_padding",
    "check_sizes",
    "check_stack_parameters",
    "check_table_parameters",
    "check_ten_crop_answer",
    "check_training_years",
    "check_versions",
    "check_word_histogram",
]
