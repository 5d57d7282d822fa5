"""32×32 컬러 이미지를 위한 작은 망입니다. 혁신을 하나씩 켜고 끄는 실험에 씁니다."""

from collections import OrderedDict

from torch import Tensor, nn

from course_utils.alexnet.inputs import check_images

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh}


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
    합성곱 다섯, FC 셋, 겹치는 풀링 3/2의 자리, FC6과 FC7 출력의 드롭아웃은 그대로입니다.
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

    def forward(self, images: Tensor) -> Tensor:
        check_images(images, name="SmallAlexNet", sides=(32,))
        return self.classifier(self.features(images).flatten(1))


class FourLayerNet(nn.Module):
    """ReLU와 tanh를 견주는 네 층짜리 망입니다 (Krizhevsky 2012, Fig. 1).

    입력 `(N, 3, 32, 32)`, 출력 로짓 `(N, num_classes)`, 파라미터 85,098개(10개 클래스).
    논문처럼 규제(드롭아웃, 증강)가 없습니다.

    추정: 논문은 "네 층짜리 합성곱망"이라고만 적었습니다. 합성곱 셋과 FC 하나로 정했습니다.
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
