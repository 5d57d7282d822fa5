"""속도를 한 번의 실행 안에서 비율로 잽니다: `make bench`. 결과는 `build/bench.json`에도 남습니다.

우리 쪽과 견줄 쪽을 번갈아 재므로, 컴퓨터가 느려졌다 빨라져도 비율은 덜 흔들립니다.

    python benchmarks/run.py                # 모두
    python benchmarks/run.py throughput     # 이름에 이 말이 든 것만
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader
from torchvision import transforms

from course_utils.data import ImageData, load_digits
from course_utils.lenet import LeNet5
from course_utils.training import evaluate, fit, set_seed

OUTPUT = Path(__file__).resolve().parents[1] / "build" / "bench.json"
NOTEBOOK = Path(__file__).resolve().parents[1] / "notebooks" / "01_lenet5.ipynb"
BATCH_SIZE, LEARNING_RATE = 128, 0.2  # 노트북 01과 같은 값입니다.


def seconds(work: Callable, *arguments: object) -> float:
    """함수를 한 번 부르는 데 걸린 초입니다."""
    start = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - start


def ratios(ours: Callable[[int], object], theirs: Callable[[int], object], runs: int) -> list:
    """둘을 번갈아 재어 `theirs / ours`(1보다 크면 우리가 빠름)를 모읍니다. 인자는 시드입니다."""
    pairs = [(seconds(ours, seed), seconds(theirs, seed)) for seed in range(runs)]
    return [their_time / our_time for our_time, their_time in pairs]


def course_epoch(data: ImageData, seed: int) -> None:
    """강의의 방식으로 한 에폭 학습합니다."""
    set_seed(seed)
    model = LeNet5().to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE, momentum=0.9)
    fit(model, data.train_images, data.train_labels, optimizer=optimizer,
        num_epochs=1, batch_size=BATCH_SIZE, progress=False)  # fmt: skip


class RawImages(torch.utils.data.Dataset):
    """흔히 쓰는 방식: 이미지 한 장을 꺼낼 때마다 PIL 이미지에 변환을 적용합니다."""

    def __init__(self, data: ImageData, transform: Callable) -> None:
        pixels = (data.train_images[:, 0, 2:30, 2:30] + 0.1) * (255 / 1.275)
        self.pixels = pixels.round().to(torch.uint8).numpy()
        self.labels = data.train_labels.tolist()
        self.transform = transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        image = Image.fromarray(self.pixels[index])  # torchvision.datasets.MNIST와 같습니다.
        return self.transform(image), self.labels[index]


def step(model: nn.Module, optimizer: torch.optim.Optimizer, x, y) -> None:
    """기록도 진행 막대도 없는 맨 학습 한 걸음입니다."""
    optimizer.zero_grad()
    F.cross_entropy(model(x), y).backward()
    optimizer.step()


def throughput_against_dataloader(data: ImageData, runs: int) -> list[float]:
    """학습 한 에폭: `fit`과 DataLoader + transforms."""
    usual = transforms.Compose([
        transforms.Pad(2), transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,)),
    ])  # fmt: skip
    loader = DataLoader(RawImages(data, usual), batch_size=BATCH_SIZE, shuffle=True)
    model = LeNet5().to(memory_format=torch.channels_last)  # 망은 같은 조건에 둡니다.
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE, momentum=0.9)

    def theirs(_: int) -> None:
        for x, y in loader:
            step(model, optimizer, x, y)

    return ratios(lambda seed: course_epoch(data, seed), theirs, runs)


def throughput_against_bare_step(data: ImageData, runs: int) -> list[float]:
    """학습 한 에폭: `fit`과, 같은 배치 하나로 되풀이하는 맨 걸음(두 메모리 형식 중 빠른 쪽)."""
    x, y = data.train_images[:BATCH_SIZE], data.train_labels[:BATCH_SIZE]
    num_steps = -(-len(data.train_images) // BATCH_SIZE)

    def bare(memory_format: torch.memory_format) -> None:
        model = LeNet5().to(memory_format=memory_format)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
        batch = x.contiguous(memory_format=memory_format)
        for _ in range(num_steps):
            step(model, optimizer, batch, y)

    formats = (torch.contiguous_format, torch.channels_last)
    fastest = min(formats, key=lambda each: seconds(bare, each))
    return ratios(lambda seed: course_epoch(data, seed), lambda _: bare(fastest), runs)


class ExampleNet(nn.Module):
    """pytorch/examples의 MNIST 망과 같은 층 배치를 다시 쓴 것입니다(파라미터 1,199,882개)."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(),
            nn.MaxPool2d(2), nn.Dropout(0.25),
        )  # fmt: skip
        self.classifier = nn.Sequential(
            nn.Linear(64 * 12 * 12, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10)
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(images).flatten(1))


