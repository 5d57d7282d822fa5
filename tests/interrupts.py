"""`fit`이 실행하는 줄마다 한 번씩 ■를 누른 것처럼 KeyboardInterrupt를 일으킵니다."""

import contextlib
import io
import sys

import torch
from torch import nn
from tqdm import tqdm

from course_utils import training

PER_EPOCH = ("train_loss", "train_accuracy", "test_loss", "test_accuracy")


class Interrupt:
    """`moment`번째로 세는 줄에서 한 번 중단하는 추적 함수입니다. `counts`가 참인 파일만 셉니다."""

    def __init__(self, moment, counts):
        self.moment, self.counts, self.seen = moment, counts, 0

    def __call__(self, frame, event, _):
        if not self.counts(frame.f_code.co_filename):
            return None
        if event in {"call", "line"}:
            self.seen += 1
            if self.seen == self.moment:
                raise KeyboardInterrupt
        return self


def problem():
    """점 8개와 층 셋인 작은 모델, 옵티마이저와 스케줄러입니다."""
    training.set_seed(0)
    images, labels = torch.randn(8, 2), torch.arange(8) % 2
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Dropout(0.1), nn.Linear(3, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    return model, optimizer, scheduler, images, labels


def run_interrupted(moment, counts):
    """`(기록 또는 None, 모델, 옵티마이저, 데이터, 찍은 글, 센 줄의 수)`입니다.

    기록이 None이면 KeyboardInterrupt가 `fit` 밖으로 나온 것입니다.
    """
    model, optimizer, scheduler, images, labels = problem()
    interrupt, printed, history = Interrupt(moment, counts), io.StringIO(), None
    bars = io.StringIO()
    before = sys.gettrace()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(bars):
        sys.settrace(interrupt)
        try:
            history = training.fit(
                model, images, labels, optimizer=optimizer, num_epochs=2, batch_size=4,
                scheduler=scheduler, test=(images, labels), on_step=lambda history: None,
            )  # fmt: skip
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(before)
    return history, model, optimizer, (images, labels), printed.getvalue(), interrupt.seen


def faults_after(history, model, optimizer, data, printed):
    """중단한 뒤에 어긋난 것들입니다. 없어야 합니다."""
    faults = []
    if not all(torch.isfinite(value).all() for value in model.state_dict().values()):
        faults.append("가중치가 유한하지 않음")
    if not torch.is_grad_enabled():
        torch.set_grad_enabled(True)
        faults.append("기울기를 계산하지 않는 채로 남음")
    for bar in list(tqdm._instances):
        if hasattr(bar, "start_t"):  # 만들다 만 막대는 화면에 나온 적이 없습니다.
            bar.close()
            faults.append("막대가 열린 채로 남음")
        tqdm._instances.discard(bar)
    if history is not None:
        if len({len(history[name]) for name in PER_EPOCH}) != 1:
            faults.append(f"기록의 길이가 다름: {[len(history[name]) for name in PER_EPOCH]}")
        if len(history["step_loss"]) < 2 * len(history["train_loss"]):
            faults.append("배치의 기록이 모자람")
        if history["stopped"] is not None and history["stopped"] not in printed:
            faults.append("알림이 없음")
    with contextlib.redirect_stdout(io.StringIO()):
        again = training.fit(model, *data, optimizer=optimizer, num_epochs=1, batch_size=4,
                             progress=False)  # fmt: skip
    if again["stopped"] or not all(module.training for module in model.modules()):
        faults.append("다시 학습하지 못함")
    return faults
