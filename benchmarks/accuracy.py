"""테스트 정확도 99.0%에 이르는 시간: 강의의 방법과 pytorch/examples의 MNIST 예제의 방법.

그 예제의 방법은 시드 하나에 몇 분이 걸립니다. 끝난 시드의 짝은 `build/bench_accuracy.json`에 남아,
꺼졌다가 다시 부르면 나머지만 측정합니다. 처음부터 다시 측정하려면 그 파일을 지우십시오.
"""

import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import torch
from lenet import USUAL, raw_digits, step
from timing import machine, mnist, paired
from torch import Tensor, nn
from torch.utils.data import DataLoader

from course_utils.checkpoint import write_json
from course_utils.data import ImageData
from course_utils.lenet import LeNet5
from course_utils.training import evaluate, fit, set_seed

CACHE = Path(__file__).resolve().parents[1] / "build" / "bench_accuracy.json"
GOAL = 0.99
THEIR_EPOCHS = 14  # 그 예제의 기본값
# 학습 데이터의 마지막 10,000장을 떼어 놓고 골랐습니다(docs/속도.md).
EPOCHS, BATCH_SIZE, LEARNING_RATE = 2, 128, 0.012
CYCLES = 3  # 한 바퀴(EPOCHS에폭)에 못 이르면 두 번까지 더 돕니다.
QUINTIC = 3.4445, -4.7750, 2.0315  # 다섯 번이면 특잇값이 0.7-1.2로 모이는 다항식의 계수


def orthogonalize(matrix: Tensor, *, steps: int = 5) -> Tensor:
    """특이 벡터는 그대로 두고 특잇값을 1 가까이로 바꿉니다(뉴턴-슐츠 반복)."""
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    a, b, c = QUINTIC
    x = wide / (wide.norm() + 1e-7)
    for _ in range(steps):
        square = x @ x.T
        both = torch.addmm(square, square, square, beta=b, alpha=c)  # b·S + c·S²
        x = torch.addmm(x, both, x, beta=a)  # a·X + (b·S + c·S²)·X
    return x if wide is matrix else x.T


class Muon(torch.optim.Optimizer):
    """모멘텀 SGD인데, 가중치는 갱신을 직교 행렬에 가깝게 바꾸어 모든 방향으로 고르게 움직입니다.

    `torch.optim.Muon`은 2차원 가중치만 받으므로, 합성곱의 커널을 행렬로 펴서 같은 일을 합니다(K.
    Jordan 등, 2024). 편향은 네스테로프 관성의 SGD 그대로입니다.
    """

    def __init__(self, parameters: Iterable, lr: float, momentum: float = 0.95) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            lr, momentum = group["lr"], group["momentum"]
            for parameter in group["params"]:
                state = self.state[parameter]
                average = state.setdefault("average", torch.zeros_like(parameter))
                average.mul_(momentum).add_(parameter.grad)
                update = parameter.grad.add(average, alpha=momentum)
                if parameter.ndim > 1:
                    matrix = orthogonalize(update.flatten(1))
                    tall = max(1.0, matrix.shape[0] / matrix.shape[1])
                    update = tall**0.5 * matrix.view_as(parameter)
                parameter.add_(update, alpha=-lr)


