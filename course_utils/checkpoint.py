"""가중치와 기록을 쓰고 읽는 하나뿐인 방법입니다. 반만 쓴 파일도, 몰래 바뀐 값도 쓰이지 않습니다.

`save`의 파일은 보통의 torch 파일(zip)이고, zip의 맨 끝에 있는 주석 자리에 앞선 내용의 SHA-256을
적습니다. 그래서 파일 하나로 확인되고, `torch.load(path, weights_only=True)`로도 읽힙니다.
"""

import hashlib
import io
import json
import os
import tempfile
from pathlib import Path

import torch
from torch import nn

ASSETS = Path(__file__).parent / "assets"
_MARK = (32).to_bytes(2, "little")  # zip의 맨 끝 두 바이트는 주석의 길이입니다.


def write_atomically(path: Path, content: bytes) -> None:
    """다 쓴 뒤에 이름을 바꿉니다. 도중에 멈춰도 반만 쓴 파일이 남지 않습니다.

    임시 폴더의 이름은 무작위여서, 여러 커널이나 여러 컴퓨터가 한 폴더에 함께 써도 섞이지 않습니다.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=path.parent) as private:
        temporary = Path(private, path.name)
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)


def write_json(path: Path, record: dict, *, indent: int | None = 1) -> None:
    """기록을 UTF-8 JSON으로 통째로 씁니다."""
    text = json.dumps(record, ensure_ascii=False, indent=indent) + "\n"
    write_atomically(path, text.encode())


def save(path: Path, state: dict) -> str:
    """`state`를 쓰고 SHA-256을 돌려줍니다. 쓰기 전에 도로 읽어 보아, 못 읽을 파일은 쓰지 않습니다.

    `weights_only=True`로 읽을 수 없는 값이 들어 있으면 ValueError를 냅니다.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    content = buffer.getvalue()[:-2] + _MARK
    digest = hashlib.sha256(content)
    content += digest.digest()
    _parse(content, Path(path).name)
    write_atomically(path, content)
    return digest.hexdigest()


def load(path: Path) -> dict:
    """`save`가 쓴 것을 확인하고 읽습니다. 텐서는 모두 CPU에 놓입니다.

    파일이 없으면 FileNotFoundError, 끊겼거나 바뀌었거나 다른 파일이면 ValueError를 냅니다.
    """
    return _parse(Path(path).read_bytes(), Path(path).name)


def _is_whole(content: bytes) -> bool:
    # torch의 옛 형식(zip이 아닌 것)은 2.5까지 weights_only=True로도 코드를 실행합니다.
    is_ours = content[:4] == b"PK\x03\x04" and content[-34:-32] == _MARK
    return is_ours and hashlib.sha256(content[:-32]).digest() == content[-32:]


def _parse(content: bytes, name: str) -> dict:
    if not _is_whole(content):
        raise ValueError(f"{name}은(는) 끊겼거나 바뀐 파일이거나, 이 강의가 쓴 것이 아닙니다.")
    try:
        return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:
        raise ValueError(f"{name}에 텐서와 단순한 값이 아닌 것이 들어 있습니다.") from error


def save_pretrained(model: nn.Module, record: dict, name: str, *, folder: Path = ASSETS) -> None:
    """가중치 `{name}.pt`와, 그 SHA-256을 더한 기록 `{name}.json`을 남깁니다."""
    weights = {key: value.cpu().contiguous() for key, value in model.state_dict().items()}
    digest = save(folder / f"{name}.pt", weights)
    write_json(folder / f"{name}.json", record | {"sha256": digest})


def load_record(name: str, *, folder: Path = ASSETS) -> dict:
    """기록 `{name}.json`입니다: 명령, 데이터, 날짜, 시드별 곡선."""
    path = folder / f"{name}.json"
    if not path.exists():
        known = ", ".join(sorted(file.stem for file in folder.glob("*.pt"))) or "없음"
        raise FileNotFoundError(f"'{name}' 기록이 없습니다. 함께 담긴 가중치: {known}")
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(record, dict):
            raise ValueError("기록이 아닙니다.")
    except (ValueError, RecursionError) as error:
        raise ValueError(f"기록 {path.name}이(가) 상했습니다. 지우고 다시 받으십시오.") from error
    return record


def load_pretrained(model: nn.Module, name: str, *, folder: Path = ASSETS) -> dict:
    """가중치를 확인한 뒤 `model`에 넣고 평가 모드로 바꿉니다. 학습 기록을 돌려줍니다.

    파일이 없으면 FileNotFoundError를, 상했거나 기록과 짝이 아니거나 모델의 구조와 다르면
    ValueError를 냅니다.
    """
    record, path = load_record(name, folder=folder), folder / f"{name}.pt"
    if not path.exists():
        raise FileNotFoundError(f"가중치 {path.name}이(가) 없습니다. 저장소를 다시 받으십시오.")
    content = path.read_bytes()
    if content[-32:].hex() != record.get("sha256") or not _is_whole(content):
        raise ValueError(
            f"가중치 파일 {path.name}의 내용이 기록과 다릅니다. 파일이 상했거나 바뀌었으므로 "
            "쓰지 않았습니다. 저장소에서 이 파일을 다시 받으십시오."
        )
    weights = _parse(content, path.name)
    shapes = {key: value.shape for key, value in model.state_dict().items()}
    if {key: value.shape for key, value in weights.items()} != shapes:
        raise ValueError(f"가중치 {path.name}은(는) 구조가 다른 모델의 것이어서 쓰지 않았습니다.")
    model.load_state_dict(weights)
    model.eval()
    return record
