"""이미지의 모양을 확인하고, 틀렸으면 고치는 방법을 알려 줍니다."""

from torch import Tensor


def check_images(images: Tensor, *, name: str, sides: tuple[int, ...]) -> None:
    """`(N, 3, side, side)`가 아니면 무엇을 고쳐야 하는지 알려 주는 ValueError를 냅니다."""
    shape = tuple(images.shape)
    if images.ndim == 4 and shape[1] == 3 and shape[2] == shape[3] and shape[2] in sides:
        return
    side = sides[0]
    if images.ndim == 3 and shape[0] == 3:
        fix = "이미지 한 장이라면 배치 차원을 더하십시오: images.unsqueeze(0)"
    elif images.ndim == 4 and shape[1] == 1:
        fix = "흑백 이미지는 채널을 셋으로 늘리십시오: images.expand(-1, 3, -1, -1)"
    elif images.ndim == 4 and shape[3] == 3:
        fix = "채널을 앞으로 옮기십시오: images.permute(0, 3, 1, 2)"
    elif images.ndim == 4 and shape[1] == 4:
        fix = "투명도 채널을 빼십시오: images[:, :3]"
    elif images.ndim == 4 and shape[1:] == (3, 224, 224) and side == 227:
        fix = (
            "논문에는 224라고 적혀 있지만, 패딩 없이 내림하면 (224 − 11) / 4 + 1 = 54.25가 54가 "
            "되고 마지막 맵이 6×6이 아니라 5×5가 됩니다. 2012년 코드는 올림해서 55를 얻었습니다. "
            "오른쪽과 아래에 3픽셀을 붙이면 그 결과와 같습니다: F.pad(images, (0, 3, 0, 3))"
        )
    elif images.ndim == 4 and shape[1] == 3:
        fix = f"크기를 맞추십시오: F.interpolate(images, size=({side}, {side}), mode='bilinear')"
    else:
        fix = "(배치, 채널, 높이, 너비) 순서의 4차원 텐서로 바꾸십시오."
    wanted = " 또는 ".join(f"(N, 3, {side}, {side})" for side in sides)
    raise ValueError(f"{name}의 입력은 {wanted}이어야 하는데 {shape}이(가) 왔습니다. {fix}")
