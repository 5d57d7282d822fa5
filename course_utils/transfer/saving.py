"""학습한 분류기를 파일 하나에 담고 읽습니다. 클래스 이름과 망의 종류도 함께 담습니다."""

import hashlib
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from course_utils.checkpoint import write_atomically
from course_utils.transfer.classifier import KINDS, Classifier, restore
from course_utils.transfer.loading import load_korean_names

FORMAT = "cnn-origins-classifier-1"


def save_classifier(
    path: str | Path, model: nn.Module, class_names: Sequence[str], *, kind: str
) -> Path:
    """가중치, 클래스 이름, 망의 종류(`Classifier.kind`)를 `path`에 씁니다.

    머리의 출력 수와 클래스 이름의 수가 다르거나 `kind`를 모르면 ValueError를 냅니다.
    """
    names = [str(name) for name in class_names]
    num_outputs = model.classifier[-1].out_features
    if kind not in KINDS:
        raise ValueError(f"망의 종류 {kind!r}을(를) 모릅니다. 아는 것: {', '.join(KINDS)}")
    if len(names) != num_outputs:
        raise ValueError(
            f"망의 출력은 {num_outputs}개인데 클래스 이름은 {len(names)}개입니다. "
            "학습할 때 쓴 차례 그대로 이름을 모두 넘기십시오."
        )
    weights = {key: value.cpu().contiguous() for key, value in model.state_dict().items()}
    content = {
        "format": FORMAT, "kind": kind, "class_names": names,
        "image_size": KINDS[kind].image_size, "weights": weights,
    }  # fmt: skip
    buffer = io.BytesIO()
    torch.save(content | {"sha256": _digest(content)}, buffer)
    write_atomically(Path(path), buffer.getvalue())
    return Path(path)


def load_classifier(path: str | Path) -> Classifier:
    """`save_classifier`가 쓴 파일을 확인하고 읽습니다. `weights_only=True`로만 읽습니다.

    파일이 없으면 FileNotFoundError, 끊겼거나 바뀌었거나 다른 파일이면 ValueError를 냅니다.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path.name} 파일이 없습니다. 경로를 확인하십시오.")
    try:
        # torch의 옛 형식(tar)은 2.5까지 weights_only=True로도 코드를 실행합니다(CVE-2025-32434).
        if not zipfile.is_zipfile(path):
            raise ValueError("zip이 아님")
        content = torch.load(path, map_location="cpu", weights_only=True)
        expected = content.pop("sha256")
        if content["format"] != FORMAT or _digest(content) != expected:
            raise ValueError("검사합이 다름")
        names, kind = tuple(content["class_names"]), content["kind"]
        model = restore(kind, content["weights"], len(names))
    except Exception as error:  # 상한 파일은 무엇이든 낼 수 있습니다.
        raise ValueError(
            f"{path.name}은(는) 이 강의가 저장한 분류기가 아니거나, 끊겼거나 바뀐 파일이어서 "
            "쓰지 않았습니다. save_classifier로 다시 저장하십시오."
        ) from error
    note = f"{path.name}에서 읽은 분류기(클래스 {len(names)}개: {', '.join(names)})"
    return Classifier(model, names, kind, "file", note, load_korean_names())


def _digest(content: dict) -> str:
    """내용 전체의 SHA-256입니다. torch.load는 바뀐 값을 알아채지 못합니다."""
    digest = hashlib.sha256()
    for key in ("format", "kind", "class_names", "image_size"):
        digest.update(repr(content[key]).encode())
    for name, value in content["weights"].items():
        digest.update(f"{name}{tuple(value.shape)}{value.dtype}".encode())
        digest.update(value.contiguous().numpy())
    return digest.hexdigest()
