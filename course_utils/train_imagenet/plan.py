"""`--dry-run`이 보이는 계획입니다: 걸음의 수, 나누는 방법, 메모리와 네트워크의 셈."""

from argparse import Namespace

from course_utils.train_imagenet.settings import MODELS


def ring_bytes(parameters: int, size: int) -> float:
    """걸음마다 프로세스 하나가 보내는 바이트입니다. 고리 모양 all-reduce: 2(n − 1)/n × 변화도."""
    return 2 * (size - 1) / size * 4 * parameters


def describe(
    options: Namespace, num_train: int, num_val: int, num_classes: int, parameters: int, size: int
) -> str:
    """해 보기 전에 셀 수 있는 것들입니다."""
    steps = num_train // options.batch_size
    share = -(-options.batch_size // size)
    pieces = -(-share // (options.micro_batch or share))
    stored = 8 * parameters  # 파라미터와 모멘텀
    return "\n".join([
        f"모델    {options.model}, 파라미터 {parameters:,}개, 클래스 {num_classes:,}개",
        f"이미지  학습 {num_train:,}장, 검증 {num_val:,}장, {MODELS[options.model].side}픽셀",
        f"걸음    에폭마다 {steps:,}, {options.epochs}에폭에 {steps * options.epochs:,}",
        f"배치    {options.batch_size}장을 프로세스 {size}개가 {share}장까지 맡아 "
        f"{pieces}조각으로 계산",
        f"메모리  프로세스마다 파라미터, 변화도, 모멘텀에 {12 * parameters / 1e6:,.0f} MB",
        f"통신    걸음마다 프로세스 하나가 {ring_bytes(parameters, size) / 1e6:,.0f} MB를 보냄",
        f"저장    중간 저장 하나에 {stored / 1e6:,.0f} MB, 세 개까지",
    ])  # fmt: skip


def estimate(images_per_second: float, num_train: int, epochs: int, steps: int) -> str:
    """해 본 속도로 어림한 전체 시간입니다."""
    hours = num_train * epochs / images_per_second / 3600
    return (f"두 걸음의 속도는 초당 {images_per_second:,.0f}장입니다. 이대로면 {epochs}에폭, "
            f"{steps * epochs:,}걸음에 {hours:,.1f}시간이 걸립니다(평가는 빼고). 첫 걸음은 "
            "느리므로 실제는 더 짧을 수 있습니다. 남긴 파일은 없습니다.")  # fmt: skip
