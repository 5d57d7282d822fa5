"""두 프로세스 사이를 오가는 값을 JSON에 담을 수 있는 것으로 바꾸고 되돌립니다.

pickle은 읽기만 해도 보낸 쪽의 코드가 돌므로, 학생의 프로세스에서 온 것에는 쓰지 않습니다.
"""

import base64
import io
import math


class Other:
    """옮길 수 없는 종류의 값입니다. 채점에서는 무엇과도 같지 않습니다."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __repr__(self) -> str:
        return f"<{self.kind}>"


def pack(value: object) -> object:
    """JSON이 아는 것은 그대로, 나머지는 {"종류": 내용} 꼴로 바꿉니다."""
    import numpy as np
    import torch

    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, torch.nn.Module):
        return {"module": [bool(weight.requires_grad) for weight in value.parameters()]}
    if isinstance(value, torch.Tensor):
        return pack_tensor(value)
    if type(value) is list:
        return [pack(item) for item in value]
    if type(value) is tuple:
        return {"tuple": [pack(item) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[pack(key), pack(item)] for key, item in value.items()]}
    if isinstance(value, np.number):  # np.int64 같은 수 하나. 배열은 텐서가 아니므로 Other입니다.
        return pack(value.item())
    return {"other": type(value).__name__}


def pack_tensor(tensor: object) -> dict:
    import torch

    plain = tensor.detach().as_subclass(torch.Tensor).cpu().contiguous()
    raw = plain.reshape(-1).view(torch.uint8).numpy().tobytes() if plain.numel() else b""
    text = base64.b64encode(raw).decode("ascii")
    return {"tensor": [str(plain.dtype).removeprefix("torch."), list(plain.shape), text]}


def pack_argument(model: object) -> object:
    """검사가 함수에 주는 값입니다. 모델은 채점 모듈의 클래스 대신 보통의 Module에 층을 담습니다."""
    import torch

    if not isinstance(model, torch.nn.Module):
        return pack(model)
    plain, stream = torch.nn.Module(), io.BytesIO()
    for name, layer in model.named_children():
        plain.add_module(name, layer)
    torch.save(plain, stream)
    return {"saved": base64.b64encode(stream.getvalue()).decode("ascii")}


def unpack(value: object, *, trusted: bool = False) -> object:
    """`pack`의 반대입니다. `trusted`는 채점기가 보낸 것에만 줍니다(모델을 pickle로 받습니다).

    Raises:
        ValueError, TypeError, AttributeError, RuntimeError: 우리가 만든 꼴이 아닐 때
    """
    if isinstance(value, list):
        return [unpack(item, trusted=trusted) for item in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "tuple":
        return tuple(unpack(item, trusted=trusted) for item in content)
    if kind == "dict":
        pairs = ((unpack(a, trusted=trusted), unpack(b, trusted=trusted)) for a, b in content)
        return dict(pairs)
    if kind == "tensor":
        return unpack_tensor(*content)
    if kind == "module":
        return unpack_module(content)
    if kind == "saved" and trusted:
        import torch

        return torch.load(io.BytesIO(base64.b64decode(content)), weights_only=False)
    if kind == "other":
        return Other(str(content)[:60])
    raise ValueError(f"모르는 종류의 값입니다: {kind!r}")


def unpack_tensor(kind: str, shape: list[int], text: str) -> object:
    import torch

    dtype = getattr(torch, kind)
    if not isinstance(dtype, torch.dtype):
        raise ValueError(f"모르는 자료형입니다: {kind!r}")
    raw = bytearray(base64.b64decode(text))
    if len(raw) != math.prod(shape) * dtype.itemsize:
        raise ValueError("텐서의 크기가 모양과 다릅니다.")
    if not raw:
        return torch.empty(shape, dtype=dtype)
    return torch.frombuffer(raw, dtype=torch.uint8).view(dtype).reshape(shape)


def unpack_module(flags: list[bool]) -> object:
    """학습하는지(requires_grad)만 같은 모델입니다. 채점은 그것만 봅니다."""
    import torch

    zero = torch.zeros(())
    return torch.nn.ParameterList(torch.nn.Parameter(zero, bool(flag)) for flag in flags)
