"""드롭아웃이 지우는 출력과, 여러 번 뽑아 평균하면 남는 것을 봅니다."""

import math

import numpy as np
import torch

from course_utils.plotting import OKABE_ITO
from course_utils.widgets.panel import Panel, choice, row, slider
from course_utils.widgets.pictures import GAP_COLOR, add_axes, blank, caption, enlarge, paste, shade

# 방식 → (마스크를 씌우는지, 남길 비율을 몇 번 곱하는지). 논문은 테스트할 때 남길 비율을 곱하고
# (Krizhevsky 2012, §4.2는 0.5), PyTorch는 학습할 때 미리 나누어 테스트할 때 아무것도 하지 않습니다.
MODES = {
    "학습: 역 드롭아웃(PyTorch)": (True, -1),
    "학습: 논문": (True, 0),
    "테스트: PyTorch": (False, 0),
    "테스트: 논문(×남길 비율)": (False, 1),
}
MOST_OUTPUTS, LAST_DRAW = 1024, 50
WIDTH, HEIGHT = 960, 316
GRID, TOP = 212, 38  # 타일 그림의 한 변과 위치
DROPPED = (213, 94, 0)  # OKABE_ITO["vermillion"]


def check_outputs(outputs):
    """1차원 텐서나 배열을 float64 배열로 바꿉니다."""
    outputs = torch.as_tensor(outputs).detach().cpu().double().numpy()
    if outputs.ndim != 1 or not 1 <= len(outputs) <= MOST_OUTPUTS:
        raise ValueError(
            f"출력은 길이 1-{MOST_OUTPUTS:,}의 1차원이어야 하는데 {outputs.shape}이(가) 왔습니다. "
            "이미지 한 장의 출력만 넣으십시오."
        )
    if not np.isfinite(outputs).all() or outputs.min() < 0:
        raise ValueError("출력에 음수나 유한하지 않은 값이 있습니다. ReLU 뒤의 값을 넣으십시오.")
    return outputs


def keep_mask(count, p, *, seed, number):
    """`number`번째로 뽑은 마스크입니다. True인 출력이 남습니다.

    같은 번호면 p를 키울 때 남은 것 가운데에서만 더 지워져서, p의 효과만 볼 수 있습니다.
    """
    return np.random.default_rng([seed, number]).random(count) >= p


def apply_dropout(outputs, keep, p, mode):
    """마스크를 씌우고 크기를 맞춘 출력입니다. 테스트할 때에는 마스크를 쓰지 않습니다."""
    masked, power = MODES[mode]
    return outputs * (keep if masked else 1) * (1 - p) ** power


def expected_outputs(outputs, p, mode):
    """마스크를 끝없이 뽑아 평균한 출력입니다."""
    return outputs * (1 - p) ** sum(MODES[mode])


