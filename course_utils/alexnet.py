"""AlexNet의 모델들: 교육용, 2012년의 두 열, 32×32용, Fig. 1의 네 층, LeNet-5에서 온 사다리.

출처: Krizhevsky, Sutskever, Hinton, "ImageNet Classification with Deep Convolutional Neural
Networks", NIPS 2012 (아래에서 'Krizhevsky 2012'). 2012년 코드는 Computer History Museum이 2025년에
공개한 AlexNet-Source-Code입니다 (아래에서 '2012년 코드').
"""

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# 올림 규칙에서 224×224의 마지막 창이 밖으로 나가는 픽셀 수: 54칸 × 4 + 11 − 224 = 3
_OVERHANG = 3
ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh}
POOLINGS = {"average": nn.AvgPool2d, "max": nn.MaxPool2d}


def check_images(images: Tensor, *, name: str, sides: tuple[int, ...]) -> None:
    """`(N, 3, side, side)`가 아니면 무엇을 고쳐야 하는지 알려 주는 ValueError를 냅니다."""
    shape = tuple(images.shape)
    if images.ndim == 4 and shape[1] == 3 and shape[2] == shape[3] and shape[2] in sides:
        return
    side = sides[0]
    if images.ndim == 3 and shape[0] == 3:
        fix = "이미지 한 장이라면 배치 차원을 더하십시오: images.unsqueeze(0)"
    elif images.ndim == 4 and shape[1] == 1:
        fix = "흑백 이미지는 채널을 셋으로 늘리십시오: images.expand(-1, 3, -1, -1)"
    elif images.ndim == 4 and shape[3] == 3:
        fix = "채널을 앞으로 옮기십시오: images.permute(0, 3, 1, 2)"
    elif images.ndim == 4 and shape[1] == 4:
        fix = "투명도 채널을 빼십시오: images[:, :3]"
    elif images.ndim == 4 and shape[1:] == (3, 224, 224) and side == 227:
        fix = (
            "논문에는 224라고 적혀 있지만, 패딩 없이 내림하면 (224 − 11) / 4 + 1 = 54.25가 54가 "
            "되고 마지막 맵이 6×6이 아니라 5×5가 됩니다. 2012년 코드는 올림해서 55를 얻었습니다. "
            "오른쪽과 아래에 3픽셀을 붙이면 그 결과와 같습니다: F.pad(images, (0, 3, 0, 3))"
        )
    elif images.ndim == 4 and shape[1] == 3:
        fix = f"크기를 맞추십시오: F.interpolate(images, size=({side}, {side}), mode='bilinear')"
    else:
        fix = "(배치, 채널, 높이, 너비) 순서의 4차원 텐서로 바꾸십시오."
    wanted = " 또는 ".join(f"(N, 3, {side}, {side})" for side in sides)
    raise ValueError(f"{name}의 입력은 {wanted}이어야 하는데 {shape}이(가) 왔습니다. {fix}")


class AlexNet(nn.Module):
    """GPU 한 개에 올린 교육용 AlexNet입니다.

    Krizhevsky 2012, §3.5의 구조를 표준 PyTorch 층으로 옮겼습니다.
    입력 `(N, 3, 227, 227)`, 출력 로짓 `(N, num_classes)`, 파라미터 62,378,344개(1,000개 클래스).

    원 논문과 다른 점:
        - 두 열로 나누지 않아 conv2, conv4, conv5가 앞 층의 모든 맵과 연결됩니다: +1,413,120
        - 지역 응답 정규화(LRN)가 없습니다.
        - 입력이 224가 아니라 227입니다. 올림 대신 내림으로도 55×55가 나옵니다(Caffe와 같은 방법).
        - 초깃값은 PyTorch의 기본값입니다.

    드롭아웃은 논문처럼 FC6과 FC7의 **출력**에 있습니다(torchvision은 입력에 있습니다).
    """

    def __init__(self, num_classes: int = 1000) -> None:
        super().__init__()
        self.features = nn.Sequential(OrderedDict(
            conv1=nn.Conv2d(3, 96, kernel_size=11, stride=4),      # (N, 96, 55, 55)
            relu1=nn.ReLU(inplace=True),
            pool1=nn.MaxPool2d(kernel_size=3, stride=2),           # (N, 96, 27, 27)
            conv2=nn.Conv2d(96, 256, kernel_size=5, padding=2),    # (N, 256, 27, 27)
            relu2=nn.ReLU(inplace=True),
            pool2=nn.MaxPool2d(kernel_size=3, stride=2),           # (N, 256, 13, 13)
            conv3=nn.Conv2d(256, 384, kernel_size=3, padding=1),   # (N, 384, 13, 13)
            relu3=nn.ReLU(inplace=True),
            conv4=nn.Conv2d(384, 384, kernel_size=3, padding=1),   # (N, 384, 13, 13)
            relu4=nn.ReLU(inplace=True),
            conv5=nn.Conv2d(384, 256, kernel_size=3, padding=1),   # (N, 256, 13, 13)
            relu5=nn.ReLU(inplace=True),
            pool5=nn.MaxPool2d(kernel_size=3, stride=2),           # (N, 256, 6, 6)
        ))  # fmt: skip
        self.classifier = nn.Sequential(OrderedDict(
            fc6=nn.Linear(256 * 6 * 6, 4096),                      # (N, 4096)
            relu6=nn.ReLU(inplace=True),
            drop6=nn.Dropout(),
            fc7=nn.Linear(4096, 4096),                             # (N, 4096)
            relu7=nn.ReLU(inplace=True),
            drop7=nn.Dropout(),
            fc8=nn.Linear(4096, num_classes),                      # (N, num_classes)
        ))  # fmt: skip

    def forward(self, images: Tensor) -> Tensor:
        check_images(images, name="AlexNet", sides=(227,))
        return self.classifier(self.features(images).flatten(1))


