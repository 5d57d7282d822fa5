"""두 열 가운데 하나와, 두 열이 값을 주고받는 자리입니다 (Krizhevsky 2012, §3.2, Fig. 2)."""

from collections import OrderedDict

import torch
from torch import Tensor, distributed, nn
from torch.autograd import Function
from torch.nn import functional as F

from course_utils.alexnet import ColumnLRN, hang_over_edge


class ColumnLink:
    """두 프로세스를 잇는 선입니다. 보낸 바이트를 방향과 받는 층마다 셉니다."""

    def __init__(self, rank: int) -> None:
        self.rank = rank
        self.sent = {"forward": {}, "backward": {}}

    def swap(self, tensor: Tensor, layer: str, direction: str) -> Tensor:
        """같은 모양의 텐서를 상대와 바꿉니다. 상대가 보낸 것을 돌려줍니다."""
        tensor, received = tensor.contiguous(), torch.empty_like(tensor)
        send = distributed.P2POp(distributed.isend, tensor, 1 - self.rank)
        receive = distributed.P2POp(distributed.irecv, received, 1 - self.rank)
        for work in distributed.batch_isend_irecv([send, receive]):
            work.wait()
        count = self.sent[direction]
        count[layer] = count.get(layer, 0) + tensor.nbytes
        return received


class _Gather(Function):
    """앞으로는 두 열의 채널을 잇고, 뒤로는 상대 열의 기울기를 보내고 내 것을 받습니다."""

    @staticmethod
    def forward(ctx, own: Tensor, link: ColumnLink, layer: str) -> Tensor:
        ctx.link, ctx.layer = link, layer
        other = link.swap(own, layer, "forward")
        return torch.cat((own, other) if link.rank == 0 else (other, own), dim=1)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None, None]:
        halves = gradient.chunk(2, dim=1)
        received = ctx.link.swap(halves[1 - ctx.link.rank], ctx.layer, "backward")
        return halves[ctx.link.rank] + received, None, None


class ExchangeColumns(nn.Module):
    """두 열이 만나는 자리입니다. `layer`는 만난 값을 읽는(또는 더하는) 층입니다."""

    def __init__(self, link: ColumnLink, layer: str, *, add: bool = False) -> None:
        super().__init__()
        self.link, self.layer, self.add = link, layer, add

    def forward(self, own: Tensor) -> Tensor:
        if self.add:  # 로짓의 기울기는 두 열이 똑같이 알고 있어 보내지 않습니다.
            return own + self.link.swap(own.detach(), self.layer, "forward")
        return _Gather.apply(own, self.link, self.layer)


class SlicedDropout(nn.Dropout):
    """프로세스가 하나일 때의 드롭아웃 마스크에서 이 프로세스가 맡은 부분만 씁니다.

    모두 같은 시드에서 온전한 마스크를 뽑으므로, 나누어 계산해도 꺼지는 유닛이 같습니다.
    `dim`은 나눈 차원입니다: 0이면 이미지, 1이면 유닛.
    """

    def __init__(self, part: int, *, dim: int) -> None:
        super().__init__()
        self.part, self.dim = part, dim

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        shape = list(x.shape)
        shape[self.dim] *= 2
        whole = F.dropout(torch.ones(shape), self.p)  # 늘 CPU에서 뽑아야 GPU에서도 같습니다.
        return x * whole.chunk(2, dim=self.dim)[self.part].to(x.device)


class AlexNetColumn(nn.Module):
    """`AlexNetOriginal`의 한 열입니다. 층마다 출력 채널의 절반을 맡습니다.

    입력 `(N, 3, 224, 224)` 또는 `(N, 3, 227, 227)`, 출력 로짓 `(N, num_classes)`는 두 프로세스가
    같습니다. conv3, FC6, FC7은 앞 층의 두 열을 모아 읽습니다. FC8은 열마다 자기 유닛 2,048개의
    부분 합을 내어 더합니다. 편향은 한 번만 더해야 하므로 첫째 열에 있습니다.
    추정: FC8을 이렇게 나눈 것은 이 강의의 선택입니다. 논문은 그 자리를 적지 않았습니다.
    """

    def __init__(self, link: ColumnLink, num_classes: int = 1000) -> None:
        super().__init__()
        self.features = nn.Sequential(OrderedDict(
            conv1=nn.Conv2d(3, 48, kernel_size=11, stride=4),                # (N, 48, 55, 55)
            relu1=nn.ReLU(inplace=True),
            norm1=ColumnLRN(columns=1),
            pool1=nn.MaxPool2d(kernel_size=3, stride=2),                     # (N, 48, 27, 27)
            conv2=nn.Conv2d(48, 128, kernel_size=5, padding=2),              # (N, 128, 27, 27)
            relu2=nn.ReLU(inplace=True),
            norm2=ColumnLRN(columns=1),
            pool2=nn.MaxPool2d(kernel_size=3, stride=2),                     # (N, 128, 13, 13)
            meet3=ExchangeColumns(link, "conv3"),                            # (N, 256, 13, 13)
            conv3=nn.Conv2d(256, 192, kernel_size=3, padding=1),             # (N, 192, 13, 13)
            relu3=nn.ReLU(inplace=True),
            conv4=nn.Conv2d(192, 192, kernel_size=3, padding=1),             # (N, 192, 13, 13)
            relu4=nn.ReLU(inplace=True),
            conv5=nn.Conv2d(192, 128, kernel_size=3, padding=1),             # (N, 128, 13, 13)
            relu5=nn.ReLU(inplace=True),
            pool5=nn.MaxPool2d(kernel_size=3, stride=2),                     # (N, 128, 6, 6)
            meet6=ExchangeColumns(link, "fc6"),                              # (N, 256, 6, 6)
        ))  # fmt: skip
        self.classifier = nn.Sequential(OrderedDict(
            fc6=nn.Linear(256 * 6 * 6, 2048),                                # (N, 2048)
            relu6=nn.ReLU(inplace=True),
            drop6=SlicedDropout(link.rank, dim=1),
            meet7=ExchangeColumns(link, "fc7"),                              # (N, 4096)
            fc7=nn.Linear(4096, 2048),                                       # (N, 2048)
            relu7=nn.ReLU(inplace=True),
            drop7=SlicedDropout(link.rank, dim=1),
            fc8=nn.Linear(2048, num_classes, bias=link.rank == 0),           # (N, num_classes)
            meet8=ExchangeColumns(link, "fc8", add=True),
        ))  # fmt: skip

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(self.features(hang_over_edge(images)).flatten(1))


def split_column(weights: dict[str, Tensor], rank: int) -> dict[str, Tensor]:
    """`AlexNetOriginal`의 파라미터(또는 기울기)에서 `rank`번째 열의 부분을 자릅니다."""
    column = {}
    for name, value in weights.items():
        if name == "classifier.fc8.weight":
            column[name] = value.chunk(2, dim=1)[rank]  # 읽는 유닛을 나눕니다.
        elif name != "classifier.fc8.bias":
            column[name] = value.chunk(2, dim=0)[rank]  # 내는 채널을 나눕니다.
        elif rank == 0:
            column[name] = value
    return column


def join_columns(first: dict[str, Tensor], second: dict[str, Tensor]) -> dict[str, Tensor]:
    """두 열의 파라미터(또는 기울기)를 `AlexNetOriginal`의 모양으로 잇습니다."""
    return {
        name: torch.cat((value, second[name]), dim=int(name == "classifier.fc8.weight"))
        if name in second
        else value
        for name, value in first.items()
    }
