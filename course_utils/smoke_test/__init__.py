"""어떤 이미지 분류 데이터든 LeNet을 몇 초 학습해, 무엇이 잘못되어 보이는지 한국어로 알립니다.

`from course_utils.smoke_test import smoke_test`로 쓰거나, 모듈을 함수처럼
`course_utils.smoke_test(...)`로 불러도 됩니다.
"""

import random
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from types import ModuleType

import numpy as np
import torch
from torch import nn

from course_utils.smoke_test import data_checks, pipeline
from course_utils.smoke_test.data_checks import Finding, Report, Sample, read_sample, resize
from course_utils.smoke_test.pipeline import make_lenet, standardize

__all__ = ["Finding", "Report", "make_lenet", "smoke_test"]

MAX_TRAIN, MAX_TEST = 2000, 1000


def smoke_test(
    train,
    test=None,
    *,
    model: nn.Module | None = None,
    learning_rate: float | None = None,
    optimizer: Callable | None = None,
    train_step: Callable | None = None,
    predict: Callable | None = None,
    max_train: int = MAX_TRAIN,
    max_test: int = MAX_TEST,
    time_limit: float = 30.0,
    seed: int = 0,
) -> Report:
    """데이터와 학습 절차를 몇 초 동안 테스트해 `Report`를 돌려줍니다.

    파일과, Python·NumPy·PyTorch(CPU와 CUDA)의 난수 상태는 그대로 둡니다. DataLoader에 준
    generator는 한 에폭을 읽은 만큼 나아갑니다.

    Args:
        train, test: Dataset, DataLoader, `(이미지, 레이블)` 텐서 한 쌍 또는 `ImageData`. 이미지는
            1채널이나 3채널이고 8픽셀 이상, 클래스는 2~1,000개입니다. 표본만 봅니다.
        model: 내 모델. 없으면 LeNet입니다. 복사해서 쓰므로 가중치가 바뀌지 않고, Lazy 층도 그대로
            남습니다.
        learning_rate: 모멘텀 0.9인 SGD의 학습률. 주면 알맞은지 봅니다.
        optimizer: SGD가 아닐 때 `learning_rate` 대신 주는 함수(파라미터 → 옵티마이저).
        train_step: 내 학습 한 스텝 `train_step(model, optimizer, images, labels)`.
        predict: 내 예측 함수 `predict(model, images)` → `(N, 클래스)`.
        time_limit: 초. 넘으면 남은 테스트를 줄이고 `notices`에 적습니다. 이미 시작한 이미지 네 장,
            학습 한 스텝, 예측 한 배치는 끝날 때까지 기다립니다.

    알아볼 수 없는 데이터에는 ValueError를 냅니다. 받은 함수의 오류는 `error`로 보고합니다.

    볼 수 없는 것:
        - Dataset이나 DataLoader에서 표본 밖의 NaN과 중복, 돌리거나 잘라 낸 중복
        - 학습과 테스트가 똑같이 잘못된 것(둘 다 BGR, 둘 다 같은 규칙으로 틀린 레이블)
        - 회색 이미지나 채널마다 정규화한 이미지의 BGR
        - 테스트 데이터를 주지 않았을 때의 레이블 잡음, 주어도 대략 20%보다 적은 레이블 잡음
        - LeNet으로 배우지 못하는 데이터의 테스트 레이블(`notices`에 적습니다)
        - `F.cross_entropy`를 쓰지 않는 손실 앞의 소프트맥스
    """
    if learning_rate is not None and optimizer is not None:
        raise ValueError("learning_rate와 optimizer 가운데 하나만 주십시오.")
    if hasattr(train, "train_images"):
        test = test or (train.test_images, train.test_labels)
        train = (train.train_images, train.train_labels)
    start, report = time.monotonic(), Report()
    with _random_numbers(seed):
        train = read_sample(train, max_train, part="학습", report=report,
                            deadline=start + time_limit / 4)  # fmt: skip
        if test is not None:
            test = read_sample(test, max_test, part="테스트", report=report,
                               deadline=start + time_limit / 2)  # fmt: skip
        report.figures |= {"train_samples": len(train.labels)}
        if (scaled := _check_data(train, test, report)) is not None:
            given = (model, learning_rate, optimizer, train_step, predict)
            _check_labels_learnable(train, test, start + time_limit * 3 / 4, report)
            _check_pipeline(train, scaled, given, start + time_limit, report)
    report.figures["seconds"] = time.monotonic() - start
    return report


