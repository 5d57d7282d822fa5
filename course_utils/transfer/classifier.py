"""모델, 모델의 입력을 만드는 변환, 클래스 이름을 묶습니다. 어느 모델이든 쓰는 법이 같습니다."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torchvision.models import AlexNet_Weights, alexnet

from course_utils import training
from course_utils.alexnet import SmallAlexNet
from course_utils.checkpoint import ASSETS
from course_utils.data import ImageData, read_photo
from course_utils.data.file_trees import read_image_collection
from course_utils.data.sources import announce


@dataclass(frozen=True)
class Kind:
    """모델의 종류 하나입니다. `options`는 torchvision의 변환에서 바꿀 설정입니다."""

    net: Callable[..., nn.Module]
    image_size: int
    options: dict

    def build(self, num_classes: int) -> nn.Module:
        with torch.device("meta"):  # 초깃값을 뽑지 않습니다: 곧 파일의 가중치로 바뀝니다.
            return self.net(num_classes=num_classes)


KINDS = {
    # 변환의 설정은 AlexNet_Weights.IMAGENET1K_V1에 든 그대로입니다.
    "torchvision": Kind(alexnet, 224, {}),
    # 드롭아웃은 담아 둔 모델을 학습할 때의 비율, (x − 0.5) / 0.25는 data.scale_photos입니다.
    "small": Kind(
        partial(SmallAlexNet, dropout=0.1), 32,
        {"crop_size": 32, "resize_size": 32, "mean": (0.5,) * 3, "std": (0.25,) * 3},
    ),
}  # fmt: skip


def restore(kind: str, weights: dict, num_classes: int) -> nn.Module:
    """가중치를 넣은 모델을 평가 모드로 돌려줍니다. 모양이 다르면 RuntimeError입니다."""
    model = KINDS[kind].build(num_classes)
    model.load_state_dict(weights, assign=True)
    return model.requires_grad_(True).eval()


@dataclass(frozen=True, eq=False)
class Classifier:
    """분류하는 모델 하나와 그것을 쓰는 데 필요한 모든 것입니다.

    `kind`는 "torchvision"(224×224)이나 "small"(32×32)이고, `source`는 "cache", "download",
    "embedded", "file" 가운데 하나입니다.
    """

    model: nn.Module = field(repr=False)
    class_names: tuple[str, ...] = field(repr=False)
    kind: str
    source: str
    note: str = field(default="", repr=False)

    @property
    def image_size(self) -> int:
        return KINDS[self.kind].image_size

    @property
    def transform(self) -> Callable:
        """사진 한 장을 모델의 입력 `(3, S, S)`로 바꾸는 torchvision의 변환입니다."""
        return AlexNet_Weights.IMAGENET1K_V1.transforms(**KINDS[self.kind].options)

    def label(self, index: int) -> str:
        """클래스의 이름입니다. 우리말을 알면 함께 적습니다: 'tabby (얼룩 고양이)'."""
        name = self.class_names[index]
        korean = korean_names().get(name)
        return f"{name} ({korean})" if korean else name


@cache
def korean_names() -> dict[str, str]:
    """영어 클래스 이름 → 우리말입니다. CIFAR-10의 10개와 ImageNet의 일부가 있습니다."""
    return json.loads((ASSETS / "korean_names.json").read_text(encoding="utf-8"))


def prepare(classifier: Classifier, images: Iterable) -> Tensor:
    """사진들을 모델의 입력 `(N, 3, S, S)`로 바꿉니다. 크기는 저마다 달라도 됩니다.

    사진은 파일의 경로, PIL 이미지, 0~255인 uint8 배열 `(H, W, 3)`이나 흑백 `(H, W)`이고, 한 장만
    주어도 됩니다. `load_folder`와 같은 픽셀이 됩니다. 다른 것이 오면 ValueError를 냅니다.
    """
    ndim = getattr(images, "ndim", 0)
    is_one_array = ndim == 2 or (ndim == 3 and images.shape[-1] in (3, 4))
    if is_one_array or isinstance(images, str | Path | Image.Image):
        images = [images]
    if not (tensors := [_transform(classifier, image) for image in images]):
        raise ValueError("사진이 한 장도 없습니다. [사진]처럼 한 장 이상 넘기십시오.")
    return torch.stack(tensors)


def _transform(classifier: Classifier, image) -> Tensor:
    transform = classifier.transform
    if not isinstance(image, str | Path | Image.Image):
        pixels = np.asarray(image)
        is_color = pixels.ndim == 3 and pixels.shape[2] in (3, 4) and pixels.dtype == np.uint8
        is_grey = pixels.ndim == 2 and pixels.dtype in (np.uint8, np.uint16, np.int32)
        if not is_color and not is_grey:
            raise ValueError(
                "사진 한 장은 0~255인 uint8 (높이, 너비, 3) 배열이어야 하는데 "
                f"{pixels.dtype} {pixels.shape}이(가) 왔습니다. 0~1이면 (255 * x).astype('uint8')"
                "로, 채널이 앞에 있으면 x.transpose(1, 2, 0)을 쓰십시오."
            )
        image = Image.fromarray(pixels)
    rgb = read_photo(image, side=transform.resize_size[0])
    return transform(torch.from_numpy(np.array(rgb).transpose(2, 0, 1).copy()))


def load_folder(
    path: str | Path, *, classifier: Classifier, max_train: int = 800, max_test: int = 200
) -> ImageData:
    """`클래스/파일` 꼴의 폴더나 zip을 읽습니다. 이미지는 모델의 변환을 지난 `(N, 3, S, S)`입니다.

    클래스와 학습·테스트는 `load_photos`와 같은 규칙으로 나누고, 픽셀은 `prepare`의 것과 같습니다.
    읽지 못한 파일은 건너뛰고 "주의:" 줄로 알립니다. 없는 경로이거나, 클래스가 둘보다 적거나,
    클래스에 읽을 수 있는 사진이 두 장보다 적으면 ValueError를 냅니다.
    """
    place = Path(path).expanduser()
    if not str(path).strip() or not place.exists():
        raise ValueError(
            f"'{path}' 폴더가 없습니다. 클래스마다 폴더가 든 폴더의 경로를 적으십시오."
        )
    *parts, names, notes = read_image_collection(
        place, max_train=max_train, max_test=max_test, side=classifier.transform.resize_size[0],
        convert=lambda image: _transform(classifier, image).numpy(),
    )  # fmt: skip
    tensors = [torch.from_numpy(part) for part in parts]
    told = ", ".join(names)
    return announce(tensors, names, place.name, "folder", told, notes, what="내 사진")


def top_k(classifier: Classifier, image, *, k: int = 5) -> list[tuple[str, float]]:
    """사진(`prepare`가 받는 것)의 답을 확률이 높은 것부터 `k`개 `(이름, 확률)`로 돌려줍니다."""
    probabilities = training.predict(classifier.model, prepare(classifier, [image]))[0].softmax(0)
    values, places = probabilities.topk(min(k, len(classifier.class_names)))
    return [(classifier.label(place), value) for place, value in
            zip(places.tolist(), values.tolist(), strict=True)]  # fmt: skip