class ExampleNet(nn.Module):
    """pytorch/examples의 MNIST 모델과 같은 층 배치를 다시 쓴 것입니다(파라미터 1,199,882개)."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(),
            nn.MaxPool2d(2), nn.Dropout(0.25),
        )  # fmt: skip
        self.classifier = nn.Sequential(
            nn.Linear(64 * 12 * 12, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10)
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(self.features(images).flatten(1))


def example_recipe(data: ImageData, seed: int) -> Iterator[float]:
    """그 예제의 방법(Adadelta, 배치 64, 학습률 0.7배씩)입니다. 에폭마다 테스트 정확도를 냅니다."""
    set_seed(seed)
    loader = DataLoader(raw_digits(data, *USUAL), batch_size=64, shuffle=True)
    model = ExampleNet()
    optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.7)
    ink = data.test_images[:, :, 2:30, 2:30]
    test_images = ((ink + 0.1) / 1.275 - 0.1307) / 0.3081
    for _ in range(THEIR_EPOCHS):
        for x, y in loader:
            step(model, optimizer, x, y)
        scheduler.step()
        yield evaluate(model, test_images, data.test_labels)["accuracy"]


def shift(images: Tensor) -> Tensor:
    """배치를 통째로 가로와 세로로 한 픽셀까지 무작위로 옮깁니다. 숫자의 둘레는 비어 있습니다."""
    down, right = torch.randint(-1, 2, (2,)).tolist()
    return images.roll((down, right), dims=(2, 3))


def make_lenet() -> LeNet5:
    """가중치를 tanh에 맞춘 폭의 Xavier 초깃값에서, 편향을 0에서 시작하는 LeNet-5입니다."""
    model = LeNet5().to(memory_format=torch.channels_last)
    for name, parameter in model.named_parameters():
        if name.endswith("weight"):
            nn.init.xavier_uniform_(parameter, gain=nn.init.calculate_gain("tanh"))
        else:
            nn.init.zeros_(parameter)
    return model


def course_recipe(data: ImageData, seed: int) -> Iterator[float]:
    """강의의 `fit`으로, 학습률을 올렸다 내리는 한 바퀴마다 테스트 정확도를 냅니다."""
    set_seed(seed)
    model = make_lenet()
    optimizer = Muon(model.parameters(), lr=LEARNING_RATE)
    num_steps = EPOCHS * -(-len(data.train_images) // BATCH_SIZE)
    for _ in range(CYCLES):
        scheduler = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=LEARNING_RATE, total_steps=num_steps, pct_start=0.2,
            cycle_momentum=False,
        )  # fmt: skip
        fit(model, data.train_images, data.train_labels, optimizer=optimizer,
            num_epochs=EPOCHS, batch_size=BATCH_SIZE, scheduler=scheduler, augment=shift,
            progress=False)  # fmt: skip
        yield evaluate(model, data.test_images, data.test_labels)["accuracy"]


def race(recipe, data: ImageData, seed: int) -> dict:
    """목표에 이를 때까지 돌립니다. 못 이르면 끝까지 돈 시간이고 `reached`가 거짓입니다."""
    start, accuracies = time.perf_counter(), []
    for accuracy in recipe(data, seed):
        accuracies.append(accuracy)
        if accuracy >= GOAL:
            break
    return {
        "seconds": time.perf_counter() - start,
        "reached": accuracies[-1] >= GOAL,
        "accuracies": accuracies,
    }


def time_to_accuracy(runs: int) -> dict:
    """시드마다 우리와 비교할 쪽을 잇달아 측정합니다. 못 이른 시드는 끝까지 돈 시간으로 칩니다."""
    data, conditions = mnist(), _conditions()
    done = _read_cache(conditions)
    for seed in range(runs):
        if str(seed) not in done:
            done[str(seed)] = [race(one, data, seed) for one in (course_recipe, example_recipe)]
            write_json(CACHE, {"conditions": conditions, "seeds": done})
            ours, theirs = done[str(seed)]
            print(f"  시드 {seed}: 우리 {_tell(ours)}, 예제 {_tell(theirs)}", flush=True)
    pairs = [done[str(seed)] for seed in range(runs)]
    reached = [sum(side["reached"] for side in sides) for sides in zip(*pairs, strict=True)]
    note = f"{GOAL:.1%}에 이른 시드: 우리 {reached[0]}/{runs}, 예제 {reached[1]}/{runs}"
    times = [(ours["seconds"], theirs["seconds"]) for ours, theirs in pairs]
    return paired(times) | {"note": note, "details": pairs}


def _tell(result: dict) -> str:
    missed = "" if result["reached"] else "(못 이름)"
    return f"{result['seconds']:.1f}초{missed}"


def _conditions() -> dict:
    facts = {key: value for key, value in machine().items() if key != "date"}
    return facts | {"goal": GOAL, "recipe": [EPOCHS, BATCH_SIZE, LEARNING_RATE]}


def _read_cache(conditions: dict) -> dict:
    """같은 조건에서 끝난 시드들입니다. 조건이 다르면 처음부터 측정합니다."""
    try:
        saved = json.loads(CACHE.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return saved["seeds"] if saved.get("conditions") == conditions else {}
