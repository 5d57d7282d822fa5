"""LeNet-5를 두 가지로 담았습니다: 오늘날의 교육용 `LeNet5`와 1998년 논문의 `LeNet5Original`.

출처: LeCun, Bottou, Bengio, Haffner, "Gradient-Based Learning Applied to Document Recognition",
Proc. IEEE 86(11), 1998 (아래에서 'LeCun 1998'). doi 10.1109/5.726791
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# LeCun 1998, Table I: C3의 각 특징 맵이 바라보는 S2 특징 맵.
C3_TABLE = (
    (0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5),
    (0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5),
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)  # fmt: skip

# 숫자 0-9의 7×12 그림. 논문의 그림을 베끼지 않고 같은 격자에 새로 그렸습니다.
_BITMAP_ROWS = """
....... ....... ....... ....... ....... ....... ....... ....... ....... .......
..###.. ...##.. .#####. .#####. .....#. ####### ..####. ####### .#####. .#####.
.#...#. ..###.. #.....# #.....# ....##. #...... .#..... #.....# #.....# #.....#
#.....# .####.. #.....# ......# ...#.#. #...... #...... ......# #.....# #.....#
#.....# ...##.. ......# ......# ..#..#. #.####. #...... .....#. .#...#. #.....#
#.....# ...##.. .....#. ..####. .#...#. ##....# #.####. ....#.. ..###.. .######
#.....# ...##.. ....#.. ......# #....#. ......# ##....# ...#... .#...#. ......#
#.....# ...##.. ..##... ......# ####### ......# #.....# ...#... #.....# ......#
#.....# ...##.. .#..... ......# .....#. ......# #.....# ..#.... #.....# ......#
.#...#. ...##.. #...... #.....# .....#. #.....# #.....# ..#.... #.....# .....#.
..###.. .###### ####### .#####. .....#. .#####. .#####. ..#.... .#####. .####..
....... ....... ....... ....... ....... ....... ....... ....... ....... .......
"""


def digit_bitmaps() -> Tensor:
    """숫자 0-9의 고정 코드를 그림으로 돌려줍니다.

    값은 잉크 +1, 바탕 -1이고 모양은 `(10, 12, 7)`, float32입니다 (LeCun 1998, §II-C의 형식).
    """
    rows = [row.split() for row in _BITMAP_ROWS.split("\n") if row]
    ink = [[[pixel == "#" for pixel in row[digit]] for row in rows] for digit in range(10)]
    return torch.tensor(ink, dtype=torch.float32) * 2 - 1


def _check_images(images: Tensor) -> None:
    """`(N, 1, 32, 32)`가 아니면 무엇을 고쳐야 하는지 알려 주는 ValueError를 냅니다."""
    if images.ndim == 4 and images.shape[1:] == (1, 32, 32):
        return
    shape = tuple(images.shape)
    if shape[-2:] == (28, 28):
        fix = "28×28 이미지는 사방에 2픽셀씩 붙이십시오: F.pad(images, (2, 2, 2, 2), value=바탕값)"
    elif images.ndim == 3 and shape == (1, 32, 32):
        fix = "이미지 한 장이라면 배치 차원을 더하십시오: images.unsqueeze(0)"
    elif images.ndim == 3:
        fix = "채널 차원을 더하십시오: images.unsqueeze(1)"
    elif images.ndim == 4 and shape[1] == 3:
        fix = "컬러 이미지는 먼저 흑백으로 바꾸십시오: images.mean(dim=1, keepdim=True)"
    elif images.ndim == 4 and shape[1] == 1:
        fix = "크기를 맞추십시오: F.interpolate(images, size=(32, 32), mode='bilinear')"
    else:
        fix = "(배치, 채널, 높이, 너비) 순서의 4차원 텐서로 바꾸십시오."
    raise ValueError(f"LeNet-5의 입력은 (N, 1, 32, 32)이어야 하는데 {shape}이(가) 왔습니다. {fix}")


class LeNet5(nn.Module):
    """오늘날 교과서가 가르치는 LeNet-5입니다.

    LeCun 1998, §II-B의 구조를 표준 PyTorch 층으로 옮겼습니다.
    입력 `(N, 1, 32, 32)`, 출력 로짓(logits) `(N, num_classes)`, 파라미터 61,706개(10개 클래스).

    원 논문과 다른 점:
        - C3이 S2의 모든 맵과 연결됩니다(논문은 Table I의 60개 연결): +900
        - S2, S4가 학습되지 않는 평균 풀링입니다(논문은 계수와 편향을 학습): -44
        - 출력이 선형 층과 로짓입니다(논문은 학습하지 않는 RBF): +850
        - tanh에 1.7159와 2/3 배율이 없고, 풀링 뒤에는 활성화가 없습니다.
    """

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.features = nn.Sequential(OrderedDict(
            C1=nn.Conv2d(1, 6, kernel_size=5),     # (N, 6, 28, 28)
            tanh1=nn.Tanh(),
            S2=nn.AvgPool2d(kernel_size=2),        # (N, 6, 14, 14)
            C3=nn.Conv2d(6, 16, kernel_size=5),    # (N, 16, 10, 10)
            tanh3=nn.Tanh(),
            S4=nn.AvgPool2d(kernel_size=2),        # (N, 16, 5, 5)
            C5=nn.Conv2d(16, 120, kernel_size=5),  # (N, 120, 1, 1)
            tanh5=nn.Tanh(),
        ))  # fmt: skip
        self.classifier = nn.Sequential(OrderedDict(
            F6=nn.Linear(120, 84),                 # (N, 84)
            tanh6=nn.Tanh(),
            output=nn.Linear(84, num_classes),     # (N, num_classes)
        ))  # fmt: skip

    def forward(self, images: Tensor) -> Tensor:
        _check_images(images)
        return self.classifier(self.features(images).flatten(1))


class ScaledTanh(nn.Module):
    """1.7159·tanh(2x/3). f(±1) = ±1이 되도록 배율을 고른 함수입니다 (LeCun 1998, 식 6)."""

    def forward(self, x: Tensor) -> Tensor:
        return 1.7159 * torch.tanh(2 / 3 * x)


class TrainableSubsampling(nn.Module):
    """2×2 이웃 네 값의 합에 맵마다 하나인 계수를 곱하고 편향을 더합니다 (LeCun 1998, §II-B).

    `(N, C, H, W)` → `(N, C, H/2, W/2)`. 평균 풀링과 달리 맵마다 파라미터가 두 개 있습니다.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(channels))
        self.bias = nn.Parameter(torch.empty(channels))

    def forward(self, x: Tensor) -> Tensor:
        total = x[..., ::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, ::2] + x[..., 1::2, 1::2]
        return total * self.weight[:, None, None] + self.bias[:, None, None]

    def links_per_position(self) -> int:
        return 4 * len(self.weight)

    def macs_per_position(self) -> int:
        return len(self.weight)


