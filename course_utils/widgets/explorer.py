"""2012년 AlexNet의 층을 하나씩 눌러 크기, 파라미터, 곱셈 수, 메모리를 봅니다."""

from dataclasses import dataclass

import torch
from torch import nn

from course_utils.alexnet import AlexNetOriginal, ColumnLRN
from course_utils.anatomy import Layer, dissect
from course_utils.plotting import OKABE_ITO
from course_utils.widgets.layer_map import HEIGHT, LEFT, RIGHT, WIDTH, LayerMap, arrange, draw_scene
from course_utils.widgets.panel import Panel
from course_utils.widgets.pictures import blank, caption, draw_bars

COLUMNS = 2  # GPU 두 개 (Krizhevsky 2012, §3.2)
INPUT_SHAPE = (3, 224, 224)
FOLLOWERS = {"ReLU": "ReLU", "Dropout": "드롭아웃"}  # 앞 층에 붙여 함께 셉니다.
KINDS = {nn.Conv2d: "conv", nn.MaxPool2d: "pool", ColumnLRN: "norm", nn.Linear: "fc"}
BARS_HEIGHT = 272
MEGA = 1_000_000
KIND_NAMES = {"conv": "합성곱", "pool": "최대 풀링", "fc": "완전 연결",
              "norm": "지역 응답 정규화(LRN)"}  # fmt: skip


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

    def total(self, what: str) -> int:
        """`parameters`, `macs`, `activations` 가운데 하나를 더한 것입니다."""
        return sum(getattr(part, what) for part in self.parts)

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
    for parts in groups:
        module = modules[parts[0].name]
        source = "input" if not facts else "both" if mixes_columns(module) else "own"
        # 마지막 층은 하나의 소프트맥스로 이어져 나누지 않습니다 (Krizhevsky 2012, Fig. 2).
        columns = 1 if parts is groups[-1] else COLUMNS
        facts.append(LayerFacts(module, tuple(parts), source, columns))
    return facts


def mixes_columns(module: nn.Module) -> bool:
    """출력 하나하나가 두 열의 입력을 모두 읽는 층이면 참입니다. 풀링은 채널마다 따로 합니다."""
    if isinstance(module, nn.Conv2d):
        return module.groups == 1
    return isinstance(module, nn.Linear) or getattr(module, "columns", COLUMNS) == 1


def formulas(one: LayerFacts) -> tuple[str, str]:
    """파라미터 수와 곱셈 수를 셈하는 식입니다. 학습하는 가중치가 없으면 둘 다 빈 글입니다.

    예: `2 × (128 × 48 × 5 × 5 + 128)`, `가중치 307,200개 × 27 × 27자리`.
    """
    weight = getattr(one.module, "weight", None)
    if weight is None:
        return "", ""
    groups = getattr(one.module, "groups", 1)
    outputs = weight.shape[0] // groups
    terms = " × ".join(f"{size:,}" for size in (outputs, *weight.shape[1:]))
    terms += "" if one.module.bias is None else f" + {outputs:,}"
    places = " × ".join(map(str, one.shape[1:] or (1,)))
    return (
        terms if groups == 1 else f"{groups} × ({terms})",
        f"가중치 {weight.numel():,}개 × {places}자리",
    )


