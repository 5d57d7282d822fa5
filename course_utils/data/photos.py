"""컬러 사진을 준비합니다: 저장된 CIFAR-10이나 내 사진 폴더, 내려받은 CIFAR-10, 내장 사진 조각."""

from hashlib import md5
from itertools import chain
from pathlib import Path

import numpy as np
import torch

from course_utils.checkpoint import write_atomically
from course_utils.data.file_trees import (
    holds_classes,
    is_image_collection,
    read_image_collection,
)
from course_utils.data.photo_patches import cut_photos
from course_utils.data.sources import announce, choose_folder, fetch, is_offline

BATCHES = "cifar-10-batches-py"  # torchvision이 압축을 푼 폴더
ARCHIVE = "cifar-10-python.tar.gz"
EMBEDDED = (
    "scikit-image와 scikit-learn에 든 사진 10장에서 자른 조각입니다. CIFAR-10을 쓰려면 인터넷에 "
    "연결하거나 COURSE_DATA 폴더에 넣으십시오(data/README.md)."
)


def load_photos(*, root=None, offline=None, time_limit=120.0, max_train=None, max_test=None):
    """컬러 사진을 `ImageData`로 돌려주고, 어떤 데이터인지 한 줄로 알립니다.

    `root`(없으면 환경 변수 COURSE_DATA, 그것도 없으면 저장소의 data/)에서 다음을 차례로 찾습니다:
    torchvision이 푼 `cifar-10-batches-py`, 그 압축 파일 `cifar-10-python.tar.gz`, 클래스 폴더가 든
    `cifar10*` 폴더나 zip, 그리고 `root` 자신(클래스마다 폴더가 있는 내 사진). 없으면
    `time_limit`초 안에 CIFAR-10(170 MB)을 내려받고, 그것도 안 되면 scikit-image와 scikit-learn에 든
    사진의 조각을 쓰며 이유를 "주의:" 줄로 알립니다.

    이미지는 0~1인 float32 `(N, 3, 32, 32)`입니다. `max_train`, `max_test`를 주면 클래스마다 같은
    수로 나누어 그만큼만 읽습니다. 내 사진을 하나도 쓸 수 없으면 ValueError를 냅니다.
    """

    def find(folder):
        return find_photos(folder, is_own=root is not None)

    def read(place):
        if place.name in (BATCHES, ARCHIVE):
            return _few(_read_cifar10(place), max_train, max_test)
        *parts, notes = read_image_collection(place, max_train=max_train, max_test=max_test)
        problems.extend(notes)
        return parts

    folder, problems = choose_folder(root, find, "CIFAR-10이나 클래스 폴더가")
    parts, place = None, find(folder)
    if place:
        name = "CIFAR-10" if place.name.startswith(("cifar10", BATCHES, ARCHIVE)) else place.name
        copy = " CIFAR-10의 JPEG 사본입니다." * place.name.startswith("cifar10")
        source, told = "cache", f"{place.name}에서 읽었습니다.{copy}"
        try:
            parts = read(place)
        except (OSError, RuntimeError) as error:
            problems.append(f"{place}을(를) 읽지 못했습니다({error}).")
    if parts is None:
        name, source, told = "CIFAR-10", "download", "CIFAR-10을 방금 내려받았습니다."
        try:
            _download(folder, is_offline(offline), time_limit)
            parts = read(folder / ARCHIVE)
        except (OSError, RuntimeError) as error:
            problems.append(str(error))
            name, source, told = "사진 조각", "embedded", EMBEDDED
            parts = _few(cut_photos(), max_train, max_test)
    *arrays, names = parts
    return announce([*map(_as_tensor, arrays)], names, name, source, told, problems)


def scale_photos(images):
    """0~1 픽셀을 평균 0, 표준편차 1에 가깝게 바꿉니다: (x − 0.5) / 0.25"""
    return (images - 0.5) / 0.25


def find_photos(folder, *, is_own=False):
    """`folder`에서 읽을 것의 경로입니다. 없으면 None입니다.

    다른 데이터가 섞인 큰 폴더를 내 사진으로 알고 모두 뒤지지 않도록, 내 사진이라고 준 폴더
    (`is_own`)가 아니면 클래스 폴더를 한 층만 봅니다.
    """
    if folder.is_file():
        return folder if folder.name == ARCHIVE or is_image_collection(folder) else None
    if not folder.is_dir():
        return None
    originals = filter(Path.exists, (folder / BATCHES, folder / ARCHIVE))
    copies = filter(is_image_collection, sorted(folder.glob("cifar10*")))
    own = filter(is_image_collection if is_own else holds_classes, (folder,))
    return next(chain(originals, copies, own), None)


def _read_cifar10(place):
    """torchvision이 체크섬(md5)을 확인하고 읽습니다. 압축 파일이면 먼저 풉니다.

    틀리면 RuntimeError입니다.
    """
    from torchvision.datasets import CIFAR10
    from torchvision.datasets.utils import check_integrity

    is_archive = place.name == ARCHIVE
    if is_archive and not check_integrity(place, CIFAR10.tgz_md5):
        raise RuntimeError("md5가 CIFAR-10의 것과 다릅니다. 지우고 다시 받으십시오")
    train, test = (CIFAR10(place.parent, train=flag, download=is_archive) for flag in (True, False))
    return (train.data, np.array(train.targets), test.data, np.array(test.targets),
            tuple(train.classes))  # fmt: skip


def _few(parts, *limits):
    """학습과 테스트에서 클래스마다 앞에서부터 같은 수만 남깁니다."""
    *arrays, names = parts
    few = []
    for images, labels, limit in zip(arrays[::2], arrays[1::2], limits, strict=True):
        if limit is not None:
            each = -(-limit // len(names))
            kept = np.hstack([np.flatnonzero(labels == i)[:each] for i in range(len(names))])
            images, labels = images[kept], labels[kept]
        few += [images, labels]
    return *few, names


def _download(folder, offline, time_limit):
    """압축 파일을 메모리로 받아 검사한 뒤 저장합니다."""
    from torchvision.datasets import CIFAR10

    if offline:
        raise ConnectionError("오프라인으로 정해져 있어 CIFAR-10을 내려받지 않았습니다.")
    print(f"CIFAR-10(170 MB)을 내려받습니다. 길어도 {time_limit:g}초까지 기다립니다.", flush=True)
    try:
        content = fetch(CIFAR10.url, time_limit)
    except ConnectionError as error:
        raise ConnectionError(
            f"CIFAR-10을 내려받지 못했습니다({error}). 연결을 확인하거나 time_limit을 늘리십시오."
        ) from error
    if md5(content, usedforsecurity=False).hexdigest() != CIFAR10.tgz_md5:
        raise ConnectionError("받은 CIFAR-10이 온전하지 않아(md5가 다름) 쓰지 않았습니다.")
    write_atomically(folder / ARCHIVE, content)


def _as_tensor(array):
    if array.ndim == 1:
        return torch.from_numpy(array).long()
    channels_first = torch.from_numpy(np.ascontiguousarray(array)).permute(0, 3, 1, 2)
    return channels_first.contiguous().float().div_(255)