class TableConv2d(nn.Module):
    """연결표에 있는 입력 맵만 바라보는 합성곱입니다 (LeCun 1998, Table I).

    `table[i]`는 i번째 출력 맵이 연결된 입력 맵의 번호들입니다. 연결마다 커널이 하나, 출력 맵마다
    편향이 하나입니다. 연결이 없는 자리는 파라미터 자체가 없으므로 학습 중에 되살아나지 않습니다.
    """

    def __init__(self, table: tuple[tuple[int, ...], ...], *, kernel_size: int) -> None:
        super().__init__()
        links = [(out, into) for out, sources in enumerate(table) for into in sources]
        self.table = table
        self.in_channels = 1 + max(into for _, into in links)
        self.register_buffer("links", torch.tensor(links).T, persistent=False)  # (2, 연결 수)
        self.weight = nn.Parameter(torch.empty(len(links), kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.empty(len(table)))

    def dense_weight(self) -> Tensor:
        """연결이 없는 자리를 0으로 채운 `(출력 맵, 입력 맵, k, k)` 커널입니다."""
        shape = (len(self.table), self.in_channels, *self.weight.shape[1:])
        return self.weight.new_zeros(shape).index_put(tuple(self.links), self.weight)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.dense_weight(), self.bias)

    def links_per_position(self) -> int:
        return self.weight.numel()

    macs_per_position = links_per_position