class ColumnLRN(nn.Module):
    """열마다 따로 하는 지역 응답 정규화입니다 (Krizhevsky 2012, §3.3).

    `(N, C, H, W)` → 같은 모양. 채널을 `columns`개의 열로 나누고, 열 안에서 같은 자리의 이웃 채널
    `size`개의 제곱으로 나눕니다. 다른 GPU의 채널은 보지 않으므로 열의 끝에서 이웃이 줄어듭니다.

    논문의 식은 제곱의 합에 α를 곱하지만 2012년 코드는 합을 `size`로 나눈 뒤 곱합니다. 여기서는
    코드를 따릅니다. Caffe와 `nn.LocalResponseNorm`도 그렇습니다(다만 PyTorch의 기본값은 k = 1).
    """

    def __init__(self, columns: int = 2, *, size: int = 5, alpha: float = 1e-4,
                 beta: float = 0.75, k: float = 2.0) -> None:  # fmt: skip
        super().__init__()
        self.columns, self.size, self.alpha, self.beta, self.k = columns, size, alpha, beta, k

    def forward(self, x: Tensor) -> Tensor:
        alone = x.unflatten(1, (self.columns, -1)).flatten(0, 1)  # (N × 열, C / 열, H, W)
        normed = F.local_response_norm(alone, self.size, self.alpha, self.beta, self.k)
        return normed.view_as(x)

    def extra_repr(self) -> str:
        return (f"columns={self.columns}, size={self.size}, alpha={self.alpha}, "
                f"beta={self.beta}, k={self.k}")  # fmt: skip


