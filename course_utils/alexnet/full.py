"""ImageNet 크기의 AlexNet 둘입니다: 교육용 `AlexNet`과 2012년의 `AlexNetOriginal`.

출처: Krizhevsky, Sutskever, Hinton, "ImageNet Classification with Deep Convolutional Neural
Networks", NIPS 2012 (아래에서 'Krizhevsky 2012'). 2012년 코드는 Computer History Museum이 2025년에
공개한 AlexNet-Source-Code입니다 (아래에서 '2012년 코드').
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.alexnet.inputs import check_images

# 올림 규칙에서 224×224의 마지막 창이 밖으로 나가는 픽셀 수: 54칸 × 4 + 11 − 224 = 3
_OVERHANG = 3


class AlexNet(nn.Module):
    """GPU 한 개에 올린 교육용 AlexNet입니다.

    Krizhevsky 2012, §3.5의 구조를 표준 PyTorch 층으로 옮겼습니다.
    입력 `(N, 3, 227, 227)`, 출력 로짓 `(N, num_classes)`, 파라미터 62,378,344개(1,000개 클래스).

    원 논문과 다른 점:
        - 두 열로 나누지 않아 conv2, conv4, conv5가 앞 층의 모든 맵과 연결됩니다: +1,413,120
        - 지역 응답 정규화(LRN)가 없습니다.
        - 입력이 224가 아니라 227입니다. 올림 대신 내림으로도 55×55가 나옵니다(Caffe와 같은 방법).
        - 초기값은 PyTorch의 기본값입니다.

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
        - conv → ReLU → LRN → 풀링의 차례는 논문을 따릅니다. 2012년 코드의 conv1은 풀링 뒤에 ReLU가
          있어 LRN이 ReLU 앞의 값을 보았고, CaffeNet은 풀링이 LRN보다 먼저입니다.
        - LRN의 α는 2012년 코드처럼 이웃 수 5로 나눈 합에 곱합니다.
        - 2012년 코드의 conv2 뒤에 있는 또 하나의 5×5 정규화(rnorm)는 논문에 없어 뺐습니다.
        - 드롭아웃은 논문과 코드처럼 FC6, FC7의 출력에 있습니다. torchvision(2014년 판)은 입력에
          있고, 열도 LRN도 없습니다. 논문은 시험할 때 0.5를 곱하고 PyTorch는 학습할 때 2를 곱합니다.
        - 초기값은 논문을 따릅니다: N(0, 0.01), 편향은 conv2, conv4, conv5, FC6, FC7이 1이고
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
