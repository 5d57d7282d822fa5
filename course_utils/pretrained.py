"""이 프로젝트가 학습해 `assets/`에 담은 가중치와 학습 기록을 쓰고 읽습니다.

torchvision이 이미 내려받아 둔 AlexNet의 가중치도 읽습니다. 내려받지는 않습니다.
"""

import hashlib
import io
import json
from pathlib import Path

import torch
from torch import nn

from course_utils.files import write_atomically

ASSETS = Path(__file__).parent / "assets"


def save_pretrained(model: nn.Module, record: dict, name: str, *, folder: Path = ASSETS) -> None:
    """가중치 `{name}.pt`와, 그 SHA-256을 더한 기록 `{name}.json`을 남깁니다."""
    buffer = io.BytesIO()
    weights = {key: value.cpu().contiguous() for key, value in model.state_dict().items()}
    torch.save(weights, buffer)
    digest = hashlib.sha256(buffer.getvalue()).hexdigest()
    text = json.dumps(record | {"sha256": digest}, ensure_ascii=False, indent=1) + "\n"
    write_atomically(folder / f"{name}.pt", buffer.getvalue())
    write_atomically(folder / f"{name}.json", text.encode())


def load_record(name: str, *, folder: Path = ASSETS) -> dict:
    """학습 기록 `{name}.json`입니다: 명령, 데이터, 날짜, 시드마다의 곡선."""
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

    파일이 없으면 FileNotFoundError를, 기록된 SHA-256이나 모델의 구조와 다르면 ValueError를 냅니다.
    """
    record = load_record(name, folder=folder)
    path = folder / f"{name}.pt"
    if not path.exists():
        raise FileNotFoundError(f"가중치 {path.name}이(가) 없습니다. 저장소를 다시 받으십시오.")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != record.get("sha256"):
        raise ValueError(
            f"가중치 파일 {path.name}의 내용이 기록과 다릅니다. 파일이 상했거나 바뀌었으므로 "
            "쓰지 않았습니다. 저장소에서 이 파일을 다시 받으십시오."
        )
    weights = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    shapes = {key: value.shape for key, value in model.state_dict().items()}
    if {key: value.shape for key, value in weights.items()} != shapes:
        raise ValueError(f"가중치 {path.name}은(는) 구조가 다른 모델의 것이어서 쓰지 않았습니다.")
    model.load_state_dict(weights)
    model.eval()
    return record


def cached_torchvision_alexnet(folder: Path | None = None) -> dict | None:
    """이 컴퓨터에 있는 torchvision `AlexNet_Weights.IMAGENET1K_V1`의 상태 사전입니다.

    Args:
        folder: 파일을 찾을 곳. 없으면 torch.hub의 checkpoints 폴더입니다.

    파일이 없으면 None입니다(내려받지 않습니다). 파일 이름에 적힌 SHA-256의 앞부분과 내용이 다르면
    ValueError를 냅니다.
    """
    from torchvision.models import AlexNet_Weights  # 다른 함수를 쓸 때는 부르지 않습니다.

    name = AlexNet_Weights.IMAGENET1K_V1.url.rpartition("/")[2]
    path = Path(folder or Path(torch.hub.get_dir()) / "checkpoints") / name
    if not path.is_file():
        return None
    content = path.read_bytes()
    expected = path.stem.rpartition("-")[2]  # 예: alexnet-owt-7be5be79.pth
    if not hashlib.sha256(content).hexdigest().startswith(expected):
        raise ValueError(
            f"{path}의 내용이 파일 이름에 적힌 SHA-256({expected}…)과 다릅니다. 내려받다 끊겼거나 "
            "상한 파일이므로 쓰지 않았습니다. 이 파일을 지우고 다시 받으십시오: "
            "AlexNet_Weights.IMAGENET1K_V1.get_state_dict(check_hash=True)"
        )
    return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
