"""AlexNet의 데이터 증강(자르기, 뒤집기, 색)을 사진 한 장에 손으로 적용합니다."""

import torch
from ipywidgets import Checkbox, Layout
from torch.nn import functional as F

from course_utils.augmentation import color_noise, random_crops, random_flips, shift_colors
from course_utils.widgets.kernels import fit
from course_utils.widgets.panel import Panel, choice, row, slider
from course_utils.widgets.pictures import blank, caption, frame, paste

STRENGTHS = {"논문 (α = 0.1)": 0.1, "10배로 과장": 1.0}  # 이름 → α의 표준편차
PAPER = next(iter(STRENGTHS))
PADDING = 4
SAMPLES = 8
ORDINALS = ("첫째", "둘째", "셋째")
BIG, SMALL, BAR = 288, 104, 300  # 288은 32와 96의 배수입니다.


def check_photo(photo):
    """`(3, H, W)`의 0-1 실수 텐서인지 확인하고 float32로 바꿉니다."""
    if not isinstance(photo, torch.Tensor) or not photo.is_floating_point():
        raise ValueError("사진은 0-1의 실수 텐서여야 합니다. uint8이면 255로 나누십시오.")
    shape = tuple(photo.shape)
    # 거울처럼 늘리려면 한 변이 여백보다 길어야 합니다.
    if len(shape) != 3 or shape[0] != 3 or not PADDING < min(shape[1:]) <= max(shape) <= 128:
        raise ValueError(f"사진은 (3, H, W)이고 한 변이 5-128여야 하는데 {shape}이(가) 왔습니다.")
    photo = photo.detach().cpu().float()
    if not bool(((photo >= 0) & (photo <= 1)).all()):
        raise ValueError("사진의 값은 0-1이어야 합니다. 정규화하기 전의 사진을 넣으십시오.")
    return photo


def added_color(axes, amounts, strength):
    """모든 픽셀에 더하는 RGB `(3,)`입니다. `amounts`는 α의 표준편차를 1로 센 양 셋입니다."""
    alpha = STRENGTHS[strength] * torch.tensor([amounts], dtype=torch.float32)
    return shift_colors(torch.zeros(1, 3, 1, 1), axes, alpha).flatten()


def transform(photo, color, *, shift_x, shift_y, flip):
    """`(3, H, W)` 사진을 거울처럼 4픽셀 늘려 자르고, 뒤집고, `color`를 더합니다.

    자르는 자리가 오른쪽과 아래로 `shift_x`, `shift_y`만큼 가므로 내용은 왼쪽과 위로 움직입니다.
    """
    height, width = photo.shape[1:]
    padded = F.pad(photo[None], (PADDING,) * 4, mode="reflect")[0]
    top, left = PADDING + shift_y, PADDING + shift_x
    crop = padded[:, top : top + height, left : left + width]
    return (crop.flip(2) if flip else crop) + color[:, None, None]


def random_versions(photo, axes, strength, seed):
    """학습할 때처럼 무작위로 바꾼 사진 8장 `(8, 3, H, W)`입니다."""
    generator = torch.Generator().manual_seed(seed)
    images = random_crops(photo.expand(SAMPLES, -1, -1, -1), padding=PADDING, generator=generator)
    images = random_flips(images, generator=generator)
    return color_noise(images, axes, scale=STRENGTHS[strength], generator=generator)


def to_pixels(photo):
    """`(3, H, W)`를 보여 줄 `(H, W, 3)` uint8로 바꿉니다. 0-1을 넘은 값은 여기에서만 자릅니다."""
    return (photo.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()


def axis_bars(photo, axes):
    """사진의 평균 색에서 주성분마다 표준편차만큼 −에서 +로 간 색의 띠 셋입니다."""
    steps = torch.linspace(-1, 1, BAR)[:, None, None]
    mean = photo.mean(dim=(1, 2))
    colors = mean + steps * (axes[0] * axes[1]).T  # (단계, 주성분, RGB)
    return [to_pixels(colors[:, i].T[:, None].expand(3, 22, BAR)) for i in range(3)]


def augmentation_gallery(photo, axes, *, seed=0):
    """자르는 자리, 뒤집기, 색을 바꾸며 사진이 어떻게 달라지는지 보는 `Panel`입니다.

    Args:
        photo: `(3, H, W)`의 0-1 실수 텐서. 한 변은 5-128.
        axes: `augmentation.color_axes`의 결과. 보통 학습 이미지 전체에서 구합니다.
        seed: 아래에 늘어놓는 8장을 뽑는 시드.

    색의 슬라이더는 α의 표준편차를 1로 셉니다: 논문의 세기에서 1.0은 α = 0.1입니다(§4.1).
    """
    photo = check_photo(photo)
    axes = tuple(part.detach().cpu().float() for part in axes)
    bars = axis_bars(photo, axes)
    spread = ", ".join(f"{255 * value:.1f}" for value in axes[1].tolist())
    # 8장은 세기에만 달려 있으므로 미리 만들어 둡니다.
    strips = {
        name: [fit(to_pixels(image), SMALL) for image in random_versions(photo, axes, name, seed)]
        for name in STRENGTHS
    }
    controls = {
        name: slider(f"{ordinal} 주성분", -3.0, 3.0, value=0.0, step=0.1, width="300px")
        for name, ordinal in zip(("first", "second", "third"), ORDINALS, strict=True)
    }
    controls["shift_x"] = slider("가로 자리", -PADDING, PADDING, value=0, width="300px")
    controls["shift_y"] = slider("세로 자리", -PADDING, PADDING, value=0, width="300px")
    controls["flip"] = Checkbox(
        value=False, description="좌우 뒤집기", indent=False, layout=Layout(width="auto")
    )
    controls["strength"] = choice("색 세기", STRENGTHS)

    def draw(first, second, third, strength, **moves):
        color = added_color(axes, (first, second, third), strength)
        changed = transform(photo, color, **moves)
        pictures = [
            ("원본", fit(to_pixels(photo), BIG), 20, 36),
            ("바꾼 사진", fit(to_pixels(changed), BIG), 326, 36),
            (f"무작위로 바꾼 {SAMPLES}장: {strength}", strips[strength][0], 20, 372),
        ]
        for index, bar in enumerate(bars):
            title = f"{ORDINALS[index]} 주성분 (평균 색 ± 표준편차)"
            pictures.append((title, bar, 632, 36 + 80 * index))
        for index, version in enumerate(strips[strength][1:], start=1):
            pictures.append(("", version, 20 + 115 * index, 372))
        figure = blank(960, 496)
        for title, pixels, left, top in pictures:
            caption(figure, title, left, top - 26)
            paste(figure, frame(pixels), left, top)
        added = ", ".join(f"{255 * value + 0.0:+.1f}" for value in color.tolist())
        return (
            f"모든 픽셀에 더한 (R, G, B) = <b>({added.replace('-', '−')})</b> &nbsp;·&nbsp; "
            f"세 주성분의 표준편차 <b>{spread}</b> (0-255의 단위)"
        ), figure

    parts = list(controls.values())
    return Panel(
        "데이터 증강",
        controls,
        draw,
        alt="원본 사진과 바꾼 사진, 색의 세 주성분을 보이는 띠, 무작위로 바꾼 사진 8장",
        rows=[row(*parts[:3]), row(*parts[3:])],
    )
