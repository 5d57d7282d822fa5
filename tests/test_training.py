"""학습 엔진: 손으로 쓴 루프와 같은지, 무엇이 잘못되어도 배운 것을 잃지 않는지 봅니다."""

import json
import math

import interrupts
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_utils.training import evaluate, fit, pick_device, predict, set_seed


@pytest.fixture
def problem():
    """직선 하나로 나뉘는 두 무리의 점 60개."""
    set_seed(0)
    points = torch.randn(60, 2)
    return points, (points.sum(dim=1) > 0).long()


def linear_model(seed=0, *, lr=0.5):
    set_seed(seed)
    model = nn.Linear(2, 2)
    return model, torch.optim.SGD(model.parameters(), lr=lr)


def run(problem, *, seed=0, **options):
    model, optimizer = linear_model(seed)
    settings = {"num_epochs": 3, "batch_size": 16, "progress": False} | options
    return model, fit(model, *problem, optimizer=optimizer, **settings)


def test_fit_equals_a_loop_written_out_by_hand(problem):
    points, labels = problem
    model, history = run(problem, num_epochs=2, batch_size=25)
    other, optimizer = linear_model()
    epoch_losses, epoch_accuracies = [], []
    for _ in range(2):
        total, correct = 0.0, 0
        for batch in torch.randperm(60).split(25):
            logits = other(points[batch])
            correct += sum(row.argmax() == y for row, y in zip(logits, labels[batch], strict=True))
            loss = F.cross_entropy(logits, labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        epoch_losses.append(total / 60)
        epoch_accuracies.append(int(correct) / 60)
    assert torch.equal(model.weight, other.weight)
    assert history["train_loss"] == pytest.approx(epoch_losses)
    assert history["train_accuracy"] == pytest.approx(epoch_accuracies)


def test_metrics_are_averaged_by_sample_not_by_batch():
    # predict의 배치는 500장이므로, 맞은 500장과 틀린 한 장을 배치로 평균하면 0.5가 됩니다.
    class Echo(nn.Module):
        def forward(self, x):
            return x

    right, wrong = [5.0, 0.0], [0.0, 5.0]
    images = torch.tensor([right] * 500 + [wrong])
    result = evaluate(Echo(), images, torch.zeros(501, dtype=torch.long))
    assert result["accuracy"] == pytest.approx(500 / 501)


def test_same_seed_gives_the_same_history_which_survives_json(problem):
    first, second = (run(problem, test=problem)[1] for _ in range(2))
    assert first == second == json.loads(json.dumps(first))
    assert run(problem, seed=1)[1]["step_loss"] != first["step_loss"]
    assert first["stopped"] is None


def test_evaluate_restores_every_modules_mode():
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout(), nn.BatchNorm1d(2))
    model[2].eval()
    evaluate(model, torch.randn(4, 2), torch.zeros(4, dtype=torch.long))
    assert [module.training for module in model] == [True, True, False]
    with pytest.raises(RuntimeError):
        predict(model, torch.zeros(1, 3))
    assert [module.training for module in model] == [True, True, False]


def test_choose_argmin_counts_the_smallest_penalty():
    model = nn.Identity()
    penalties = torch.tensor([[1.0, 9.0], [7.0, 2.0]])
    labels = torch.tensor([0, 1])
    assert evaluate(model, penalties, labels, choose=torch.argmin)["accuracy"] == 1.0
    assert evaluate(model, penalties, labels)["accuracy"] == 0.0


def test_interrupt_keeps_weights_and_finished_epochs(problem, capsys):
    def press_stop(history):
        if len(history["step_loss"]) == 6:  # 두 번째 에폭의 한가운데
            raise KeyboardInterrupt

    model, history = run(problem, on_step=press_stop)
    assert len(history["train_loss"]) == 1
    assert len(history["step_loss"]) == 6
    assert "중단" in history["stopped"]
    assert "중단" in capsys.readouterr().out
    assert not torch.equal(model.weight, linear_model()[0].weight)


def test_nan_loss_stops_with_advice_and_keeps_the_record(problem, capsys):
    points, labels = problem
    points = points.clone()
    points[7] = math.nan
    model, history = run((points, labels), batch_size=1, num_epochs=1)
    assert "학습률" in history["stopped"]
    assert "학습률" in capsys.readouterr().out
    assert all(math.isfinite(value) for value in history["step_loss"])
    assert torch.isfinite(model.weight).all()


def test_scheduler_steps_once_per_batch(problem):
    model, optimizer = linear_model(lr=1.0)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    fit(model, *problem, optimizer=optimizer, num_epochs=1, batch_size=20,
        scheduler=scheduler, progress=False)  # fmt: skip
    assert optimizer.param_groups[0]["lr"] == 0.5**3


def test_augment_changes_what_the_model_sees(problem):
    seen = []

    def remember(batch):
        seen.append(len(batch))
        return batch * 0

    model, _ = run(problem, num_epochs=1, augment=remember)
    assert seen == [16, 16, 16, 12]
    # 입력이 모두 0이면 가중치는 배울 것이 없고 편향만 움직입니다.
    assert torch.equal(model.weight, linear_model()[0].weight)


def test_unfit_images_are_refused_and_not_taken_for_full_memory(problem):
    with pytest.raises(ValueError, match="수가 같고"):
        run((torch.zeros(3, 2), torch.zeros(2).long()))
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        run((torch.zeros(4, 3), torch.zeros(4).long()))


def test_device_is_the_one_asked_for_and_usable(monkeypatch):
    monkeypatch.setenv("COURSE_DEVICE", "cpu")
    assert pick_device() == torch.device("cpu")
    for wrong in ("mpss", "cuda:99"):
        monkeypatch.setenv("COURSE_DEVICE", wrong)
        with pytest.raises(ValueError, match=wrong):
            pick_device()


