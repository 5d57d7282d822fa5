"""적은 에폭에 많이 배우는 최적화 방법 Muon(K. Jordan 등, 2024)입니다. `accuracy.py`가 씁니다.

`torch.optim.Muon`은 2차원 가중치만 받으므로, 합성곱의 커널을 행렬로 펴서 같은 일을 합니다.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

QUINTIC = 3.4445, -4.7750, 2.0315  # 다섯 번이면 특잇값이 0.7-1.2로 모이는 다항식의 계수


def orthogonalize(matrix: Tensor, *, steps: int = 5) -> Tensor:
    """특이 벡터는 그대로 두고 특잇값을 1 가까이로 바꿉니다(뉴턴-슐츠 반복)."""
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    a, b, c = QUINTIC
    x = wide / (wide.norm() + 1e-7)
    for _ in range(steps):
        square = x @ x.T
        both = torch.addmm(square, square, square, beta=b, alpha=c)  # b·S + c·S²
        x = torch.addmm(x, both, x, beta=a)  # a·X + (b·S + c·S²)·X
    return x if wide is matrix else x.T


class Muon(torch.optim.Optimizer):
    """관성 있는 SGD인데, 가중치는 갱신을 직교 행렬에 가깝게 바꾸어 모든 방향으로 고르게 움직입니다.

    편향은 네스테로프 관성의 SGD 그대로입니다.
    """

    def __init__(self, parameters: Iterable, lr: float, momentum: float = 0.95) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            lr, momentum = group["lr"], group["momentum"]
            for parameter in group["params"]:
                state = self.state[parameter]
                average = state.setdefault("average", torch.zeros_like(parameter))
                average.mul_(momentum).add_(parameter.grad)
                update = parameter.grad.add(average, alpha=momentum)
                if parameter.ndim > 1:
                    matrix = orthogonalize(update.flatten(1))
                    tall = max(1.0, matrix.shape[0] / matrix.shape[1])
                    update = tall**0.5 * matrix.view_as(parameter)
                parameter.add_(update, alpha=-lr)
