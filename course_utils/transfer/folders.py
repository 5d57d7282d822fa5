"""클래스마다 폴더가 있는 내 사진을, 지금 쓰는 망이 받는 크기로 읽습니다."""

from pathlib import Path

import torch

from course_utils.data import ImageData
from course_utils.data.image_files import read_image_collection
from course_utils.transfer.classifier import Classifier, prepare


def load_folder(
    path: str | Path, *, classifier: Classifier, max_train: int = 800, max_test: int = 200
) -> ImageData:
    """`클래스/파일` 꼴의 폴더나 그 zip을 읽습니다. 이미지는 망의 변환을 지난 `(N, 3, S, S)`입니다.

    `load_photos`와 같은 규칙입니다: train과 test로 나뉘어 있지 않으면 다섯 장에 한 장을 시험에
    쓰고, 읽지 못한 파일은 건너뛰고 "주의:" 줄로 알립니다. 없는 경로이거나, 클래스가 둘보다 적거나,
    클래스에 읽을 수 있는 사진이 두 장보다 적으면 ValueError를 냅니다.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise ValueError(f"{path} 폴더가 없습니다. 클래스마다 폴더가 든 폴더의 경로를 적으십시오.")
    *parts, names, notes = read_image_collection(
        path, max_train=max_train, max_test=max_test, side=classifier.transform.resize_size[0]
    )
    if notes:
        print("주의:", " ".join(notes))
    tensors = [
        torch.from_numpy(part) if part.ndim == 1 else prepare(classifier, part) for part in parts
    ]
    note = f"내 사진(학습 {len(tensors[1]):,}장, 시험 {len(tensors[3]):,}장): {', '.join(names)}"
    print(note)
    return ImageData(*tensors, names, path.name, "folder", note)