class AlexNetOriginal(nn.Module):
    """2012년 논문의 두 열(GPU 두 개)짜리 AlexNet입니다 (Krizhevsky 2012, §3).

    입력 `(N, 3, 224, 224)` 또는 `(N, 3, 227, 227)`, 출력 로짓 `(N, num_classes)`,
    파라미터 60,965,224개(1,000개 클래스). 앞쪽 절반의 채널이 첫째 열, 뒤쪽 절반이 둘째 열입니다.

    논문, 2012년 코드, 다른 구현이 갈리는 곳에서 따른 것:
        - 입력 224는 2012년 코드의 올림 규칙으로 55×55가 됩니다. 마지막 창이 밖으로 나가는 3픽셀은
          0입니다. 227이면 남김없이 55×55입니다(Caffe는 227).
        - conv → ReLU → LRN → 풀링의 순서는 논문을 따릅니다. 2012년 코드의 conv1은 풀링 뒤에 ReLU가
          있어 LRN이 ReLU 앞의 값을 보았고, CaffeNet은 풀링이 LRN보다 먼저입니다.
        - LRN의 α는 2012년 코드처럼 이웃 수 5로 나눈 합에 곱합니다.
        - 2012년 코드의 conv2 뒤에 있는 또 하나의 5×5 정규화(rnorm)는 논문에 없어 뺐습니다.
        - 드롭아웃은 논문과 코드처럼 FC6, FC7의 출력에 있습니다. torchvision(2014년 판)은 입력에
          있고, 열도 LRN도 없습니다. 논문은 테스트할 때 0.5를 곱하고 PyTorch는 학습 때 2를 곱합니다.
        - 초깃값은 논문을 따릅니다: N(0, 0.01), 편향은 conv2, conv4, conv5, FC6, FC7이 1이고
          나머지는 0입니다. 2012년 코드의 conv3-5는 N(0, 0.03)입니다.
    """

    def __init__(self, num_classes: int = 1000) -> None:
        super().__init__()
        self.features = nn.Sequential(OrderedDict(
            conv1=nn.Conv2d(3, 96, kernel_size=11, stride=4),                # (N, 96, 55, 55)
            relu1=nn.ReLU(inplace=True),
            norm1=ColumnLRN(),
            pool1=nn.MaxPool2d(kernel_size=3, stride=2),                     # (N, 96, 27, 27)
            conv2=nn.Conv2d(96, 256, kernel_size=5, padding=2, groups=2),    # (N, 256, 27, 27)
            relu2=nn.ReLU(inplace=True),
            norm2=ColumnLRN(),
            pool2=nn.MaxPool2d(kernel_size=3, stride=2),                     # (N, 256, 13, 13)
            conv3=nn.Conv2d(256, 384, kernel_size=3, padding=1),             # (N, 384, 13, 13)
            relu3=nn.ReLU(inplace=True),
            conv4=nn.Conv2d(384, 384, kernel_size=3, padding=1, groups=2),   # (N, 384, 13, 13)
            relu4=nn.ReLU(inplace=True),
            conv5=nn.Conv2d(384, 256, kernel_size=3, padding=1, groups=2),   # (N, 256, 13, 13)
            relu5=nn.ReLU(inplace=True),
            pool5=nn.MaxPool2d(kernel_size=3, stride=2),                     # (N, 256, 6, 6)
        ))  # fmt: skip
        self.classifier = nn.Sequential(OrderedDict(
            fc6=nn.Linear(256 * 6 * 6, 4096),                                # (N, 4096)
            relu6=nn.ReLU(inplace=True),
            drop6=nn.Dropout(),
            fc7=nn.Linear(4096, 4096),                                       # (N, 4096)
            relu7=nn.ReLU(inplace=True),
            drop7=nn.Dropout(),
            fc8=nn.Linear(4096, num_classes),                                # (N, num_classes)
        ))  # fmt: skip
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """가중치는 N(0, 0.01), 편향은 논문이 1이라 한 층만 1입니다 (Krizhevsky 2012, §5)."""
        for name, layer in [*self.features.named_children(), *self.classifier.named_children()]:
            if isinstance(layer, nn.Conv2d | nn.Linear):
                layer.weight.normal_(0, 0.01)
                layer.bias.fill_(name in {"conv2", "conv4", "conv5", "fc6", "fc7"})

    def forward(self, images: Tensor) -> Tensor:
        check_images(images, name="AlexNetOriginal", sides=(224, 227))
        return self.classifier(self.features(hang_over_edge(images)).flatten(1))


def hang_over_edge(images: Tensor) -> Tensor:
    """224×224의 오른쪽과 아래에 0을 3줄 붙입니다. 227×227은 그대로 돌려줍니다.

    2012년 코드는 창의 수를 올림으로 셌고, 밖으로 나간 자리는 0으로 읽었습니다.
    """
    return F.pad(images, (0, _OVERHANG, 0, _OVERHANG)) if images.shape[-1] == 224 else images


def make_activation(name: str) -> nn.Module:
    """이름("relu", "tanh")에 맞는 활성화 층입니다. 모르는 이름이면 ValueError를 냅니다."""
    if name not in ACTIVATIONS:
        known = ", ".join(ACTIVATIONS)
        raise ValueError(f"활성화 {name!r}은(는) 없습니다. 다음 가운데 고르십시오: {known}")
    return ACTIVATIONS[name]()


