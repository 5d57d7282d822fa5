"""손글씨 숫자를 준비합니다: 저장된 MNIST, 내려받은 MNIST, scikit-learn의 숫자."""

import hashlib
import os
import time
import zlib
from itertools import product
from urllib import parse

import numpy as np
import torch
from PIL import Image

from course_utils.checkpoint import write_atomically
from course_utils.data.sources import LARGEST, announce, choose_folder, fetch, is_offline

# 압축을 푼 파일의 md5입니다. 순서는 학습 이미지·레이블, 테스트 이미지·레이블입니다.
MNIST_FILES = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
ORIGINS = {
    "cache": "MNIST 손글씨 숫자 전체를 저장된 파일에서 읽었습니다.",
    "download": "MNIST 손글씨 숫자 전체를 방금 내려받았습니다.",
    "embedded": "scikit-learn에 든 8×8 손글씨 숫자를 키웠습니다. MNIST 전체(70,000장)를 쓰려면 "
    "인터넷에 연결해 다시 실행하거나 COURSE_DATA 폴더의 MNIST/raw에 파일 네 개를 넣으십시오.",
}


def load_digits(*, root=None, offline=None, time_limit=60.0):
    """손글씨 숫자를 `ImageData`로 돌려주고, 어떤 데이터인지 한 줄로 알립니다.

    `root`(없으면 환경 변수 COURSE_DATA, 그것도 없으면 저장소의 data/)나 그 아래 MNIST/raw에 있는
    파일을 먼저 보고, 없으면 `time_limit`초 안에 내려받고, 그것도 안 되면 scikit-learn의 숫자
    1,797장을 쓰며 이유를 "주의:" 줄로 알립니다. `offline=True`나 COURSE_OFFLINE=1이면 네트워크를
    쓰지 않습니다.
    """
    folder, problems = choose_folder(root, lambda folder: any(_stored(folder)), "MNIST/raw가")
    contents, source = _read_folder(folder, problems), "cache"
    try:
        if missing := [name for name in MNIST_FILES if name not in contents]:
            downloaded, source = _download(missing, is_offline(offline), time_limit), "download"
            _save(downloaded, folder / "MNIST" / "raw", problems)
            contents |= downloaded
        arrays = [_parse(contents[name], name) for name in MNIST_FILES]
    except ConnectionError as error:
        problems.append(str(error))
        arrays, source = _embedded(), "embedded"
    parts = [
        torch.from_numpy(array.astype(np.int64)) if array.ndim == 1
        else normalize(pad_to_32(array))[:, None] for array in arrays
    ]  # fmt: skip
    name = "scikit-learn digits" if source == "embedded" else "MNIST"
    return announce(parts, tuple("0123456789"), name, source, ORIGINS[source], problems)


def normalize(pixels):
    """0~255 픽셀을 바탕 -0.1, 잉크 1.175인 새 float32 텐서로 바꿉니다(LeCun 1998, §II-B)."""
    if isinstance(pixels, np.ndarray):
        pixels = np.require(pixels, requirements="W")  # torch는 읽기 전용 배열에 경고를 냅니다.
    return torch.as_tensor(pixels).to(torch.float32, copy=True).mul_(1.275 / 255).sub_(0.1)


def pad_to_32(images):
    """(..., 28, 28) 픽셀의 네 변에 0(바탕)을 두 줄씩 더합니다. `normalize`보다 먼저 씁니다."""
    if (images := np.asarray(images)).shape[-2:] != (28, 28):
        raise ValueError(f"(N, 28, 28) 모양이어야 하는데 {images.shape} 모양이 왔습니다.")
    return np.pad(images, [(0, 0)] * (images.ndim - 2) + [(2, 2), (2, 2)])


def center_digit(drawing):
    """그린 숫자를 MNIST처럼 다듬는 네 단계를 dict로 돌려줍니다. 값은 모두 float32, 0~255입니다.

    `drawing`은 검은 바탕(0)에 밝은 잉크(255까지)인 2차원 배열이며 크기는 자유입니다.
    "crop": 잉크가 있는 곳만, "scale": 긴 변을 20으로, "center": 무게중심을 28×28의 가운데로,
    "pad": 32×32로. 잉크가 없거나 값이 범위를 벗어나면 ValueError입니다.
    """
    ink = np.asarray(drawing, dtype=np.float32)
    if ink.ndim != 2 or not ((ink >= 0) & (ink <= 255)).all():  # NaN도 여기서 걸립니다.
        raise ValueError(f"값이 0~255인 2차원 그림이어야 합니다(받은 모양은 {ink.shape}입니다).")
    if not (ink >= 1).any():
        raise ValueError("아직 아무것도 그리지 않았습니다. 숫자를 하나 그린 뒤 다시 하십시오.")
    rows, columns = ink.any(axis=1).nonzero()[0], ink.any(axis=0).nonzero()[0]
    crop = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].copy()
    height, width = (max(1, round(20 * side / max(crop.shape))) for side in crop.shape)
    # torch의 interpolate(antialias=True)는 너비가 1이면 틀린 값을 냅니다(torch 2.15에서 확인).
    resized = Image.fromarray(crop).resize((width, height), Image.Resampling.BICUBIC)
    scale = np.asarray(resized).clip(0, 255)
    row, column = np.indices(scale.shape).reshape(2, -1) @ scale.ravel() / scale.sum()
    # MNIST 학습 이미지의 무게중심은 13.5~14.5에 고르게 퍼져 있습니다: 픽셀 단위로 14에 맞춥니다.
    top = min(max(0, int(14.5 - row)), 28 - height)
    left = min(max(0, int(14.5 - column)), 28 - width)
    center = np.zeros((28, 28), dtype=np.float32)
    center[top : top + height, left : left + width] = scale
    return {"crop": crop, "scale": scale, "center": center, "pad": pad_to_32(center)}


