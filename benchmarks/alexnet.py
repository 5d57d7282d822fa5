"""작은 AlexNet을 CIFAR-10으로 학습하는 속도: 배치에 거는 증강과 이미지마다 거는 torchvision v2."""

import torch
from lenet import Samples, step
from timing import cifar, compare, seconds
from torch import Tensor
from torch.utils.data import DataLoader
from torchvision.transforms import v2

from course_utils.alexnet import SmallAlexNet
from course_utils.augmentation import color_axes, color_noise, random_crops, random_flips
from course_utils.data import ImageData, scale_photos
from course_utils.training import fit, set_seed

BATCH_SIZE, LEARNING_RATE = 128, 0.01
NUM_IMAGES = 6_400  # 한 번 측정하는 데 쓰는 학습 이미지


def raw_photos(data: ImageData, axes: tuple[Tensor, Tensor]) -> Samples:
    """흔히 쓰는 방식: 사진 한 장을 꺼낼 때마다 변환을 적용합니다."""
    vectors, deviations = axes

    def noise(image: Tensor) -> Tensor:
        shift = vectors @ (0.1 * torch.randn(3) * deviations)
        return image + shift[:, None, None]

    transform = v2.Compose([
        v2.RandomCrop(32, padding=4, padding_mode="reflect"),
        v2.RandomHorizontalFlip(),
        v2.ToImage(),
        v2.ToDtype(torch.float32, scale=True),
        v2.Lambda(noise),
        v2.Normalize((0.5,) * 3, (0.25,) * 3),
    ])  # fmt: skip
    photos = 255 * data.train_images[:NUM_IMAGES].permute(0, 2, 3, 1)
    return Samples(photos, data.train_labels[:NUM_IMAGES], transform)


def make_loader(data: ImageData, axes: tuple[Tensor, Tensor]) -> tuple[DataLoader, int]:
    """num_workers가 0일 때와 2일 때 가운데 빠른 DataLoader입니다."""
    photos = raw_photos(data, axes)
    loaders = {
        workers: DataLoader(photos, batch_size=BATCH_SIZE, shuffle=True, num_workers=workers,
                            persistent_workers=workers > 0)
        for workers in (0, 2)
    }  # fmt: skip
    model, optimizer = make_model()

    def epoch(loader: DataLoader) -> None:
        for x, y in loader:
            step(model, optimizer, x, y)

    for loader in loaders.values():
        epoch(loader)  # 워커가 뜨는 시간은 뺍니다.
    fastest = min(loaders, key=lambda workers: seconds(epoch, loaders[workers]))
    return loaders[fastest], fastest


def make_model() -> tuple[SmallAlexNet, torch.optim.Optimizer]:
    set_seed(0)
    model = SmallAlexNet()
    return model, torch.optim.SGD(model.parameters(), lr=LEARNING_RATE, momentum=0.9)


def course_epoch(data: ImageData, axes: tuple[Tensor, Tensor], *, half: bool) -> None:
    """강의의 방식으로 `NUM_IMAGES`장을 한 번 돕니다.

    Args:
        half: bfloat16 자동 혼합 정밀도(autocast)로 계산합니다. `fit`은 그대로입니다.
    """
    model, optimizer = make_model()
    model = model.to(memory_format=torch.channels_last)

    def augment(images: Tensor) -> Tensor:
        return scale_photos(color_noise(random_flips(random_crops(images)), axes))

    # 바꿔 둔 가중치를 되쓰면(cache) 갱신한 것을 보지 못합니다: `fit` 전체를 감쌀 때는 꼭 끕니다.
    with torch.autocast("cpu", torch.bfloat16, enabled=half, cache_enabled=False):
        fit(model, data.train_images[:NUM_IMAGES], data.train_labels[:NUM_IMAGES],
            optimizer=optimizer, num_epochs=1, batch_size=BATCH_SIZE, augment=augment,
            progress=False)  # fmt: skip


def against_samples(runs: int, *, half: bool) -> dict:
    """`fit` + `augmentation`과, DataLoader + 이미지별 변환(float32).

    Args:
        half: 우리는 bfloat16 자동 혼합 정밀도로 학습합니다. 아니면 둘 다 float32인데, 합성곱이
            시간의 대부분이라 증강을 줄여도 얼마 빨라지지 않습니다.
    """
    data = cifar()
    axes = color_axes(data.train_images)
    loader, workers = make_loader(data, axes)
    model, optimizer = make_model()

    def theirs(_: int) -> None:
        for x, y in loader:
            step(model, optimizer, x, y)

    result = compare(lambda _: course_epoch(data, axes, half=half), theirs, runs)
    rate = NUM_IMAGES / min(result["ours_seconds"])
    kind = "bfloat16 autocast" if half else "float32"
    note = f"학습 {NUM_IMAGES:,}장. 우리는 {kind}, 초당 {rate:,.0f}장. num_workers={workers}"
    return result | {"note": note}


def augmentation_only(runs: int) -> dict:
    """모델을 빼고 배치를 만드는 데까지만 비교합니다(num_workers=0)."""
    data = cifar()
    axes = color_axes(data.train_images)
    loader = DataLoader(raw_photos(data, axes), batch_size=BATCH_SIZE, shuffle=True)
    images, labels = data.train_images[:NUM_IMAGES], data.train_labels[:NUM_IMAGES]

    def ours(_: int) -> None:
        for batch in torch.randperm(len(images)).split(BATCH_SIZE):
            x, _y = images[batch], labels[batch]
            scale_photos(color_noise(random_flips(random_crops(x)), axes))

    def theirs(_: int) -> None:
        for _batch in loader:
            pass

    return compare(ours, theirs, runs) | {"note": f"{NUM_IMAGES:,}장을 배치로 만들기까지"}