def tile_picture(values, high, dropped):
    """값의 타일을 되도록 정사각형으로 늘어놓은 그림입니다. 지운 타일은 주홍색입니다."""
    columns = math.ceil(math.sqrt(len(values)))
    cell = GRID // columns
    sheet = np.full((-(-len(values) // columns) * columns, 3), GAP_COLOR, np.uint8)
    # 제곱근을 칠해야 큰 값 하나 때문에 나머지가 모두 검게 보이지 않습니다.
    sheet[: len(values)] = shade(np.sqrt(values), low=0, high=math.sqrt(high))
    sheet[: len(values)][dropped] = DROPPED
    pixels = enlarge(sheet.reshape(-1, columns, 3), cell)
    pixels[::cell] = pixels[:, ::cell] = GAP_COLOR
    return pixels


def draw_dropout(outputs, *, p, draws, mode, seed):
    """지우기 앞과 뒤, 지금까지의 평균을 그리고, 읽어 줄 글과 함께 돌려줍니다."""
    count, training = len(outputs), MODES[mode][0]
    masks = [keep_mask(count, p, seed=seed, number=i) for i in range(draws)]
    after = np.stack([apply_dropout(outputs, mask, p, mode) for mask in masks])
    nothing = np.zeros(count, dtype=bool)
    dropped = ~masks[-1] if training else nothing
    average, expected = after.mean(axis=0), expected_outputs(outputs, p, mode).sum()
    # 세 그림의 흰색이 같은 값이어야 밝기를 비교할 수 있습니다.
    high = max(outputs.max(), after[-1].max(), average.max())
    figure = blank(WIDTH, HEIGHT)
    pictures = (
        ("앞", outputs, nothing),
        (f"뒤: {draws}번째로 뽑은 것", after[-1], dropped),
        (f"{draws}번 뽑은 것의 평균", average, nothing),
    )
    for index, (title, values, marked) in enumerate(pictures):
        caption(figure, title, 20 + 232 * index, 12)
        paste(figure, tile_picture(values, high, marked), 20 + 232 * index, TOP)
    totals = after.sum(axis=1).cumsum() / np.arange(1, len(after) + 1)
    draw_totals(figure, totals, expected, outputs.sum())
    note = " · 주홍색은 지운 출력" if training else ""
    caption(figure, f"검은색 0, 흰색 {write(high)}, 밝기는 제곱근{note}", 20, TOP + GRID + 14)
    parts = [
        f"남은 출력 <b>{count - dropped.sum():,} / {count:,}</b>",
        f"합 <b>{write(outputs.sum())} → {write(after[-1].sum())}</b>",
        f"합의 기댓값 <b>{write(expected)}</b>",
        f"{draws}번 평균한 합 <b>{write(totals[-1])}</b>",
    ]
    return " &nbsp;·&nbsp; ".join(parts), figure


def write(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def draw_totals(figure, totals, expected, before):
    """뽑을수록 합의 평균이 기댓값으로 가는 것을 그립니다. 눈금은 빠르게 그리려고 글로 적습니다."""
    high = 2 * before or 1.0  # 기댓값은 앞의 합을 넘지 않으므로 p를 바꿔도 축이 그대로입니다.
    left, width = 772, 168
    axes = add_axes(figure, left, TOP, width, GRID, xlim=(0, LAST_DRAW), ylim=(0, high))
    axes.set_axis_off()
    axes.plot([0, 0, LAST_DRAW], [high, 0, 0], color="#333333", lw=1.2, clip_on=False)
    for part in (0, 0.5, 1):
        x, y = left + part * width, TOP + (1 - part) * GRID
        caption(figure, write(part * high), left - 6, y, ha="right", va="center", fontsize=11)
        caption(figure, f"{part * LAST_DRAW:.0f}", x, TOP + GRID + 6, ha="center", fontsize=11)
    axes.axhline(expected, color=OKABE_ITO["green"], ls="--", lw=1.6)
    blue = {"color": OKABE_ITO["blue"]}
    axes.plot(np.arange(1, len(totals) + 1), np.minimum(totals, high), **blue)
    axes.plot(len(totals), min(totals[-1], high), "o", clip_on=False, **blue)
    caption(figure, "합의 평균", 736, 8, **blue)
    caption(figure, "기댓값(점선)", 830, 8, color=OKABE_ITO["green"])
    caption(figure, "뽑은 횟수", 856, HEIGHT - 28, ha="center")


def dropout_masks(outputs, *, seed=0):
    """지우는 비율과 방식을 바꾸며 드롭아웃의 앞과 뒤를 보는 `Panel`입니다.

    Args:
        outputs: ReLU를 지난 한 층의 출력. 음수가 없는 길이 1-1,024의 1차원 텐서나 배열.
        seed: 마스크를 뽑는 시드(0 이상). `n`번째 뽑기의 마스크는 언제나 같습니다.
    """
    outputs = check_outputs(outputs)
    controls = {
        "p": slider("지우는 비율", 0.0, 0.9, value=0.5, step=0.1),
        "draws": slider("뽑은 횟수", 1, LAST_DRAW, value=1),
        "mode": choice("방식", MODES),
    }
    return Panel(
        "드롭아웃 마스크",
        controls,
        lambda **values: draw_dropout(outputs, **values, seed=seed),
        alt=f"출력 {len(outputs)}개를 타일로 늘어놓은 세 그림(지우기 앞, 뒤, 여러 번의 평균)과, "
        "합의 평균이 기댓값으로 가는 그래프",
        rows=[row(*controls.values())],
    )