def _stored(folder):
    """있는 파일들의 `(이름, 경로)`입니다. Kaggle의 이름은 `train-images.idx3-ubyte`입니다."""
    for name, parent in product(MNIST_FILES, (folder / "MNIST" / "raw", folder / "MNIST", folder)):
        for spelling, ending in product((name, name.replace("-idx", ".idx")), ("", ".gz")):
            if os.path.exists(path := parent / f"{spelling}{ending}"):
                yield name, path


def _unpack(content, name):
    """IDX 파일(gzip도 됩니다)의 내용을 확인해 돌려줍니다. 체크섬이 다르면 ValueError입니다."""
    if content[:2] == b"\x1f\x8b":
        try:
            content = zlib.decompressobj(wbits=31).decompress(content, LARGEST)
        except zlib.error as error:
            raise ValueError("gzip의 내용이 깨졌습니다.") from error
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != MNIST_FILES[name]:
        raise ValueError("내용이 MNIST와 다릅니다(md5 체크섬이 맞지 않습니다).")
    return content


def _parse(content, name):
    if "images" in name:  # 앞의 16바이트는 개수와 크기입니다.
        return np.frombuffer(content, np.uint8, offset=16).reshape(-1, 28, 28)
    return np.frombuffer(content, np.uint8, offset=8)


def _read_folder(folder, problems):
    """온전한 파일만 {이름: 내용}으로 읽습니다. 깨진 파일은 손대지 않고 `problems`에 적습니다."""
    contents = {}
    for name, path in _stored(folder):
        if name in contents:
            continue
        try:
            contents[name] = _unpack(path.read_bytes(), name)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            problems.append(
                f"{path}: {reason} 쓰지 않고 두었으니 지우거나 옮긴 뒤 다시 실행하십시오."
            )
    return contents


def _download(names, offline, time_limit):
    """모두 메모리로 받아 {이름: 내용}으로 돌려줍니다. 못 받으면 ConnectionError입니다."""
    what = f"MNIST 파일 {len(names)}개({names[0]}{' 등' * (len(names) > 1)})를 내려받지"
    if offline:
        raise ConnectionError(f"오프라인으로 정해져 있어 {what} 않았습니다.")
    from torchvision.datasets import MNIST

    contents, reasons, end = {}, [], time.monotonic() + time_limit
    for tried, server in enumerate(MNIST.mirrors):  # 남은 시간을 남은 서버끼리 나눕니다.
        deadline = time.monotonic() + (end - time.monotonic()) / (len(MNIST.mirrors) - tried)
        try:
            for name in (name for name in names if name not in contents):
                content = fetch(f"{server}{name}.gz", deadline - time.monotonic())
                contents[name] = _unpack(content, name)
            return contents
        except (ValueError, ConnectionError) as error:
            reasons.append(f"{parse.urlsplit(server).netloc}: {error}")
    advice = f"연결을 확인하거나 time_limit을 {time_limit:g}초보다 늘려 다시 실행하십시오."
    raise ConnectionError(f"{what} 못했습니다({'; '.join(reasons)}). {advice}")


def _save(contents, raw, problems):
    """하나씩 통째로 씁니다. 이미 있는 파일은 덮어쓰지 않습니다."""
    try:
        for name in (name for name in contents if not os.path.exists(raw / name)):
            write_atomically(raw / name, contents[name])
    except OSError as error:
        problem = f"내려받은 MNIST를 {raw} 폴더에 저장하지 못해({error.strerror}) 이번에만 씁니다."
        problems.append(f"{problem} 빈 공간과 쓰기 권한을 확인하십시오.")


def _embedded():
    from sklearn.datasets import load_digits as load_small_digits

    pixels, labels = load_small_digits(return_X_y=True)
    # 값 0~16을 0~255로 바꾸어, 그린 숫자와 똑같은 단계로 다듬습니다.
    drawings = pixels.reshape(-1, 8, 8) * (255 / 16)
    images = np.stack([center_digit(drawing)["center"] for drawing in drawings])
    is_test = np.zeros(len(labels), dtype=bool)
    is_test[np.argsort(labels, kind="stable")[::5]] = True  # 클래스마다 5장에 1장
    return images[~is_test], labels[~is_test], images[is_test], labels[is_test]
