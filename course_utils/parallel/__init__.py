"""AlexNet을 두 프로세스로 나누어 학습합니다: 2012년처럼 두 열로, 또는 데이터를 둘로.

GPU가 두 개이면 NCCL로 GPU마다 하나씩, 아니면 gloo로 CPU에서 돌립니다. 계산은 똑같습니다.
"""

from course_utils.parallel.two_processes import (
    SGD,
    StepResult,
    WorkerError,
    largest_difference,
    run_module,
    train_step,
)

__all__ = ["SGD", "StepResult", "WorkerError", "largest_difference", "run_module", "train_step"]