class SmallAlexNet(nn.Module):
    """32×32 컬러 이미지를 위한 작은 AlexNet입니다. 실험과 전이 학습에 씁니다.

    입력 `(N, 3, 32, 32)`, 출력 로짓 `(N, num_classes)`, 파라미터 450,154개(10개 클래스).

    Args:
        activation: "relu" 또는 "tanh".
        lrn: conv1과 conv2의 활성화 뒤에 논문의 상수로 LRN을 둡니다 (Krizhevsky 2012, §3.3).
        overlapping: 풀링을 3/2로 겹칩니다. 거짓이면 2/2입니다(같은 §3.4). 논문에서처럼 두 풀링의
            출력 크기와 파라미터 수는 같습니다.
        dropout: FC6과 FC7의 출력에서 지우는 비율. 0이면 쓰지 않습니다.

    `AlexNet`에서 줄인 것:
        - 채널은 모두 1/4: 96-256-384-384-256 → 24-64-96-96-64
        - conv1은 11×11, 스트라이드 4 대신 5×5, 스트라이드 1: 32×32에는 줄일 크기가 없습니다.
        - FC는 1/16: 4,096 → 256. 마지막 맵은 6×6 대신 3×3입니다.
    합성곱 5개, FC 3개, 겹치는 풀링 3/2의 자리, FC6과 FC7 출력의 드롭아웃은 그대로입니다. 초깃값은
    `start_he`입니다. PyTorch의 기본값에서는 모멘텀 없는 SGD로 몇 에폭이 지나도 배우지 못합니다.
    """

    def __init__(self, num_classes: int = 10, *, activation: str = "relu", lrn: bool = False,
                 overlapping: bool = True, dropout: float = 0.5) -> None:  # fmt: skip
        super().__init__()

        def pool() -> nn.Module:
            return nn.MaxPool2d(kernel_size=3 if overlapping else 2, stride=2)

        def norm() -> nn.Module:
            return nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=2.0)

        layers = OrderedDict(
            conv1=nn.Conv2d(3, 24, kernel_size=5, padding=2),    # (N, 24, 32, 32)
            relu1=make_activation(activation),
            norm1=norm() if lrn else None,
            # 3/2 풀링은 32×32의 마지막 줄을 보지 않습니다. 2/2에도 같은 31×31을 줍니다.
            crop1=None if overlapping else nn.ZeroPad2d((0, -1, 0, -1)),
            pool1=pool(),                                        # (N, 24, 15, 15)
            conv2=nn.Conv2d(24, 64, kernel_size=5, padding=2),   # (N, 64, 15, 15)
            relu2=make_activation(activation),
            norm2=norm() if lrn else None,
            pool2=pool(),                                        # (N, 64, 7, 7)
            conv3=nn.Conv2d(64, 96, kernel_size=3, padding=1),   # (N, 96, 7, 7)
            relu3=make_activation(activation),
            conv4=nn.Conv2d(96, 96, kernel_size=3, padding=1),   # (N, 96, 7, 7)
            relu4=make_activation(activation),
            conv5=nn.Conv2d(96, 64, kernel_size=3, padding=1),   # (N, 64, 7, 7)
            relu5=make_activation(activation),
            pool5=pool(),                                        # (N, 64, 3, 3)
        )  # fmt: skip
        self.features = nn.Sequential(
            OrderedDict((name, layer) for name, layer in layers.items() if layer is not None)
        )
        self.classifier = nn.Sequential(OrderedDict(
            fc6=nn.Linear(64 * 3 * 3, 256),                      # (N, 256)
            relu6=make_activation(activation),
            drop6=nn.Dropout(dropout),
            fc7=nn.Linear(256, 256),                             # (N, 256)
            relu7=make_activation(activation),
            drop7=nn.Dropout(dropout),
            fc8=nn.Linear(256, num_classes),                     # (N, num_classes)
        ))  # fmt: skip
        start_he(self, activation)

    def forward(self, images: Tensor) -> Tensor:
        check_images(images, name="SmallAlexNet", sides=(32,))
        return self.classifier(self.features(images).flatten(1))


class FourLayerNet(nn.Module):
    """ReLU와 tanh를 비교하는 4층 모델입니다 (Krizhevsky 2012, Fig. 1).

    입력 `(N, 3, 32, 32)`, 출력 로짓 `(N, num_classes)`, 파라미터 85,098개(10개 클래스).
    논문처럼 규제(드롭아웃, 증강)가 없습니다.

    추정: 논문은 "네 층짜리 합성곱 신경망"이라고만 적었습니다. 합성곱 3개와 FC 1개로 정했습니다.
    """

    def __init__(self, num_classes: int = 10, *, activation: str = "relu") -> None:
        super().__init__()
        self.features = nn.Sequential(OrderedDict(
            conv1=nn.Conv2d(3, 32, kernel_size=5, padding=2),    # (N, 32, 32, 32)
            relu1=make_activation(activation),
            pool1=nn.MaxPool2d(kernel_size=3, stride=2),         # (N, 32, 15, 15)
            conv2=nn.Conv2d(32, 32, kernel_size=5, padding=2),   # (N, 32, 15, 15)
            relu2=make_activation(activation),
            pool2=nn.MaxPool2d(kernel_size=3, stride=2),         # (N, 32, 7, 7)
            conv3=nn.Conv2d(32, 64, kernel_size=5, padding=2),   # (N, 64, 7, 7)
            relu3=make_activation(activation),
            pool3=nn.MaxPool2d(kernel_size=3, stride=2),         # (N, 64, 3, 3)
        ))  # fmt: skip
        self.classifier = nn.Sequential(OrderedDict(
            fc4=nn.Linear(64 * 3 * 3, num_classes),              # (N, num_classes)
        ))  # fmt: skip

    def forward(self, images: Tensor) -> Tensor:
        check_images(images, name="FourLayerNet", sides=(32,))
        return self.classifier(self.features(images).flatten(1))


