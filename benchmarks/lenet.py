"""LeNet-5의 학습 속도: 흔히 쓰는 DataLoader와, 그리고 군더더기 없는 순수 학습 스텝과 비교합니다."""

from collections.abc import Callable

import torch
from PIL import Image
from timing import compare, mnist, seconds
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from course_utils.data import ImageData
from course_utils.lenet import LeNet5
from course_utils.training import fit, set_seed

BATCH_SIZE, LEARNING_RATE = 128, 0.2  # 노트북 01과 같은 값입니다.
USUAL = [transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))]


class Samples(Dataset):
    """흔히 쓰는 방식: 이미지 한 장을 꺼낼 때마다 PIL 이미지에 변환을 적용합니다."""

    def __init__(self, pixels: torch.Tensor, labels: torch.Tensor, transform: Callable) -> None:
        self.pixels = pixels.round().to(torch.uint8).numpy()  # 0-255, (N, H, W) 또는 (N, H, W, 3)
        self.labels = labels.tolist()
        self.transform = transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        image = Image.fromarray(self.pixels[index])  # torchvision.datasets.MNIST와 같습니다.
        return self.transform(image), self.labels[index]


def raw_digits(data: ImageData, *transform: Callable) -> Samples:
    """여백을 붙이고 값을 바꾸기 전의 28×28 숫자들입니다."""
    pixels = (data.train_images[:, 0, 2:30, 2:30] + 0.1) * (255 / 1.275)
    return Samples(pixels, data.train_labels, transforms.Compose(transform))


def step(model: nn.Module, optimizer: torch.optim.Optimizer, x, y) -> None:
    """기록도 진행 막대도 없는 맨 학습 한 스텝입니다."""
    optimizer.zero_grad()
    F.cross_entropy(model(x), y).backward()
    optimizer.step()


def course_epoch(data: ImageData, seed: int) -> None:
    """강의의 방식으로 한 에폭 학습합니다."""
    set_seed(max(seed, 0))
    model = LeNet5().to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE, momentum=0.9)
    fit(model, data.train_images, data.train_labels, optimizer=optimizer,
        num_epochs=1, batch_size=BATCH_SIZE, progress=False)  # fmt: skip


def against_dataloader(runs: int) -> dict:
    """학습 한 에폭: `fit`과 DataLoader + transforms."""
    data = mnist()
    digits = raw_digits(data, transforms.Pad(2), *USUAL)
    loader = DataLoader(digits, batch_size=BATCH_SIZE, shuffle=True)
    model = LeNet5().to(memory_format=torch.channels_last)  # 모델은 같은 조건에 둡니다.
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE, momentum=0.9)

    def theirs(_: int) -> None:
        for x, y in loader:
            step(model, optimizer, x, y)

    result = compare(lambda seed: course_epoch(data, seed), theirs, runs)
    rate = len(data.train_labels) / min(result["ours_seconds"])
    return result | {"note": f"MNIST 한 에폭. 우리는 가장 빠를 때 초당 {rate:,.0f}장"}


def against_bare_step(runs: int) -> dict:
    """학습 한 에폭: `fit`과, 배치 하나로 되풀이하는 순수 학습 스텝(두 메모리 형식 중 빠른 것)."""
    data = mnist()
    x, y = data.train_images[:BATCH_SIZE], data.train_labels[:BATCH_SIZE]
    num_steps = -(-len(data.train_images) // BATCH_SIZE)

    def bare(memory_format: torch.memory_format) -> None:
        model = LeNet5().to(memory_format=memory_format)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
        batch = x.contiguous(memory_format=memory_format)
        for _ in range(num_steps):
            step(model, optimizer, batch, y)

    formats = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
    fastest = min(formats, key=lambda name: seconds(bare, formats[name]))
    result = compare(lambda seed: course_epoch(data, seed), lambda _: bare(formats[fastest]), runs)
    return result | {"note": f"MNIST 한 에폭. 순수 학습 스텝의 메모리 형식: {fastest}"}
