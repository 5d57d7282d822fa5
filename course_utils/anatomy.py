"""모델을 실제로 한 번 실행해 층마다 모양, 파라미터, 연결, 곱셈 수, 메모리를 셉니다."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import torch
from torch import nn

FLOAT_BYTES = 4


@dataclass(frozen=True)
class Layer:
    """한 층의 해부 결과입니다. `output_shape`에는 배치 차원이 없습니다.

    `activations`는 새로 담아 두는 출력값의 수입니다. 제자리에서(inplace) 바꾸는 층은 0입니다.
    """

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int
    connections: int
    macs: int
    activations: int

    def training_bytes(self, batch_size: int) -> int:
        """모멘텀 SGD 한 스텝 동안 이 층이 차지하는 메모리(바이트, float32)입니다.

        파라미터에는 값, 기울기, 모멘텀이, 출력에는 이미지마다 값과 기울기가 듭니다. 구현마다 다른
        임시 공간(풀링의 자리 번호, LRN의 분모, 합성곱의 작업 공간)은 세지 않은 하한입니다.
        """
        return FLOAT_BYTES * (3 * self.parameters + 2 * batch_size * self.activations)


def links_per_position(module: nn.Module, channels: int) -> int:
    """출력의 한 자리에서 모든 맵을 합해 몇 개의 입력을 읽는지 셉니다(편향 제외)."""
    if hasattr(module, "links_per_position"):  # 이 강의가 만든 층은 스스로 답합니다.
        return module.links_per_position()
    if isinstance(module, nn.Conv2d | nn.Linear):
        return module.weight.numel()
    if isinstance(module, nn.AvgPool2d | nn.MaxPool2d):
        size = module.kernel_size
        return channels * (prod(size) if isinstance(size, tuple) else size * size)
    return 0


def macs_per_position(module: nn.Module) -> int:
    """출력의 한 자리에서 가중치를 곱하는 횟수입니다. 덧셈만 하는 풀링은 0입니다."""
    if hasattr(module, "macs_per_position"):
        return module.macs_per_position()
    return module.weight.numel() if isinstance(module, nn.Conv2d | nn.Linear) else 0


def run_once(
    model: nn.Module, images: torch.Tensor, visit: Callable[[str, nn.Module, torch.Tensor], None]
) -> None:
    """이미지를 평가 모드로 한 번 흘려 보내며 잎 모듈마다 `visit(이름, 모듈, 출력)`을 부릅니다.

    끝나면(도중에 오류가 나도) 훅을 떼고 모듈마다 원래 모드로 되돌립니다.
    """
    leaves = [(name, m) for name, m in model.named_modules() if next(m.children(), None) is None]
    handles = [
        module.register_forward_hook(lambda m, _, output, name=name: visit(name, m, output))
        for name, module in leaves
    ]
    modes = [(module, module.training) for module in model.modules()]
    try:
        with torch.no_grad():
            model.eval()(images)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode


def dissect(model: nn.Module, input_shape: tuple[int, ...]) -> list[Layer]:
    """모델에 0으로 채운 입력 한 개를 흘려 보내며 잎 모듈마다 `Layer`를 만듭니다.

    Args:
        input_shape: 배치를 뺀 모양. 예: `(1, 32, 32)`.

    연결(connection)은 LeCun 1998처럼 유닛이 읽는 입력과 편향의 수입니다. 가중치를 나눠 쓰면
    파라미터는 하나여도 연결은 자리마다 하나씩입니다. 모델의 모드와 값은 바뀌지 않습니다.
    """
    layers: list[Layer] = []

    def record(name: str, module: nn.Module, output: torch.Tensor) -> None:
        shape = tuple(output.shape[1:])
        channels, positions = shape[0], prod(shape[1:])
        bias = channels if getattr(module, "bias", None) is not None else 0
        layers.append(Layer(
            name=name.rpartition(".")[2] or type(module).__name__,
            kind=type(module).__name__,
            output_shape=shape,
            parameters=sum(p.numel() for p in module.parameters() if p.requires_grad),
            connections=(links_per_position(module, channels) + bias) * positions,
            macs=macs_per_position(module) * positions,
            activations=0 if getattr(module, "inplace", False) else prod(shape),
        ))  # fmt: skip

    parameter = next(model.parameters(), torch.zeros(()))
    run_once(model, torch.zeros(1, *input_shape, device=parameter.device), record)
    return layers


def forward_and_count(model: nn.Module, images: torch.Tensor) -> tuple[torch.Tensor, int]:
    """출력과, 역전파를 위해 autograd가 실제로 붙드는 바이트 수를 돌려줍니다.

    입력 이미지는 세고 파라미터는 세지 않습니다. 같은 값을 여러 층이 함께 쓰면 한 번만 셉니다.
    """
    own = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        outputs = model(images)
    return outputs, sum(kept.values())


def layer_outputs(model: nn.Module, images: torch.Tensor) -> dict[str, torch.Tensor]:
    """이미지를 한 번 흘려 보내며 잎 모듈마다 나온 출력을 모읍니다. 순서는 실행된 순서입니다.

    이름은 `C1`처럼 마지막 이름이고, 겹치면 `features.0`처럼 전체 이름입니다. 모델의 모드와 값은
    바뀌지 않습니다.
    """
    outputs: dict[str, torch.Tensor] = {}

    def keep(name: str, _: nn.Module, output: torch.Tensor) -> None:
        # 뒤따르는 inplace 활성화가 값을 덮어쓰지 못하게 사본을 둡니다.
        outputs[name] = output.detach().clone()

    run_once(model, images, keep)
    short_names = [name.rpartition(".")[2] for name in outputs]
    return {
        short if short_names.count(short) == 1 else name: output
        for (name, output), short in zip(outputs.items(), short_names, strict=True)
    }


def output_size(
    size: int, kernel: int, stride: int = 1, padding: int = 0, *, ceil: bool = False
) -> int:
    """합성곱이나 풀링을 지난 뒤의 한 변의 길이 ⌊(N + 2P − K) / S⌋ + 1입니다.

    Args:
        size, kernel, stride, padding: 식의 N, K, S, P. 패딩은 한쪽의 픽셀 수입니다.
        ceil: 참이면 내림 대신 올립니다. PyTorch 풀링의 `ceil_mode`와 같습니다.
    """
    if kernel < 1 or stride < 1 or padding < 0:
        raise ValueError(
            f"커널({kernel})과 스트라이드({stride})는 1 이상, "
            f"패딩({padding})은 0 이상이어야 합니다."
        )
    room = size + 2 * padding - kernel
    if room < 0:
        raise ValueError(
            f"커널({kernel})이 패딩을 더한 입력({size} + 2×{padding} = {size + 2 * padding})보다 "
            "큽니다. 커널을 줄이거나 패딩을 늘리십시오."
        )
    if not ceil:
        return room // stride + 1
    steps = -(-room // stride)
    # 올림으로 생긴 마지막 창이 오른쪽 패딩에서 시작하면 세지 않습니다.
    return steps if steps * stride >= size + padding else steps + 1
