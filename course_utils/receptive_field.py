"""합성곱을 쌓았을 때 출력 한 칸이 보는 입력의 넓이(수용 영역)와 파라미터를 셉니다."""

from collections.abc import Sequence


def receptive_fields(layers: Sequence[tuple[int, int]]) -> list[int]:
    """층마다, 그 출력 한 칸이 보는 입력의 한 변입니다. 첫 값은 입력 자신인 1입니다.

    Args:
        layers: 합성곱이나 풀링의 `(커널, 스트라이드)`. 입력에 가까운 것부터 적습니다.

    한 층을 더할 때마다 `(커널 − 1) × 지금까지의 스트라이드의 곱`만큼 넓어집니다.
    """
    sizes, jump = [1], 1
    for kernel, stride in layers:
        if kernel < 1 or stride < 1:
            raise ValueError(f"커널과 스트라이드는 1 이상이어야 하는데 ({kernel}, {stride})입니다.")
        sizes.append(sizes[-1] + (kernel - 1) * jump)
        jump *= stride
    return sizes


def stack_depth(kernel: int, small: int) -> int:
    """스트라이드 1인 `small`×`small` 합성곱을 몇 개 쌓아야 `kernel`×`kernel`만큼 보는지입니다."""
    return -(-(kernel - 1) // (small - 1))


def stack_parameters(
    kernel: int, depth: int, *, channels: int, in_channels: int | None = None
) -> int:
    """`kernel`×`kernel` 합성곱 `depth`개의 파라미터 수입니다(편향 포함).

    출력 채널은 모두 `channels`이고, 첫 층의 입력 채널은 `in_channels`(없으면 `channels`)입니다.
    """
    inputs = [channels if in_channels is None else in_channels] + [channels] * (depth - 1)
    return sum(kernel * kernel * before * channels + channels for before in inputs[:depth])