class RBFOutput(nn.Module):
    """클래스마다 고정된 코드와의 거리 제곱을 벌점으로 냅니다 (LeCun 1998, 식 7).

    `(N, 84)` → `(N, 10)`. 벌점이 가장 작은 클래스가 답입니다. 코드는 학습하지 않습니다.
    """

    def __init__(self, codes: Tensor) -> None:
        super().__init__()
        self.register_buffer("codes", codes)  # (클래스, 84), 값은 ±1

    def forward(self, x: Tensor) -> Tensor:
        return (x[:, None, :] - self.codes).square().sum(dim=2)

    def links_per_position(self) -> int:
        return self.codes.numel()

    macs_per_position = links_per_position


class LeNet5Original(nn.Module):
    """1998년 논문의 LeNet-5입니다 (LeCun 1998, §II-B).

    입력 `(N, 1, 32, 32)`(바탕 -0.1, 잉크 1.175), 출력은 클래스별 벌점 `(N, 10)`으로 0 이상이며
    **가장 작은 것이 답**입니다. 학습되는 파라미터 60,000개, 연결 340,908개.

    원 논문과 다른 점:
        - 7×12 코드 그림은 같은 격자에 이 강의가 새로 그렸습니다.
        - 논문의 확률적 대각 Levenberg-Marquardt 대신 보통의 SGD로 학습합니다(train_lenet 참고).
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(OrderedDict(
            C1=nn.Conv2d(1, 6, kernel_size=5),        # (N, 6, 28, 28)
            squash1=ScaledTanh(),
            S2=TrainableSubsampling(6),               # (N, 6, 14, 14)
            squash2=ScaledTanh(),
            C3=TableConv2d(C3_TABLE, kernel_size=5),  # (N, 16, 10, 10)
            squash3=ScaledTanh(),
            S4=TrainableSubsampling(16),              # (N, 16, 5, 5)
            squash4=ScaledTanh(),
            C5=nn.Conv2d(16, 120, kernel_size=5),     # (N, 120, 1, 1)
            squash5=ScaledTanh(),
        ))  # fmt: skip
        self.classifier = nn.Sequential(OrderedDict(
            F6=nn.Linear(120, 84),                    # (N, 84)
            squash6=ScaledTanh(),
            output=RBFOutput(digit_bitmaps().flatten(1)),  # (N, 10)
        ))  # fmt: skip
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """모든 가중치를 [-2.4/F, 2.4/F]의 균등 분포에서 뽑습니다. F는 유닛의 입력 수입니다.

        LeCun 1998, Appendix A. 추정: 편향도 그 유닛으로 들어오는 연결이므로 같은 범위를 씁니다.
        """
        for layer in (self.features.C1, self.features.C5, self.classifier.F6):
            bound = 2.4 / layer.weight[0].numel()
            layer.weight.uniform_(-bound, bound)
            layer.bias.uniform_(-bound, bound)
        for layer in (self.features.S2, self.features.S4):
            layer.weight.uniform_(-2.4 / 4, 2.4 / 4)
            layer.bias.uniform_(-2.4 / 4, 2.4 / 4)
        c3 = self.features.C3
        fan_in = torch.tensor([len(sources) * c3.weight[0].numel() for sources in c3.table])
        bound = 2.4 / fan_in
        c3.weight.uniform_(-1, 1).mul_(bound[c3.links[0], None, None])
        c3.bias.uniform_(-1, 1).mul_(bound)

    def forward(self, images: Tensor) -> Tensor:
        _check_images(images)
        return self.classifier(self.features(images).flatten(1))


def correct_class_loss(penalties: Tensor, labels: Tensor) -> Tensor:
    """정답 클래스의 벌점만 줄이는 손실입니다 (LeCun 1998, 식 8). 배치 평균을 돌려줍니다."""
    return penalties.gather(1, labels[:, None]).mean()


def discriminative_loss(penalties: Tensor, labels: Tensor, *, rubbish: float = 1.0) -> Tensor:
    """정답의 벌점은 줄이고 나머지 벌점은 키우는 손실입니다 (LeCun 1998, 식 9).

    `rubbish`는 식의 양수 j입니다. 이미 j보다 충분히 큰 벌점은 더 키우지 않게 합니다.
    식을 정리하면 로짓이 `-벌점`이고 '쓰레기 클래스'의 로짓 `-j`가 하나 더 있는 교차 엔트로피입니다.
    """
    everyone = F.pad(-penalties, (0, 1), value=-rubbish)  # (N, 11): 마지막 열이 쓰레기 클래스
    return (penalties.gather(1, labels[:, None]).squeeze(1) + everyone.logsumexp(dim=1)).mean()