def test_without_asking_a_mac_computes_on_its_cpu(monkeypatch):
    monkeypatch.delenv("COURSE_DEVICE", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert pick_device() == torch.device("cpu")


@pytest.mark.parametrize("read_every", [2, 3, 100])
def test_reading_the_loss_less_often_changes_no_result(problem, read_every):
    first, second = (run(problem, read_every=every)[1] for every in (1, read_every))
    assert first == second


def test_nan_is_noticed_at_the_next_reading_with_its_step(problem):
    points, labels = problem
    points[5:] = torch.nan
    _, history = run((points, labels), read_every=3)
    assert history["stopped"].startswith("1번째 배치에서 손실이 nan")
    assert history["step_loss"] == []


# --- 중단과 모자란 메모리 ------------------------------------------------------------------------


def in_fit(path):
    return path.endswith("course_utils/training.py")


def test_interrupt_at_any_line_of_fit_loses_nothing():
    # 한 줄에 한 번씩 200번쯤 중단합니다. 라이브러리 안의 줄은 tests/faults에서 합니다.
    *_, num_lines = interrupts.run_interrupted(-1, in_fit)
    faults, outside = {}, []
    for moment in range(1, num_lines + 1):
        history, *after, _ = interrupts.run_interrupted(moment, in_fit)
        if history is None:
            outside.append(moment)
        if found := interrupts.faults_after(history, *after):
            faults[moment] = found
    assert num_lines > 150
    assert faults == {}
    # 학습을 시작하기 전과 끝낸 뒤에만 KeyboardInterrupt가 그대로 나옵니다.
    assert len(outside) < 25
    assert [moment for moment in outside if 25 < moment < num_lines - 5] == []


class Greedy(nn.Module):
    """이미지가 `limit`장보다 많으면 1 PB를 달라고 해서 진짜 메모리 오류를 일으킵니다."""

    def __init__(self, limit):
        super().__init__()
        self.limit, self.layer = limit, nn.Linear(2, 2)

    def forward(self, x):
        if len(x) > self.limit:
            torch.empty(1 << 48)
        return self.layer(x)


def test_too_large_batch_stops_with_advice_and_can_be_halved(problem, capsys):
    model = Greedy(limit=8)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    options = {"optimizer": optimizer, "num_epochs": 1, "progress": False}
    history = fit(model, *problem, batch_size=16, **options)
    assert "batch_size(16)를 절반으로" in history["stopped"]
    assert history["stopped"] in capsys.readouterr().out
    assert history["step_loss"] == history["train_loss"] == []
    assert fit(model, *problem, batch_size=8, test=problem, **options)["stopped"] is None


def test_prediction_that_does_not_fit_is_done_in_smaller_batches(problem):
    points, _ = problem
    model = Greedy(limit=8)
    assert torch.allclose(predict(model, points), model.layer(points))


def test_prediction_of_one_image_that_does_not_fit_says_what_to_do(problem):
    with pytest.raises(MemoryError, match="커널"):
        predict(Greedy(limit=0), problem[0])


def test_evaluation_that_does_not_fit_keeps_the_finished_epoch_apart(problem):
    class Shrinking(Greedy):
        def forward(self, x):
            return super().forward(x) if not self.training else self.layer(x)

    model = Shrinking(limit=0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = fit(model, *problem, optimizer=optimizer, num_epochs=1, batch_size=16,
                  test=problem, progress=False)  # fmt: skip
    assert "메모리" in history["stopped"]
    assert history["train_loss"] == history["test_loss"] == []
    assert model.training


@pytest.mark.parametrize("message", [
    "CUDA out of memory. Tried to allocate 2.00 GiB", "MPS backend out of memory",
    "CUDNN_STATUS_ALLOC_FAILED", "DefaultCPUAllocator: not enough memory: you tried to allocate",
])  # fmt: skip
def test_every_devices_words_for_full_memory_are_known(problem, message):
    def fail(_):
        raise RuntimeError(message)

    assert "절반으로" in run(problem, augment=fail)[1]["stopped"]


# --- 레이블과 배치의 꼴 -----------------------------------------------------------------------


def fit_labels(labels, *, num_classes=10, batch_size=10):
    layers = (nn.Linear(16, 8), nn.BatchNorm1d(8), nn.Linear(8, num_classes))
    model = nn.Sequential(nn.Flatten(), *layers)
    images = torch.randn(len(labels), 1, 4, 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    return fit(
        model, images, labels, optimizer=optimizer, num_epochs=1, batch_size=batch_size,
        test=(images, labels), progress=False,
    )  # fmt: skip


@pytest.mark.parametrize("kind", [torch.int32, torch.uint8, torch.int16])
def test_every_integer_kind_of_label_trains(kind):
    assert fit_labels((torch.arange(40) % 10).to(kind))["stopped"] is None


@pytest.mark.parametrize(
    ("labels", "fix"),
    [
        (torch.arange(40)[:, None] % 10, "squeeze"),
        (torch.arange(40) % 10 + 1, "labels - 1"),
        (torch.rand(40), "long"),
    ],
)
def test_unfit_labels_are_refused_with_the_fix(labels, fix):
    with pytest.raises(ValueError, match=fix):
        fit_labels(labels)


def test_a_last_batch_of_one_joins_the_batch_before_it_under_batch_norm():
    # 21장을 10장씩: 10, 10, 1이 아니라 10, 11입니다.
    assert len(fit_labels(torch.arange(21) % 10)["step_loss"]) == 2