def example_recipe(data: ImageData, goal: float, seed: int) -> None:
    """그 예제의 방법(Adadelta, 배치 64, 학습률 0.7배씩)으로 `goal`에 이를 때까지 학습합니다."""
    set_seed(seed)
    usual = transforms.Compose([
        transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,)),
    ])  # fmt: skip
    loader = DataLoader(RawImages(data, usual), batch_size=64, shuffle=True)
    model = ExampleNet()
    optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.7)
    ink = data.test_images[:, :, 2:30, 2:30]
    test_images = ((ink + 0.1) / 1.275 - 0.1307) / 0.3081
    for _ in range(14):
        for x, y in loader:
            step(model, optimizer, x, y)
        scheduler.step()
        if evaluate(model, test_images, data.test_labels)["accuracy"] >= goal:
            return
    raise RuntimeError(f"시드 {seed}: {goal:.1%}에 이르지 못했습니다.")


def course_recipe(data: ImageData, goal: float, seed: int) -> None:
    """강의의 방법으로 `goal`에 이를 때까지 학습합니다. 한 바퀴에 못 이르면 이어서 더 돕니다."""
    set_seed(seed)
    model = LeNet5().to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE, momentum=0.9)
    for num_epochs in (4, 4, 4):
        num_steps = num_epochs * -(-len(data.train_images) // BATCH_SIZE)
        scheduler = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=LEARNING_RATE, total_steps=num_steps, pct_start=0.2,
            cycle_momentum=False,
        )
        fit(model, data.train_images, data.train_labels, optimizer=optimizer,
            num_epochs=num_epochs, batch_size=BATCH_SIZE, scheduler=scheduler,
            progress=False)  # fmt: skip
        if evaluate(model, data.test_images, data.test_labels)["accuracy"] >= goal:
            return
    raise RuntimeError(f"시드 {seed}: {goal:.1%}에 이르지 못했습니다.")


def time_to_accuracy(data: ImageData, runs: int) -> list[float]:
    """시험 정확도 98.8 %에 이르는 시간: 강의의 방법과 pytorch/examples의 방법, 시드마다."""
    goal = 0.988
    return ratios(
        lambda seed: course_recipe(data, goal, seed),
        lambda seed: example_recipe(data, goal, seed),
        runs,
    )


def import_seconds(code: str) -> float:
    """새 파이썬에서 `code`를 실행하는 데 드는 초입니다. 파이썬이 뜨는 시간은 뺍니다."""
    timed = f"import time; t = time.perf_counter(); {code}; print(time.perf_counter() - t)"
    result = subprocess.run(
        [sys.executable, "-c", timed], capture_output=True, text=True, check=True
    )
    return float(result.stdout.split()[-1])


def import_course(_: ImageData, runs: int) -> list[float]:
    """`import course_utils`: 20 ms를 걸린 시간으로 나눈 값입니다."""
    return [0.020 / import_seconds("import course_utils") for _ in range(runs)]


def setup_cell(_: ImageData, runs: int) -> list[float]:
    """01의 준비 셀: (torch, torchvision, matplotlib를 import하는 시간 + 0.5초)를 나눈 값입니다."""
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    cell = next(c for c in notebook["cells"] if "setup" in c["metadata"].get("tags", []))
    setup = "exec(" + repr("".join(cell["source"])) + ")"
    bare = "import torch, torchvision, matplotlib.pyplot"
    return [(import_seconds(bare) + 0.5) / import_seconds(setup) for _ in range(runs)]


BENCHES = [
    # (이름, 함수, 적어도, 횟수)
    ("lenet5_throughput_vs_dataloader", throughput_against_dataloader, 1.8, 5),
    ("lenet5_throughput_vs_bare_step", throughput_against_bare_step, 0.92, 5),
    ("time_to_98.8_vs_pytorch_examples", time_to_accuracy, 10.0, 3),
    ("import_course_utils_20ms", import_course, 1.0, 9),
    ("setup_cell_imports_plus_0.5s", setup_cell, 1.0, 5),
]


def main() -> None:
    parser = argparse.ArgumentParser(description="속도를 비율로 잽니다.")
    parser.add_argument("name", nargs="?", default="", help="이름에 이 말이 든 것만 잽니다")
    options = parser.parse_args()
    data = load_digits()
    if data.name != "MNIST":
        raise SystemExit("속도는 MNIST 전체로만 잽니다. COURSE_DATA를 확인하십시오.")
    rows = []
    print(f"CPU {os.cpu_count()}코어, torch {torch.__version__}, 스레드 {torch.get_num_threads()}")
    for name, bench, at_least, runs in BENCHES:
        if options.name in name:
            values = bench(data, runs)
            rows.append({
                "name": name, "ratio": median(values), "at_least": at_least, "runs": runs,
                "values": values, "data": data.name,
            })  # fmt: skip
            spread = f"{min(values):.2f}-{max(values):.2f}"
            reached = "" if median(values) >= at_least else " ← 못 미침"
            verdict = f"적어도 {at_least}, 범위 {spread}, {runs}회{reached}"
            print(f"{name}: {median(values):.2f} ({verdict})", flush=True)
    if options.name:
        return  # 일부만 잰 결과로 전체 기록을 덮어쓰지 않습니다.
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
