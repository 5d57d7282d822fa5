"""이미지를 레이블이 바뀌지 않는 범위에서 변형하는 작은 순수 함수들입니다."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F


def affine(images: Tensor, matrices: Tensor, *, background: float) -> Tensor:
    """이미지마다 아핀 변환을 적용합니다. 바깥에서 들어오는 자리는 `background`로 채웁니다.

    Args:
        images: `(N, C, H, W)`.
        matrices: `(N, 2, 3)`. 출력 좌표에서 입력 좌표로 가는 변환이며, 좌표는 [-1, 1]입니다.
    """
    grid = F.affine_grid(matrices, list(images.shape), align_corners=False)
    moved = F.grid_sample(images - background, grid, align_corners=False)
    return moved + background


def random_affine(
    images: Tensor,
    *,
    shift: float = 1.0,
    scale: float = 0.1,
    squeeze: float = 0.1,
    shear: float = 0.2,
    background: float = -0.1,
    generator: torch.Generator | None = None,
) -> Tensor:
    """LeCun 1998 §III-A의 왜곡(이동, 크기, 가로세로 비율, 가로 기울임)을 무작위로 겹쳐 적용합니다.

    Args:
        images: `(N, C, H, W)`.
        shift: 가로와 세로로 움직이는 최대 픽셀 수.
        scale, squeeze: 배율과 가로세로 비율을 exp(±값)까지 바꿉니다.
        shear: 가로 기울임의 최대 기울기.

    추정: 논문은 왜곡의 종류만 적고 크기는 적지 않았습니다. 기본값은 두 가지 크기를 떼어 둔 학습
    데이터로 비교해 고른 것입니다(docs/가중치.md).
    """
    n, _, height, width = images.shape

    def draw(limit: float) -> Tensor:
        uniform = torch.rand(n, generator=generator, device=images.device)
        return (2 * uniform - 1) * limit

    zoom, ratio = draw(scale).exp(), draw(squeeze).exp()
    slant = draw(shear)
    matrices = images.new_zeros(n, 2, 3)
    matrices[:, 0, 0] = zoom * ratio
    matrices[:, 0, 1] = zoom * ratio * slant
    matrices[:, 1, 1] = zoom / ratio
    matrices[:, 0, 2] = draw(shift) * 2 / width
    matrices[:, 1, 2] = draw(shift) * 2 / height
    return affine(images, matrices, background=background)


def distort(
    images: Tensor,
    *,
    shift_x: float | Tensor = 0.0,
    shift_y: float | Tensor = 0.0,
    rotation: float | Tensor = 0.0,
    scale: float | Tensor = 1.0,
    stroke: float | Tensor = 0.0,
    noise: float | Tensor = 0.0,
    background: float = -0.1,
    seed: int = 0,
) -> Tensor:
    """정해진 만큼 획 굵기, 회전, 크기, 위치를 차례로 바꾸고 잡음을 더합니다.

    값은 하나이거나 이미지마다 하나씩 `(N,)`입니다.

    Args:
        images: `(N, C, H, W)`.
        shift_x, shift_y: 오른쪽과 아래로 움직이는 픽셀 수.
        rotation: 시계 반대 방향 각도(°).
        scale: 배율. 1보다 크면 커집니다.
        stroke: 획의 가장자리를 밖으로(−이면 안으로) 미는 픽셀 수.
        noise: 더하는 정규 잡음의 표준편차. 잡음의 무늬는 `seed`가 같으면 모든 이미지에서 같습니다.
    """
    n, channels, height, width = images.shape

    def each(value: float | Tensor) -> Tensor:
        return torch.as_tensor(value, dtype=images.dtype, device=images.device).expand(n)

    images = change_stroke(images, each(stroke))
    angle, zoom = torch.deg2rad(each(rotation)), each(scale)
    cos, sin = angle.cos() / zoom, angle.sin() / zoom
    x, y = each(shift_x) * 2 / width, each(shift_y) * 2 / height
    # affine은 출력에서 입력으로 가는 변환을 받으므로 거꾸로 돌리고 줄이고 되돌립니다.
    ratio = height / width
    matrices = torch.stack([
        torch.stack([cos, -sin * ratio, -cos * x + sin * ratio * y], dim=1),
        torch.stack([sin / ratio, cos, -sin / ratio * x - cos * y], dim=1),
    ], dim=1)  # fmt: skip
    moved = affine(images, matrices, background=background)
    generator = torch.Generator().manual_seed(seed)
    pattern = torch.randn(1, channels, height, width, generator=generator).to(images)
    return moved + each(noise)[:, None, None, None] * pattern


def change_stroke(images: Tensor, amounts: Tensor) -> Tensor:
    """획을 이미지마다 `amounts` 픽셀만큼 굵게(+) 또는 가늘게(−) 합니다. `amounts`는 `(N,)`입니다.

    3×3 이웃의 최댓값(팽창)이나 최솟값(침식)을 되풀이하고, 정수 사이는 두 결과를 섞습니다.
    """
    weights = amounts.abs()[:, None, None, None]
    thicker = (amounts >= 0)[:, None, None, None]
    current, result = images, images
    for step in range(math.ceil(weights.max().item()) if len(images) else 0):
        grown = F.max_pool2d(current, kernel_size=3, stride=1, padding=1)
        eaten = -F.max_pool2d(-current, kernel_size=3, stride=1, padding=1)
        current = torch.where(thicker, grown, eaten)
        result = torch.lerp(result, current, (weights - step).clamp(0, 1))
    return result


def random_crops(
    images: Tensor, *, padding: int = 4, generator: torch.Generator | None = None
) -> Tensor:
    """둘레를 거울처럼 `padding`픽셀 늘린 뒤, 이미지마다 무작위 자리에서 원래 크기로 자릅니다.

    `(N, C, H, W)` → 같은 모양. 논문은 256×256에서 224×224를 자릅니다(Krizhevsky 2012, §4.1).
    32×32에는 자를 여백이 없어 둘레를 늘립니다.
    """
    n, channels, height, width = images.shape
    padded = F.pad(images, (padding,) * 4, mode="reflect")
    steps = torch.randint(2 * padding + 1, (2, n), generator=generator).to(images.device)
    rows = steps[0, :, None] + torch.arange(height, device=images.device)
    columns = steps[1, :, None] + torch.arange(width, device=images.device)
    which = torch.arange(n, device=images.device)[:, None, None, None]
    plane = torch.arange(channels, device=images.device)[:, None, None]
    return padded[which, plane, rows[:, None, :, None], columns[:, None, None, :]]


def random_flips(images: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
    """이미지마다 반의 확률로 왼쪽과 오른쪽을 뒤집습니다. `(N, C, H, W)` → 같은 모양."""
    flipped = torch.rand(len(images), generator=generator).to(images.device) < 0.5
    return torch.where(flipped[:, None, None, None], images.flip(3), images)


def color_axes(images: Tensor) -> tuple[Tensor, Tensor]:
    """모든 픽셀의 RGB 공분산의 주성분을 구합니다 (Krizhevsky 2012, §4.1).

    `(N, 3, H, W)` → 고유 벡터 `(3, 3)`(열마다 하나)와 표준편차(고윳값의 제곱근) `(3,)`, 큰 것부터.
    """
    pixels = images.transpose(0, 1).flatten(1).double()
    values, vectors = torch.linalg.eigh(pixels.cov())
    deviations = values.clamp(min=0).sqrt()
    # 고유 벡터의 부호는 정해져 있지 않으므로, 합이 양수인 쪽으로 맞춥니다.
    vectors = vectors * torch.where(vectors.sum(dim=0) < 0, -1.0, 1.0)
    return vectors.flip(1).to(images.dtype), deviations.flip(0).to(images.dtype)


def shift_colors(images: Tensor, axes: tuple[Tensor, Tensor], amounts: Tensor) -> Tensor:
    """이미지의 모든 픽셀을 주성분을 따라 `amounts`배의 표준편차만큼 옮깁니다.

    Args:
        axes: `color_axes`의 결과.
        amounts: 이미지마다 주성분별 양 `(N, 3)`. 논문의 α입니다.

    논문의 식은 α에 고윳값 λ를 곱하지만, 그러면 픽셀의 단위(0~1인지 0~255인지)에 따라 세기가
    달라집니다. 2012년 코드의 이름이 `color_stdevs`여서 λ를 표준편차로 읽었습니다(추정).
    """
    vectors, deviations = (part.to(images) for part in axes)
    return images + ((amounts.to(images) * deviations) @ vectors.T)[:, :, None, None]


def color_noise(
    images: Tensor,
    axes: tuple[Tensor, Tensor],
    *,
    scale: float = 0.1,
    generator: torch.Generator | None = None,
) -> Tensor:
    """이미지마다 α ~ N(0, `scale`)을 뽑아 색을 옮깁니다. 0.1은 논문의 값입니다(§4.1)."""
    return shift_colors(images, axes, scale * torch.randn(len(images), 3, generator=generator))


def ten_crops(images: Tensor, *, padding: int = 4) -> Tensor:
    """네 모서리와 가운데, 그리고 각각을 뒤집은 것입니다 (Krizhevsky 2012, §4.1).

    `(N, C, H, W)` → `(10, N, C, H, W)`. `random_crops`처럼 둘레를 늘려서 자릅니다. 4번째(0부터)가
    가운데, 곧 원래 이미지이고 5-9번째가 뒤집은 것입니다.
    """
    height, width = images.shape[2:]
    padded = F.pad(images, (padding,) * 4, mode="reflect")
    last = 2 * padding
    corners = [(0, 0), (0, last), (last, 0), (last, last), (padding, padding)]
    crops = torch.stack([padded[..., y : y + height, x : x + width] for y, x in corners])
    return torch.cat([crops, crops.flip(-1)])