@contextmanager
def _random_numbers(seed: int):
    """난수를 `seed`에서 시작하고, 끝나면 모두 되돌립니다."""
    before = random.getstate(), np.random.get_state()
    gpus = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else []
    try:
        with torch.random.fork_rng(devices=gpus):
            # torch.manual_seed는 아직 쓰지 않은 GPU의 시드까지 바꿉니다.
            torch.default_generator.manual_seed(seed)
            random.seed(seed)
            np.random.seed(seed % 2**32)
            yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])


def _check_data(train: Sample, test: Sample | None, report: Report) -> torch.Tensor | None:
    """학습해 볼 만하면 받은 학습 이미지를, 크기가 어긋났으면 맞춘 것을, 아니면 None을 냅니다."""
    parts = [(train, "학습")] + ([(test, "테스트")] if test is not None else [])
    if not all(data_checks.check_pixels(sample, part, report) for sample, part in parts):
        return None
    if test is not None and test.images.shape[1] != train.images.shape[1]:
        raise ValueError("학습과 테스트 이미지의 채널 수가 다릅니다. 같게 맞추십시오.")
    pil = [sample.is_pil for sample, _ in parts]
    good = train.is_pil or data_checks.check_scale(train, "학습", report)
    if good and test is not None and not any(pil):
        data_checks.check_same_scale(train, test, report)
    data_checks.check_twins(train, test, report)
    if not data_checks.check_labels(train, test, report):
        return None
    scaled = good and not train.is_pil
    return train.images if scaled else standardize(train.images)


def _check_pipeline(train, images, given, deadline, report: Report) -> None:
    """배치 하나 외우기, 학습률, 학습 모드와 평가 모드를 차례로 봅니다."""
    model, learning_rate, optimizer, train_step, predict = given
    labels = train.labels
    if model is None:
        if learning_rate is None and optimizer is None:
            images = standardize(images)
        images, labels = resize(images), labels.unique(return_inverse=True)[1]
        model = make_lenet(images.shape[1], int(labels.max()) + 1)

    def make_optimizer(parameters):
        if optimizer is not None:
            return optimizer(parameters)
        return torch.optim.SGD(parameters, lr=learning_rate or 0.01, momentum=0.9)

    # 우리의 모델과 스텝이 못 외우는 것은 데이터의 탓이므로, 측정만 하고 말하지 않습니다.
    ours = given[0] is None and train_step is None
    try:
        trial = pipeline.Trial(
            model, make_optimizer, train_step, predict, images, labels, deadline
        )
        good = pipeline.check_outputs(trial, report)
        heard = Report([], report.notices, report.figures) if ours else report
        if not good or not pipeline.check_one_batch(trial, heard):
            return
        # 레이블이 이미지와 무관하면 어떤 학습률로도 배우지 못하므로 비교하지 않습니다.
        given_rate = learning_rate is not None or optimizer is not None
        if given_rate and "labels_shuffled" not in report.codes:
            pipeline.check_learning_rate(trial, report)
        if not all(value is None for value in (given[0], train_step, predict)):
            pipeline.check_modes(trial, report)
    except Exception as error:  # 받은 모델과 함수에서는 무엇이든 날 수 있고, 그대로 알립니다.
        report.add(
            "error",
            f"주신 모델이나 함수가 오류를 냈습니다: {type(error).__name__}: {error}",
            f"이미지 {tuple(images[:2].shape)} 두 장으로 모델과 함수를 따로 불러 보십시오.",
        )


def _check_labels_learnable(train, test, deadline, report: Report) -> None:
    """LeNet으로 레이블을 배울 수 있는지 봅니다. 픽셀은 표본에서 측정한 값으로 맞춥니다."""
    classes, labels = train.labels.unique(return_inverse=True)
    images, held_out = resize(standardize(train.images)), None
    if test is not None:
        known = torch.isin(test.labels, classes)
        # 다르게 정규화한 것은 이미 따로 말했으므로, 여기서는 테스트도 자신의 값으로 맞춥니다.
        own = resize(standardize(test.images))
        held_out = (own[known], torch.searchsorted(classes, test.labels[known]))
    pipeline.check_learning(
        (images, labels), held_out, len(classes), deadline=deadline, report=report
    )


class _CallableModule(ModuleType):
    def __call__(self, *arguments, **options) -> Report:
        return smoke_test(*arguments, **options)


sys.modules[__name__].__class__ = _CallableModule
