"""첫 층의 커널을 하나씩 골라, 어떤 무늬이고 사진의 어디에 반응하는지 봅니다."""

import html

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from course_utils.plotting import OKABE_ITO
from course_utils.widgets.panel import Panel, choice, row, slider
from course_utils.widgets.pictures import blank, caption, enlarge, frame, outline, paste, shade

COLOR, LUMINANCE = "색", "밝기만"
WIDTH, HEIGHT = 960, 432
TOP = 36
TILES = (444, 384)  # 커널을 늘어놓는 자리의 너비와 높이
BIG, MAP = 165, 275  # 크게 보는 커널과 사진, 반응 맵의 한 변
BIG_LEFT, MAP_LEFT = 486, 672
MARGIN = 2  # 타일 둘레의 흰 틈
TILES_LEFT = 20 - MARGIN


def check_kernels(kernels):
    """`(K, 3, k, k)` 텐서나 배열을 float32 배열로 바꿉니다."""
    kernels = torch.as_tensor(kernels).detach().cpu().float().numpy()
    shape = kernels.shape
    if len(shape) == 4 and shape[0] and shape[1] == 3 and shape[2] == shape[3] > 0:
        return kernels
    raise ValueError(
        f"커널은 (K, 3, k, k)여야 하는데 {shape}이(가) 왔습니다. "
        "컬러 입력을 받는 첫 합성곱의 weight를 넣으십시오."
    )


def centered(photo):
    """`(H, W, 3)` uint8 사진을 0-1로 바꾸고 채널마다 이 사진의 평균을 뺍니다.

    2012년에는 학습 이미지 전체의 평균을 뺐지만(Krizhevsky 2012, §2) 여기에는 그것이 없습니다.
    """
    if photo.ndim != 3 or photo.shape[2] != 3 or photo.dtype != np.uint8:
        raise ValueError(
            f"사진은 uint8 (H, W, 3)이어야 하는데 {photo.dtype} {photo.shape}이(가) 왔습니다."
        )
    pixels = photo.astype(np.float32) / 255
    return pixels - pixels.mean(axis=(0, 1))


def respond(pixels, kernel, stride):
    """커널 `(3, k, k)`가 `(H, W, 3)`에 반응한 맵입니다. 패딩도 편향도 없고, 뒤집지 않습니다."""
    (height, width), side = pixels.shape[:2], kernel.shape[-1]
    if min(height, width) < side:
        raise ValueError(f"사진({height}×{width})이 커널({side}×{side})보다 작습니다.")
    planes = torch.tensor(pixels).permute(2, 0, 1)[None]
    return F.conv2d(planes, torch.tensor(kernel)[None], stride=stride)[0, 0].numpy()


def luminance_part(kernels):
    """세 채널을 그 평균으로 바꾼 커널입니다. 색의 차이에는 반응하지 않습니다."""
    return np.broadcast_to(kernels.mean(axis=-3, keepdims=True), kernels.shape)


def color_share(kernel):
    """커널의 제곱합에서 색의 비율입니다. 0이면 밝기만, 1이면 색의 차이만 봅니다."""
    total = float((kernel**2).sum())
    return 1 - float((luminance_part(kernel) ** 2).sum()) / total if total else 0.0


def colors_of(kernels, *, scale):
    """가중치 0을 회색으로, `±scale`을 밝고 어두운 끝으로 바꾼 `(..., k, k, 3)` uint8 배열입니다."""
    scale = np.where(scale > 0, scale, 1)
    values = np.moveaxis(np.clip(kernels / scale, -1, 1), -3, -1)
    return (127.5 + 127.5 * values).round().astype(np.uint8)


