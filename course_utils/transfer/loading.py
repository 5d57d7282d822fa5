"""사전 학습된 AlexNet을 찾습니다: 저장된 파일, 내려받기, 이 프로젝트의 작은 AlexNet."""

import hashlib
import io
from pathlib import Path

import torch
from torchvision.models import AlexNet_Weights

from course_utils.checkpoint import load_pretrained, write_atomically
from course_utils.data.sources import fetch, is_offline
from course_utils.transfer.classifier import KINDS, Classifier, restore

KNOWN = AlexNet_Weights.IMAGENET1K_V1
# 클래스 폴더의 이름 순서와 같습니다.
CIFAR10_NAMES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip


def load_alexnet(
    *, offline: bool | None = None, time_limit: float = 180.0, folder: Path | None = None
) -> Classifier:
    """사전 학습된 AlexNet을 돌려주고, 어떤 망인지 한 줄로 알립니다.

    torch.hub의 checkpoints 폴더(또는 `folder`)에 있는 torchvision의 가중치를 SHA-256으로 확인해
    쓰고, 없으면 `time_limit`초 안에 내려받고(233 MB), 그것도 안 되면 CIFAR-10으로 학습해 담아 둔
    작은 AlexNet을 쓰며 이유를 "주의:" 줄로 알립니다. 상한 파일은 쓰지도 지우지도 않습니다.
    `offline=True`나 COURSE_OFFLINE=1이면 네트워크를 쓰지 않습니다.
    """
    try:
        source, told = "cache", "저장된 파일에서 읽었습니다."
        if (weights := cached_torchvision_alexnet(folder)) is None:
            source, told = "download", "방금 내려받았습니다."
            _download(_weights_file(folder), is_offline(offline), time_limit)
            weights = cached_torchvision_alexnet(folder)
        names, kind = tuple(KNOWN.meta["categories"]), "torchvision"
        model = restore(kind, weights, len(names))
        note = f"torchvision의 AlexNet(ImageNet의 클래스 {len(names):,}개). {told}"
    except (OSError, ValueError) as error:
        print(f"주의: ImageNet으로 학습한 AlexNet 대신 작은 AlexNet을 씁니다. 이유: {error}")
        names, kind, source = CIFAR10_NAMES, "small", "embedded"
        model = KINDS[kind].build(len(names)).to_empty(device="cpu")
        record = load_pretrained(model, "small_alexnet_cifar10")
        accuracy = 100 * record["history"]["test_accuracy"][-1]
        note = (
            "이 프로젝트가 CIFAR-10의 열 클래스로 학습해 담아 둔 작은 AlexNet"
            f"(기록한 테스트 정확도 {accuracy:.1f}%)."
        )
    note = f"지금 쓰는 모델: {note}"
    print(note)
    return Classifier(model, names, kind, source, note)


def cached_torchvision_alexnet(folder: Path | None = None) -> dict | None:
    """이 컴퓨터에 있는 torchvision `AlexNet_Weights.IMAGENET1K_V1`의 상태 사전입니다.

    `folder`가 없으면 torch.hub의 checkpoints 폴더에서 찾습니다. 파일이 없으면 None입니다(내려받지
    않습니다). 파일 이름에 적힌 SHA-256의 앞부분과 내용이 다르면 ValueError를 냅니다.
    """
    path = _weights_file(folder)
    if not path.is_file():
        return None
    content = path.read_bytes()
    if not _is_intact(content, path):
        raise ValueError(
            f"{path}의 내용이 파일 이름에 적힌 SHA-256과 다릅니다. 내려받다 끊겼거나 "
            "상한 파일이므로 쓰지 않았습니다. 이 파일을 지우고 다시 받으십시오: "
            "AlexNet_Weights.IMAGENET1K_V1.get_state_dict(check_hash=True)"
        )
    return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)


def _weights_file(folder: Path | None) -> Path:
    folder = folder or Path(torch.hub.get_dir(), "checkpoints")
    return Path(folder).expanduser() / KNOWN.url.rpartition("/")[2]


def _is_intact(content: bytes, path: Path) -> bool:
    """SHA-256이 파일 이름에 적힌 앞부분과 같으면 참입니다. 예: alexnet-owt-7be5be79.pth"""
    return hashlib.sha256(content).hexdigest().startswith(path.stem.rpartition("-")[2])


def _download(path: Path, offline: bool, time_limit: float) -> None:
    if offline:
        raise ConnectionError(
            f"오프라인으로 정해져 있어 가중치({path.name})를 내려받지 않았습니다. 쓰려면 인터넷에 "
            "연결해 COURSE_OFFLINE 없이 다시 실행하십시오."
        )
    told = f"가중치({path.name}, 233 MB)를 내려받습니다."
    print(f"{told} 길어도 {time_limit:g}초까지 기다립니다.", flush=True)
    try:
        content = fetch(KNOWN.url, time_limit)
        if not _is_intact(content, path):
            raise ConnectionError(f"받은 {len(content):,}바이트의 SHA-256이 이름에 적힌 것과 다름")
        write_atomically(path, content)
    except OSError as error:
        raise ConnectionError(
            f"가중치({path.name})를 내려받지 못했습니다({error}). "
            "연결과 빈 공간을 확인하거나 time_limit을 늘려 다시 실행하십시오."
        ) from error
