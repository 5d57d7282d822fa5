"""두 열짜리 AlexNet의 층마다 알려 줄 사실을 모델에서 셉니다."""

from dataclasses import dataclass

import torch
from torch import nn

from course_utils.alexnet import AlexNetOriginal, ColumnLRN
from course_utils.anatomy import Layer, dissect

COLUMNS = 2  # GPU 두 개 (Krizhevsky 2012, §3.2)
INPUT_SHAPE = (3, 224, 224)
FOLLOWERS = {"ReLU": "ReLU", "Dropout": "드롭아웃"}  # 앞 층에 붙여 함께 셉니다.
KINDS = {nn.Conv2d: "conv", nn.MaxPool2d: "pool", ColumnLRN: "norm", nn.Linear: "fc"}


@dataclass(frozen=True)
class LayerFacts:
    """층 하나의 사실입니다. 뒤따르는 ReLU와 드롭아웃까지 함께 셉니다.

    `reads`는 이 층이 읽는 것입니다: `"input"`(입력 이미지), `"own"`(자기 열), `"both"`(두 열).
    `columns`는 출력이 나뉜 열의 수입니다.
    """

    module: nn.Module
    parts: tuple[Layer, ...]
    reads: str
    columns: int

    @property
    def name(self) -> str:
        return self.parts[0].name

    @property
    def kind(self) -> str:
        return KINDS[type(self.module)]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.parts[0].output_shape

    @property
    def followers(self) -> list[str]:
        return [FOLLOWERS[part.kind] for part in self.parts[1:]]

    @property
    def parameters(self) -> int:
        return sum(part.parameters for part in self.parts)

    @property
    def macs(self) -> int:
        return sum(part.macs for part in self.parts)

    @property
    def activations(self) -> int:
        return sum(part.activations for part in self.parts)

    def training_bytes(self, batch_size: int) -> int:
        return sum(part.training_bytes(batch_size) for part in self.parts)


def original_without_weights() -> AlexNetOriginal:
    """모양만 있는 `AlexNetOriginal`입니다. 메모리도 노트북의 난수도 쓰지 않습니다."""
    with torch.random.fork_rng(devices=[]), torch.device("meta"):
        return AlexNetOriginal()


def collect_facts(model: nn.Module) -> list[LayerFacts]:
    """모델을 한 번 실행해 층마다 `LayerFacts`를 만듭니다.

    Raises:
        ValueError: 합성곱, 최대 풀링, `ColumnLRN`, `Linear`, ReLU, 드롭아웃이 아닌 층이 있을 때.
    """
    modules = {name.rpartition(".")[2]: module for name, module in model.named_modules()}
    groups: list[list[Layer]] = []
    for layer in dissect(model, INPUT_SHAPE):
        if layer.kind in FOLLOWERS and groups:
            groups[-1].append(layer)
        elif type(modules[layer.name]) in KINDS:
            groups.append([layer])
        else:
            raise ValueError(
                f"{layer.name}({layer.kind})은(는) 그릴 줄 모르는 층입니다. "
                "AlexNetOriginal처럼 합성곱, 최대 풀링, LRN, 완전 연결로 된 모델을 주십시오."
            )
    facts = []
    for index, parts in enumerate(groups):
        module = modules[parts[0].name]
        source = "both" if mixes_columns(module) else "own"
        # 마지막 층은 하나의 소프트맥스로 이어져 나누지 않습니다 (Krizhevsky 2012, Fig. 2).
        columns = 1 if index == len(groups) - 1 else COLUMNS
        facts.append(LayerFacts(module, tuple(parts), source if index else "input", columns))
    return facts


def mixes_columns(module: nn.Module) -> bool:
    """출력 하나하나가 두 열의 입력을 모두 읽는 층이면 참입니다."""
    if isinstance(module, nn.Conv2d):
        return module.groups == 1
    if isinstance(module, ColumnLRN):
        return module.columns == 1
    return isinstance(module, nn.Linear)  # 풀링은 채널마다 따로 합니다.


def parameter_formula(module: nn.Module) -> str:
    """파라미터 수를 셈하는 식입니다. 예: `2 × (128 × 48 × 5 × 5 + 128)`. 없으면 빈 글입니다."""
    if getattr(module, "weight", None) is None:
        return ""
    groups = getattr(module, "groups", 1)
    outputs, *rest = module.weight.shape
    terms = " × ".join(f"{size:,}" for size in (outputs // groups, *rest))
    if module.bias is not None:
        terms += f" + {outputs // groups:,}"
    return terms if groups == 1 else f"{groups} × ({terms})"


def mac_formula(facts: LayerFacts) -> str:
    """곱셈 수를 셈하는 식입니다: 가중치마다 출력의 자리 수만큼 곱합니다. 없으면 빈 글입니다."""
    if getattr(facts.module, "weight", None) is None:
        return ""
    places = " × ".join(map(str, facts.shape[1:] or (1,)))
    return f"가중치 {facts.module.weight.numel():,}개 × {places}자리"
