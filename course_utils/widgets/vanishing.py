"""깊은 모델의 층마다 기울기가 얼마나 남는지 봅니다. 학습 전의 모델에 한 번 흘려 보내 측정합니다."""

from functools import cache, partial
from itertools import pairwise

import numpy as np
import torch
from matplotlib.lines import Line2D
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.plotting import OKABE_ITO, mark_powers
from course_utils.widgets.activation import scientific
from course_utils.widgets.panel import Panel, choice, row, slider
from course_utils.widgets.pictures import add_axes, blank, caption

ACTIVATIONS = {"시그모이드": torch.sigmoid, "tanh": torch.tanh, "ReLU": torch.relu}
STYLES = {"시그모이드": ("vermillion", "o"), "tanh": ("blue", "s"), "ReLU": ("green", "^")}
INITS = {
    "N(0, 0.01)": partial(nn.init.normal_, std=0.01),  # Krizhevsky 2012, §5
    "PyTorch 기본값": None,
    "Xavier": nn.init.xavier_normal_,  # Glorot, Bengio 2010
    "He": partial(nn.init.kaiming_normal_, nonlinearity="relu"),  # He 등 2015
}
WEIGHTS, SIGNALS = QUANTITIES = "가중치의 기울기", "전해진 기울기"
NUM_UNITS = 64  # 숨은 층의 너비
WIDTH, HEIGHT = 820, 380


def build_chain(num_inputs: int, num_classes: int, *, depth: int, init: str, seed: int):
    """완전 연결 층 `depth`개입니다. float64여서 아주 작은 기울기도 0이 되지 않습니다."""
    if init not in INITS:
        raise ValueError(f"초깃값은 {', '.join(INITS)} 가운데 하나여야 하는데 {init!r}입니다.")
    sizes = [num_inputs, *[NUM_UNITS] * (depth - 1), num_classes]
    with torch.random.fork_rng(devices=[]):  # 노트북의 난수 순서를 건드리지 않습니다.
        torch.manual_seed(seed)
        layers = [nn.Linear(a, b) for a, b in pairwise(sizes)]
        if INITS[init] is not None:
            for layer in layers:
                INITS[init](layer.weight)
                nn.init.zeros_(layer.bias)
    return nn.ModuleList(layers).double()


def gradient_norms(
    inputs: Tensor, labels: Tensor, *, activation: str, depth: int, init: str, seed: int = 0
) -> dict[str, np.ndarray]:
    """층별 기울기의 크기 `{"가중치의 기울기": (depth,), "전해진 기울기": (depth,)}`입니다.

    Args:
        inputs: `(N, …)`. 한 줄로 펴서 첫 층에 넣습니다.
        activation: 숨은 층의 활성 함수. 마지막 층에는 없고, 손실은 교차 엔트로피입니다.

    앞의 것은 ‖∂L/∂W‖로 갱신의 크기를 정하고, 뒤의 것은 층의 가중합에 대한 ‖∂L/∂z‖로 역전파가 그
    층까지 전한 양입니다. 앞의 것은 뒤의 것에 그 층의 입력을 곱한 것입니다.
    """
    x = inputs.flatten(1).double()
    layers = build_chain(x.shape[1], int(labels.max()) + 1, depth=depth, init=init, seed=seed)
    sums = []
    for layer in layers:
        if sums:
            x = ACTIVATIONS[activation](x)
        x = layer(x)
        x.retain_grad()
        sums.append(x)
    F.cross_entropy(x, labels).backward()
    return {
        WEIGHTS: np.array([layer.weight.grad.norm().item() for layer in layers]),
        SIGNALS: np.array([z.grad.norm().item() for z in sums]),
    }


def all_norms(inputs, labels, *, depth, init, quantity) -> dict[str, np.ndarray]:
    """활성 함수별 기울기 크기 `(depth,)`입니다."""
    return {
        name: gradient_norms(inputs, labels, activation=name, depth=depth, init=init)[quantity]
        for name in ACTIVATIONS
    }


def describe(norms: dict[str, np.ndarray]) -> str:
    """첫 층에 남은 기울기가 마지막 층의 몇 배인지 적은 글입니다."""
    parts = [
        f"{name} <b>{scientific(values[0] / values[-1]) if values[-1] else 0}</b>배"
        for name, values in norms.items()
    ]
    return "첫 층의 기울기는 마지막 층의: " + " &nbsp;·&nbsp; ".join(parts)


def draw_norms(norms: dict[str, np.ndarray], *, quantity: str):
    """층 번호에 따른 기울기의 크기를 로그 축에 그린 Figure입니다."""
    figure = blank(WIDTH, HEIGHT)
    depth = len(next(iter(norms.values())))
    axes = add_axes(figure, 88, 16, 560, 300, xlim=(0.6, depth + 0.4), yscale="log")
    for place, (name, values) in enumerate(norms.items()):
        color, marker = STYLES[name]
        style = {"marker": marker, "color": OKABE_ITO[color], "markersize": 6}
        axes.plot(range(1, depth + 1), np.where(values > 0, values, np.nan), **style)
        # 범례를 짜 맞추는 legend는 느려서 손수 놓습니다.
        y = 1 - (34 + 26 * place) / HEIGHT
        figure.add_artist(Line2D([0.82, 0.838, 0.856], [y] * 3, markevery=[1], **style))
        caption(figure, name, 720, 34 + 26 * place, va="center")
    positive = np.concatenate([values[values > 0] for values in norms.values()])
    axes.set_ylim(min(1e-6, positive.min() / 5), max(10, 5 * positive.max()))
    axes.set(xlabel="층 (1이 입력 쪽)", ylabel=f"{quantity}의 크기")
    axes.xaxis.get_major_locator().set_params(integer=True)
    mark_powers(axes.yaxis)
    return figure


def vanishing_gradients(inputs: Tensor, labels: Tensor) -> Panel:
    """깊이와 초깃값을 바꾸며 세 활성 함수의 층별 기울기를 비교하는 `Panel`입니다."""
    controls = {
        "depth": slider("층 수", 2, 20, value=10),
        "init": choice("초깃값", sorted(INITS, key="PyTorch 기본값".__ne__)),
        "quantity": choice("측정할 것", QUANTITIES),
    }

    measured = cache(partial(all_norms, inputs, labels))  # 되돌아온 조작은 다시 측정하지 않습니다.

    def draw(**values):
        norms = measured(**values)
        return describe(norms), draw_norms(norms, quantity=values["quantity"])

    return Panel(
        "층별 기울기",
        controls,
        draw,
        alt="층 번호에 따른 기울기의 크기를 로그 축에 그린 세 곡선: 시그모이드, tanh, ReLU",
        rows=[row(*controls.values())],
    )
