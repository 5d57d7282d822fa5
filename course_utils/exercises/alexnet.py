"""노트북 03의 연습문제: AlexNet. 기대하는 값은 여기서 공식으로 따로 계산합니다."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from course_utils.alexnet import AlexNet
from course_utils.exercises.grading import (
    EMPTY,
    Verdict,
    attempt,
    each_case,
    find_blanks,
    grade,
    random_tensor,
    right,
    wrong,
)

# 층 → (커널, 스트라이드, 패딩). 입력이 227이고 내림으로 셀 때의 AlexNet입니다.
ALEXNET = {
    "conv1": (11, 4, 0), "pool1": (3, 2, 0),
    "conv2": (5, 1, 2), "pool2": (3, 2, 0),
    "conv3": (3, 1, 1), "conv4": (3, 1, 1), "conv5": (3, 1, 1), "pool5": (3, 2, 0),
}  # fmt: skip
ALEXNET_INPUT = 227


def check_alexnet_sizes(answer: dict[str, int | None]) -> Verdict:
    """227×227 입력이 conv1에서 pool5까지 지나며 갖는 한 변의 크기를 층마다 채웠는지 봅니다."""
    answer = {name: answer.get(name) for name in ALEXNET}
    if blanks := find_blanks(answer):
        return blanks
    before = ALEXNET_INPUT
    for name, size in answer.items():
        after = _size_after(before, *ALEXNET[name])
        if size != after:
            return wrong(f"{name}: {_size_hint(size, before, *ALEXNET[name])}")
        before = after
    sizes = " → ".join(map(str, [ALEXNET_INPUT, *answer.values()]))
    return right(f"{sizes}. 앞의 크기가 홀수라서 풀링은 3/2와 2/2가 같은 크기를 냅니다.")


def _size_after(size: int, kernel: int, stride: int, padding: int) -> int:
    return (size + 2 * padding - kernel) // stride + 1


def _size_hint(size: int, before: int, kernel: int, stride: int, padding: int) -> str:
    """바로 앞의 크기가 `before`일 때, 틀린 크기 `size`가 어떤 실수에서 나오는지 말합니다."""
    short = _size_after(before, kernel, stride, padding) - 1
    bare = _size_after(before, kernel, stride, 0)
    if padding:
        check_ends = "패딩을 양쪽에 셌는지, 마지막에 1을 더했는지 보십시오."
        hints = {
            bare: f"패딩이 양쪽에 {padding}픽셀씩 있어 크기가 줄지 않습니다.",
            bare + padding: check_ends,
            short: check_ends,
        }
    elif stride == 4:
        hints = {
            _size_after(before, kernel, stride, 2): "패딩이 없습니다. 2를 넣으면 한 칸 늘어납니다.",
            short: "마지막에 1을 더했는지, 224가 아니라 227을 넣었는지 보십시오.",
        }
    else:
        hints = {
            -(-before // stride): f"{before} / 2를 올렸습니다. K = 3, S = 2를 공식에 넣으십시오.",
            _size_after(before, kernel, 1, 0): "풀링의 스트라이드는 1이 아니라 2입니다.",
            _size_after(before, kernel, 3, 0): "창은 3×3이지만 3이 아니라 2픽셀씩 옮깁니다.",
            short: "마지막에 1을 더하지 않았습니다.",
        }
    return hints.get(size, f"바로 앞의 크기 {before}을(를) 공식에 넣어 보십시오.")


def check_grouped_parameters(function: Callable[[int, int, int, int], int]) -> Verdict:
    """`function(in_channels, out_channels, kernel, groups)`이 편향을 센 파라미터 수인지 봅니다."""
    # AlexNet의 conv2, conv3, conv4, conv5, 그리고 더 잘게 나눈 하나입니다.
    layers = torch.tensor([
        [96, 256, 5, 2], [256, 384, 3, 1], [384, 384, 3, 2], [384, 256, 3, 2], [12, 8, 1, 4],
    ])  # fmt: skip
    inputs, outputs, kernel, groups = layers.T
    whole = kernel**2 * inputs * outputs
    weights = whole // groups
    return grade(
        each_case(function, layers.tolist()),
        (),
        weights + outputs,
        mistakes=[
            (whole + outputs, "그룹을 나누지 않았습니다. 커널은 자기 그룹의 입력만 읽습니다."),
            (weights, "출력 맵마다 하나인 편향을 빠뜨렸습니다."),
            (weights + outputs * groups, "편향은 그룹마다 따로 있지 않고 출력 맵마다 하나입니다."),
            (weights + outputs // groups, "그룹을 나누어도 편향은 출력 맵마다 하나씩 남습니다."),
            (
                whole // groups**2 + outputs,
                "두 번 나누었습니다. 그룹 하나는 1/groups²이지만 그런 그룹이 groups개입니다.",
            ),
        ],
        otherwise="출력 맵 하나가 입력 맵을 몇 개나 읽는지부터 세어 보십시오.",
        explanation="conv2는 614,656개가 아니라 307,456개입니다.",
    )


def check_local_response_norm(function: Callable[[Tensor], Tensor]) -> Verdict:
    """`function(a)`가 한 열의 활성화 `(C, H, W)`를 2012년 코드처럼 정규화하는지 봅니다.

    n = 5, k = 2, α = 1e-4, β = 0.75이고, α는 제곱의 합을 n으로 나눈 값에 곱합니다.
    """
    # 활성화가 100쯤이어야 분모의 두 항이 비슷해져 어느 하나를 빠뜨려도 드러납니다.
    a = 100 * random_tensor(9, 4, 3).abs()
    squares = a.square()
    total = _sum_of_neighbours(squares)
    ring = sum(squares.roll(shift, dims=0) for shift in range(-2, 3))
    number = _sum_of_neighbours(torch.ones_like(a))

    def answer(total: Tensor, *, scale: float = 1e-4 / 5, k: float = 2, beta: float = 0.75):
        return a / (k + scale * total) ** beta

    return grade(
        function,
        (a,),
        answer(total),
        mistakes=[
            (answer(total, scale=1e-4), "2012년 코드는 제곱의 합을 n = 5로 나눈 뒤 α를 곱합니다."),
            (answer(total, k=1), "k는 2입니다. nn.LocalResponseNorm의 기본값은 1입니다."),
            (answer(ring), "열의 끝에서 반대쪽 채널로 돌아갔습니다. 끝에는 이웃이 적을 뿐입니다."),
            (answer(5 * total / number), "끝에서도 남은 이웃의 수가 아니라 늘 5로 나눕니다."),
            (answer(total, beta=1), "분모에 β = 0.75제곱을 씌우지 않았습니다."),
            (answer(_sum_of_neighbours(a)), "이웃의 값을 제곱하지 않고 더했습니다."),
        ],
        otherwise="채널 하나를 골라 더한 이웃과 분모를 손으로 계산해 비교하십시오.",
        explanation="열의 맨 끝 채널은 더하는 제곱이 셋뿐이라 덜 눌립니다.",
    )


def _sum_of_neighbours(a: Tensor) -> Tensor:
    """채널마다 두 칸 안에 있는 채널들의 합입니다. 열의 끝에서는 있는 것만 더합니다."""
    return torch.stack([a[max(0, i - 2) : i + 3].sum(dim=0) for i in range(len(a))])


def check_exchange_bytes(function: Callable[[int, int], int]) -> Verdict:
    """`function(channels_per_column, side)`이 한 열이 앞으로 보내는 바이트(float32)인지 봅니다."""
    # conv3, FC6, FC7이 받는 것과 그 밖의 하나입니다. FC의 벡터는 한 변이 1인 맵입니다.
    layers = torch.tensor([[128, 13], [128, 6], [2048, 1], [3, 5]])
    channels, side = layers.T
    numbers = channels * side**2
    return grade(
        each_case(function, layers.tolist()),
        (),
        4 * numbers,
        mistakes=[
            (8 * numbers, "두 열을 모두 셌습니다. 한 열이 보내는 것은 자기 채널뿐입니다."),
            (numbers, "수의 개수입니다. float32 하나는 4바이트입니다."),
            (4 * channels * side, "맵은 정사각형이므로 한 변을 두 번 곱해야 합니다."),
            (32 * numbers, "비트로 셌습니다. float32는 32비트, 곧 4바이트입니다."),
        ],
        otherwise="맵에 든 수의 개수와 수 하나의 바이트를 따로 세어 보십시오.",
        explanation="conv3 앞에서는 이미지 한 장에 86,528바이트, FC7 앞에서는 8,192바이트입니다.",
    )


def check_leftover(function: Callable[[int, int, int, int], int]) -> Verdict:
    """`function(size, kernel, stride, padding)`이 내림할 때 끝에 남는 픽셀 수인지 봅니다.

    패딩도 픽셀로 셉니다. 스트라이드는 커널보다 크지 않아 창 사이에는 남는 픽셀이 없습니다.
    """
    ranges = ([13, 32, 224, 227], [3, 5, 11], [2, 3, 4], [0, 1, 2])
    cases = torch.cartesian_prod(*map(torch.tensor, ranges))
    cases = cases[cases[:, 2] <= cases[:, 1]]
    size, kernel, stride, padding = cases.T
    room = size + 2 * padding - kernel
    return grade(
        each_case(function, cases.tolist()),
        (),
        room % stride,
        mistakes=[
            ((room - padding) % stride, "패딩은 양쪽에 붙으므로 2를 곱해야 합니다."),
            ((room + kernel) % stride, "첫 창이 읽은 커널만큼을 먼저 빼야 합니다."),
            (room.div(stride, rounding_mode="floor") + 1, "창의 수입니다. 남은 픽셀을 세십시오."),
            ((room - 2 * padding) % stride, "패딩을 빠뜨렸습니다. 붙인 픽셀도 셉니다."),
        ],
        otherwise="첫 창 다음에 남은 N + 2P − K픽셀을 S씩 쓰고 나면 얼마가 남습니까?",
        explanation="224에 패딩이 없으면 1픽셀이 남고, 227이면 남지 않습니다.",
    )


def check_alexnet(model_class: type[nn.Module]) -> Verdict:
    """`model_class()`의 층이 `AlexNet`과 종류, 설정, 순서까지 같은지 봅니다."""
    with torch.device("meta"):  # 모양만 있는 모델이어서 6천만 개의 파라미터를 채우지 않습니다.
        model = attempt(model_class)
        if isinstance(model, Verdict):
            return EMPTY if "ellipsis" in model.message else model
        mine, wanted = (
            # inplace는 메모리만 아끼고 값은 바꾸지 않습니다.
            [str(layer).replace("inplace=True", "") for layer in net.modules()
             if not list(layer.children())]
            for net in (model, AlexNet())
        )  # fmt: skip
        for number, (ours, theirs) in enumerate(zip(mine, wanted, strict=False), start=1):
            if ours != theirs:
                return wrong(f"{number}번째 층 {ours}을(를) 주석의 출력 모양과 비교하십시오.")
        if len(mine) != len(wanted):
            return wrong(f"층이 {len(mine)}개인데 {len(wanted)}개여야 합니다.")
        logits = attempt(model, torch.empty(2, 3, 227, 227))
        if isinstance(logits, Verdict):
            return logits
        if logits is Ellipsis:
            return EMPTY
        if not isinstance(logits, Tensor) or logits.shape != (2, 1000):
            return wrong("forward가 (N, 1000) 로짓을 돌려주지 않습니다. flatten(1)을 보십시오.")
    return right("AlexNet과 층이 모두 같습니다. 파라미터는 62,378,344개입니다.")