class LadderNet(nn.Module):
    """처음 값대로 만들면 입력만 컬러로 바꾼 LeNet-5이고, 인자를 바꾸면 AlexNet에 가까워집니다.

    입력 `(N, 3, 32, 32)`, 출력 로짓 `(N, num_classes)`, 처음 값의 파라미터 62,006개(10개 클래스).

    Args:
        channels: 합성곱별 출력 채널. 앞의 2개는 5×5 뒤에 2×2 풀링을 두고(LeCun 1998의 C1-S4),
            그 뒤의 것은 AlexNet의 conv3-conv5처럼 3×3이고 크기를 지킵니다.
        hidden: FC층별 유닛 수.
        activation: "tanh" 또는 "relu".
        pooling: "average" 또는 "max".
        dropout: FC층의 출력에서 지우는 비율.

    AlexNet과 다른 점: 채널이 적고, conv1과 conv2에 패딩이 없으며, 풀링이 겹치지 않고, conv5 뒤의
    풀링과 LRN이 없습니다. 한 번에 하나만 바꾸기 위해서입니다.
    """

    def __init__(self, num_classes: int = 10, *, channels: Sequence[int] = (6, 16),
                 hidden: Sequence[int] = (120, 84), activation: str = "tanh",
                 pooling: str = "average", dropout: float = 0.0) -> None:  # fmt: skip
        super().__init__()
        if pooling not in POOLINGS:
            known = ", ".join(POOLINGS)
            raise ValueError(f"풀링 {pooling!r}은(는) 없습니다. 다음 가운데 고르십시오: {known}")
        features, before = OrderedDict(), 3
        for i, after in enumerate(channels, start=1):
            size, padding = (5, 0) if i <= 2 else (3, 1)
            features[f"conv{i}"] = nn.Conv2d(before, after, kernel_size=size, padding=padding)
            features[f"act{i}"] = make_activation(activation)
            if i <= 2:  # 32 → 28 → 14 → 10 → 5
                features[f"pool{i}"] = POOLINGS[pooling](kernel_size=2, stride=2)
            before = after
        classifier, before = OrderedDict(), before * 5 * 5
        for i, after in enumerate(hidden, start=1):
            classifier[f"fc{i}"] = nn.Linear(before, after)
            classifier[f"fc_act{i}"] = make_activation(activation)
            if dropout:
                classifier[f"drop{i}"] = nn.Dropout(dropout)
            before = after
        classifier["output"] = nn.Linear(before, num_classes)
        self.features, self.classifier = nn.Sequential(features), nn.Sequential(classifier)

    def forward(self, images: Tensor) -> Tensor:
        check_images(images, name="LadderNet", sides=(32,))
        return self.classifier(self.features(images).flatten(1))


def start_he(model: nn.Module, activation: str = "relu") -> nn.Module:
    """실험의 출발점: 활성화에 맞춘 He의 초깃값(2015)이고, 마지막 층만 논문의 N(0, 0.01)입니다.

    표준화한 입력에서 모두 논문처럼 작으면 짧은 학습이 출발하지 못하고, 마지막 층까지 크면 첫 손실이
    커서 ReLU가 죽기도 합니다. 비교하는 조건에는 모두 같으므로 지장이 없습니다.
    """
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity=activation)
            nn.init.zeros_(layer.bias)
    nn.init.normal_(model.classifier[-1].weight, std=0.01)
    return model


def start_small(model: nn.Module) -> nn.Module:
    """논문의 출발점: 가중치는 N(0, 0.01), 편향은 0입니다 (Krizhevsky 2012, §5)."""
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.zeros_(layer.bias)
    nn.init.normal_(model.classifier[-1].weight, std=0.01)
    return model
