"""C3 연결표를 눌러 바꾸며 파라미터 수를 봅니다 (LeCun 1998, Table I)."""

from functools import partial

import anywidget
import ipywidgets as widgets
import numpy as np
import torch
import traitlets

from course_utils.lenet import C3_TABLE, LeNet5Original
from course_utils.plotting import OKABE_ITO
from course_utils.widgets import STATIC
from course_utils.widgets.panel import Panel, button, row
from course_utils.widgets.pictures import add_axes, blank, caption

INPUTS, OUTPUTS = 6, 16  # S2와 C3의 맵 수 (LeCun 1998, §II-B)


def links_of(table):
    """`lenet.C3_TABLE` 꼴의 표를 6행(S2) × 16열(C3) bool 배열로 바꿉니다."""
    links = np.zeros((INPUTS, len(table)), dtype=bool)
    for output, sources in enumerate(table):
        links[list(sources), output] = True
    return links


def c3_parameters(links):
    """연결마다 5×5 커널 하나, C3 맵마다 편향 하나를 센 파라미터 수입니다."""
    return 25 * int(np.sum(links)) + OUTPUTS


def parameters_without_c3():
    """`LeNet5Original`에서 C3을 뺀 나머지의 학습되는 파라미터 수입니다."""
    with torch.random.fork_rng(devices=[]):  # 노트북의 난수 순서를 건드리지 않습니다.
        model = LeNet5Original()
    del model.features.C3
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def describe(links, rest):
    """연결 수와 파라미터 수를 적은 글입니다. 이어지지 않은 맵이 있으면 그 뜻도 적습니다."""
    links = np.asarray(links, dtype=bool)
    count, total = int(links.sum()), c3_parameters(links)

    def numbers(flags):
        listed = ", ".join(map(str, np.flatnonzero(flags)))
        return "모든" if flags.all() else f"{listed}번" if listed else ""

    lines = [
        f"연결 <b>{count} / {links.size}</b> &nbsp;·&nbsp; C3 파라미터 "
        f"25 × {count} + {OUTPUTS} = <b>{total:,}</b>"
        f" &nbsp;·&nbsp; 신경망 전체 {rest:,} + {total:,} = <b>{rest + total:,}</b>"
    ]
    if lonely := numbers(~links.any(axis=0)):
        lines.append(
            f"C3의 {lonely} 맵: 연결이 없어 편향만 남았고, 무엇이 들어와도 같은 값을 냅니다."
        )
    if unused := numbers(~links.any(axis=1)):
        lines.append(f"S2의 {unused} 맵: 바라보는 C3 맵이 없어 아무 데도 쓰이지 않습니다.")
    return "<br>".join(lines)


def draw_table(links, rest):
    """연결표를 그린 Figure입니다. 논문의 Table I처럼 행이 S2, 열이 C3입니다."""
    links = np.asarray(links, dtype=bool)
    figure = blank(760, 364)
    caption(figure, "C3의 각 맵이 바라보는 S2의 맵 (● = 연결)", 84, 14, fontsize=15)
    axes = add_axes(figure, 84, 90, 640, 216)
    right, bottom = OUTPUTS - 0.5, INPUTS - 0.5
    axes.set(xlim=(-0.5, right), xticks=range(OUTPUTS))
    axes.set(ylim=(bottom, -0.5), yticks=range(INPUTS), ylabel="S2 맵")
    axes.set_title("C3 맵", fontsize=13, pad=3)
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
    axes.hlines(np.arange(INPUTS + 1) - 0.5, -0.5, right, color="#bbbbbb", lw=1)
    axes.vlines(np.arange(OUTPUTS + 1) - 0.5, -0.5, bottom, color="#bbbbbb", lw=1)
    rows, columns = np.nonzero(links)
    axes.scatter(columns, rows, s=300, color=OKABE_ITO["blue"])
    total = c3_parameters(links)
    text = f"연결 {links.sum()} / {links.size}  ·  C3 파라미터 {total:,}  ·  전체 {rest + total:,}"
    caption(figure, text, 84, 324, fontsize=13)
    return figure


class ConnectionGrid(anywidget.AnyWidget):
    """6×16 칸을 눌러 켜고 끄는 표입니다. 화살표로 옮기고 스페이스로 바꿀 수도 있습니다."""

    value = traitlets.List(traitlets.List(traitlets.Bool())).tag(sync=True)

    @traitlets.validate("value")
    def _same_shape(self, proposal):
        if [len(row) for row in proposal.value] != [OUTPUTS] * INPUTS:
            raise traitlets.TraitError("6×16 칸의 표여야 합니다.")
        return proposal.value

    def __repr__(self):
        return "<위젯: C3 연결표의 칸>"

    _esm = STATIC / "connections.js"
    _css = STATIC / "connections.css"


def c3_table():
    """C3 연결표를 눌러 바꾸는 `Panel`입니다. 논문의 표에서 시작합니다."""
    rest = parameters_without_c3()
    grid = ConnectionGrid(value=links_of(C3_TABLE).tolist())
    presets = {
        "논문의 표": grid.value,
        "모두 연결": [[True] * OUTPUTS] * INPUTS,
        "모두 끊기": [[False] * OUTPUTS] * INPUTS,
    }
    buttons = [button(name, partial(setattr, grid, "value", links))
               for name, links in presets.items()]  # fmt: skip
    return Panel(
        "C3 연결표",
        {"links": grid},
        lambda links: describe(links, rest),
        alt="LeCun 1998 Table I의 C3 연결표: 행은 S2의 맵 6개, 열은 C3의 맵 16개, 점은 연결",
        rows=[row(*buttons), widgets.Box([grid])],
        static=lambda links: draw_table(links, rest),
    )