def map_layers(facts):
    """`arrange`와 `LayerMap`에 넘길 사전들입니다."""
    layers = []
    for one in facts:
        channels = [one.shape[0] // one.columns] * one.columns
        reads = "두 열을 모두 읽음" if one.reads == "both" else "다른 열은 읽지 않음"
        told = " 더하기 ".join(map(str, channels))
        layers.append({
            "name": one.name, "kind": one.kind, "channels": channels,
            "side": one.shape[-1] if len(one.shape) > 1 else 1,
            "reads_both": one.reads == "both",
            "label": f"{one.name} {KIND_NAMES[one.kind]}, 채널 {told}, {reads}",
        })  # fmt: skip
    return layers


def describe(facts, name, *, batch_size):
    """고른 층의 사실을 적은 HTML 표입니다."""
    index = [one.name for one in facts].index(name)
    here, before = facts[index], facts[index - 1]
    around = ["입력 이미지", *(one.name for one in facts), "소프트맥스"]
    followers = [FOLLOWERS[part.kind] for part in here.parts[1:]]
    kept = [FOLLOWERS[part.kind] for part in here.parts[1:] if part.activations]
    extra = f" ({', '.join(kept)}의 출력도 따로 담아 둡니다)" if kept else ""
    size = here.training_bytes(batch_size)
    whole = sum(one.training_bytes(batch_size) for one in facts)
    rows = {
        "출력": _shape(here),
        "읽는 것": _sources(here, before),
    }
    titles = {"파라미터": "parameters", "곱셈 수(MAC)": "macs"}
    for (head, what), formula in zip(titles.items(), formulas(here), strict=True):
        value, total = here.total(what), sum(one.total(what) for one in facts)
        share = f"<b>{value:,}</b> (전체 {total:,}의 {100 * value / total:.1f}%)"
        rows[head] = f"{formula} = {share}" if formula else "0 (학습하는 가중치가 없습니다)"
    rows |= {
        "활성화": f"이미지 한 장에 <b>{here.total('activations'):,}</b>개{extra}",
        "메모리": f"배치 {batch_size}의 학습 한 스텝에 적어도 <b>{size / MEGA:,.1f} MB</b>"
        f" (전체 {whole / MEGA:,.0f} MB의 {100 * size / whole:.1f}%)",
        "앞과 뒤": f"{around[index]} → <b>{name}</b> → {around[index + 2]}",
    }
    title = " → ".join([_settings(here), *followers])
    cell = "text-align:left;vertical-align:top;font-size:15px;line-height:1.5;padding:0 1em 0 0;"
    lines = "".join(
        f'<tr><th scope="row" style="{cell}white-space:nowrap;">{head}</th>'
        f'<td style="{cell}">{text}</td></tr>'
        for head, text in rows.items()
    )
    return f'<div style="font-size:17px"><b>{name}</b> &nbsp; {title}</div><table>{lines}</table>'


def _settings(here):
    name, module = KIND_NAMES[here.kind], here.module
    if here.kind == "norm":
        return f"{name}: 이웃한 {module.size}개 채널"
    if here.kind == "fc":
        return f"{name}: 입력 {module.in_features:,}개"
    size, stride, padding = (
        value[0] if isinstance(value, tuple) else value
        for value in (module.kernel_size, module.stride, module.padding)
    )
    return f"{name} {size}×{size}, 스트라이드 {stride}, 패딩 {padding}"


def _shape(here):
    channels, *sides = here.shape
    rest = "".join(f" × {side}" for side in sides) or "개"
    whole, part = f"<b>{channels:,}{rest}</b>", f"{channels // here.columns:,}{rest}"
    if here.columns == 1:
        return f"{whole} (열로 나누지 않고 한곳에 모읍니다)"
    return f"{whole} = {here.columns}열 × {f'({part})' if sides else part}"


def _sources(here, before):
    """그림의 선과 같은 색을 바탕에 칠한 글입니다. 두 테마에서 모두 읽힙니다."""
    background, color, text = {
        "input": ("#555555", "white", "입력 이미지를 읽습니다: 두 GPU가 같은 이미지를 받습니다"),
        "own": (OKABE_ITO["blue"], "white", "자기 열의 맵만 읽습니다"),
        "both": (OKABE_ITO["vermillion"], "black",
                 "두 열을 모두 읽습니다: 여기서 GPU가 값을 주고받습니다"),
    }[here.reads]  # fmt: skip
    style = f"background:{background};color:{color};padding:1px 8px;border-radius:4px"
    badge = f'<b style="{style}">{text}</b>'
    if here.reads == "input":
        return badge
    channels, *sides = before.shape
    share = "모두" if here.reads == "both" else f"가운데 {channels // before.columns:,}개"
    return f"{badge} {before.name}의 {'맵' if sides else '유닛'} {channels:,}개 {share}"


def draw_shares(figure, facts, name, *, batch_size, top=0):
    """층별 파라미터, 곱셈 수, 메모리를 세 줄의 막대로 그립니다. 고른 층만 색이 다릅니다."""
    names = [one.name for one in facts]
    rows = {
        "파라미터\n(백만 개)": ([one.total("parameters") / MEGA for one in facts], 2),
        "곱셈 수\n(백만 번)": ([one.total("macs") / MEGA for one in facts], 1),
        f"메모리(MB)\n배치 {batch_size}": (
            [one.training_bytes(batch_size) / MEGA for one in facts], 0
        ),
    }  # fmt: skip
    place = {"left": LEFT, "width": RIGHT - LEFT, "height": 52, "best": names.index(name)}
    for row, (title, (values, digits)) in enumerate(rows.items()):
        floor = top + 76 + 84 * row
        caption(figure, title, 8, floor - 44, fontsize=11, linespacing=1.4)
        draw_bars(figure, values, **place, top=floor - 52, top_value=max(values), digits=digits,
                  names=names if row == len(rows) - 1 else None)  # fmt: skip


def architecture_explorer(model=None, *, batch_size=128):
    """층을 눌러 보는 `AlexNetOriginal`의 구조도 `Panel`입니다.

    Args:
        model: `(3, 224, 224)`를 받는 두 열짜리 모델. 없으면 `AlexNetOriginal`입니다.
        batch_size: 메모리를 셈할 배치의 크기. 논문은 128입니다 (Krizhevsky 2012, §5).
    """
    facts = collect_facts(model if model is not None else original_without_weights())
    layers = map_layers(facts)
    layer_map = LayerMap(layers, arrange(layers))

    def draw(name):
        figure = blank(WIDTH, BARS_HEIGHT)
        draw_shares(figure, facts, name, batch_size=batch_size)
        return describe(facts, name, batch_size=batch_size), figure

    def draw_all(name):
        figure = blank(WIDTH, HEIGHT + BARS_HEIGHT)
        draw_scene(figure, layer_map.scene, name)
        draw_shares(figure, facts, name, batch_size=batch_size, top=HEIGHT)
        return figure

    both = ", ".join(one.name for one in facts if one.reads == "both")
    return Panel(
        "AlexNet 구조 살펴보기",
        {"name": layer_map},
        draw,
        alt=f"2012년 AlexNet의 구조: GPU 두 개에 나눈 두 열이 나란히 가고 {both}만 두 열을 모두 "
        "읽습니다. 아래 막대는 층별 파라미터, 곱셈 수, 학습 메모리입니다.",
        static=draw_all,
    )