def tile_grid(count, side):
    """`side`픽셀인 타일 `count`개를 자리에 가장 크게 놓을 때의 (한 줄의 타일 수, 배율)입니다."""

    def zoom(columns):
        cell = min(TILES[0] // columns, TILES[1] // -(-count // columns))
        return max((cell - 2 * MARGIN) // side, 1)

    # 배율이 같으면 마지막 줄까지 채우는 쪽을 고릅니다.
    columns = max(range(1, count + 1), key=lambda c: (zoom(c), count % c == 0, c))
    return columns, zoom(columns)


def tile_sheet(tiles, selected):
    """`(K, k, k, 3)` 타일을 늘어놓고 `selected`번째에 테두리를 두릅니다."""
    count, side = tiles.shape[:2]
    columns, zoom = tile_grid(count, side)
    rows, cell = -(-count // columns), side * zoom + 2 * MARGIN
    cells = np.full((rows * columns, cell, cell, 3), 255, dtype=np.uint8)
    for place, tile in zip(cells, tiles, strict=False):
        place[MARGIN:-MARGIN, MARGIN:-MARGIN] = enlarge(tile, zoom)
    sheet = cells.reshape(rows, columns, cell, cell, 3).swapaxes(1, 2)
    sheet = sheet.reshape(rows * cell, columns * cell, 3)
    style = {"color": OKABE_ITO["vermillion"], "thickness": MARGIN + 1}
    outline(sheet, *divmod(selected, columns), cell=cell, **style)
    return sheet


def fit(pixels, side):
    """긴 변이 `side`를 넘지 않게, 되도록 정수 배로 키웁니다. 넘치면 부드럽게 줄입니다."""
    longest = max(pixels.shape[:2])
    if longest <= side:
        return enlarge(pixels, side // longest)
    height, width = (max(1, round(length * side / longest)) for length in pixels.shape[:2])
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BOX))


def draw_kernel(kernels, photo, *, index, view, stride):
    """고른 커널과 반응 맵을 그리고, 읽어 줄 글과 함께 돌려줍니다."""
    shown = luminance_part(kernels) if view == LUMINANCE else kernels
    # 보기를 바꿔도 자는 그대로여서, 색만 보던 커널은 회색으로 사라집니다.
    tiles = colors_of(shown, scale=np.abs(kernels).max(axis=(1, 2, 3), keepdims=True))
    kernel, pixels = kernels[index], centered(photo)
    response = respond(pixels, shown[index], stride)
    limit = float(np.abs(respond(pixels, kernel, stride)).max()) or 1.0
    figure = blank(WIDTH, HEIGHT)

    def put(title, pixels, left, top=TOP):
        caption(figure, title, left, top - 26)
        paste(figure, pixels, left, top)

    put(f"커널 {len(kernels)}개", tile_sheet(tiles, index), TILES_LEFT)
    put(f"{index}번 커널", frame(fit(tiles[index], BIG)), BIG_LEFT)
    put("사진", frame(fit(photo, BIG)), BIG_LEFT, TOP + BIG + 38)
    rows, columns = response.shape
    gray = frame(fit(shade(response, low=-limit, high=limit), MAP))
    put(f"반응 맵 {rows}×{columns} (스트라이드 {stride})", gray, MAP_LEFT)
    under = TOP + MAP + 16
    steps = np.linspace(-1, 1, MAP)[None].repeat(14, axis=0)
    paste(figure, frame(shade(steps, low=-1, high=1)), MAP_LEFT, under)
    for part, value, align in ((0, -limit, "left"), (0.5, 0, "center"), (1, limit, "right")):
        left = MAP_LEFT + part * (MAP + 2)
        caption(figure, signed(value), left, under + 20, ha=align, fontsize=11)
    note = "흰색 +, 검은색 −, 회색 0 · 편향과 ReLU 앞"
    caption(figure, note, MAP_LEFT, under + 46, fontsize=11)
    parts = [
        f"{index}번 커널({view})",
        f"가장 큰 가중치의 크기 <b>{np.abs(kernel).max():.3g}</b>",
        f"제곱합에서 색의 비율 <b>{100 * color_share(kernel):.0f}%</b>",
        f"가장 센 반응 <b>{signed(response.flat[np.abs(response).argmax()])}</b>",
    ]
    return " &nbsp;·&nbsp; ".join(parts), figure


def signed(value):
    """부호를 붙여 유효 숫자 셋으로 적습니다."""
    return f"{value:+.3g}".replace("-", "−") if abs(value) > 1e-6 else "0"


def kernel_viewer(kernels, photo, *, source, stride=4):
    """첫 층의 커널들과, 고른 커널이 사진에 반응한 맵을 보는 `Panel`입니다.

    Args:
        kernels: `(K, 3, k, k)` 텐서나 배열. 예: conv1의 weight.
        photo: `(H, W, 3)` uint8 배열.
        source: 누구의 커널인지 적은 문장. 그림 위의 글에 보입니다.
        stride: 반응 맵을 셀 때의 스트라이드. AlexNet의 conv1은 4입니다 (Krizhevsky 2012, §3.5).
    """
    kernels, photo = check_kernels(kernels), np.asarray(photo)
    controls = {
        "index": slider("커널", 0, len(kernels) - 1, value=0, width="420px"),
        "view": choice("보기", [COLOR, LUMINANCE]),
    }

    def draw(**values):
        text, figure = draw_kernel(kernels, photo, **values, stride=stride)
        return f"{html.escape(source)}<br>{text}", figure

    panel = Panel(
        "커널 보기",
        controls,
        draw,
        alt=f"첫 층의 커널 {len(kernels)}개를 늘어놓은 타일, 고른 커널을 크게 본 것, 사진, "
        "그 커널이 사진에 반응한 맵",
        rows=[row(*controls.values())],
    )

    def pick(x, y):
        columns, zoom = tile_grid(len(kernels), kernels.shape[-1])
        cell = kernels.shape[-1] * zoom + 2 * MARGIN
        row, column = int((y - TOP) // cell), int((x - TILES_LEFT) // cell)
        if row >= 0 <= column < columns and row * columns + column < len(kernels):
            controls["index"].value = row * columns + column

    panel.names.on_click(pick)
    return panel
