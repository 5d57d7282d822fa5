"""LeNet-5에서 AlexNet까지 한 번에 하나씩 바꾸어 갈 수 있는 망입니다."""

from collections import OrderedDict
from collections.abc import Sequence

from torch import Tensor, nn

from course_utils.alexnet.inputs import check_images
from course_utils.alexnet.small import make_activation

POOLINGS = {"average": nn.AvgPool2d, "max": nn.MaxPool2d}


class LadderNet(nn.Module):
    """처음 값대로 만들면 입력만 컬러로 바꾼 LeNet-5이고, 인자를 바꾸면 AlexNet에 가까워집니다.

    입력 `(N, 3, 32, 32)`, 출력 로짓 `(N, num_classes)`, 처음 값의 파라미터 62,006개(10개 클래스).

    Args:
        channels: 합성곱마다의 출력 채널. 앞의 둘은 5×5 뒤에 2×2 풀링을 두고(LeCun 1998의 C1-S4),
            그 뒤의 것은 AlexNet의 conv3-conv5처럼 3×3이고 크기를 지킵니다.
        hidden: FC층마다의 유닛 수.
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
