"""클래스마다 폴더가 있는 사진 모음(폴더 또는 zip)을 배열로 읽습니다."""

from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np

from course_utils.data.file_trees import arrange, files_of, is_hidden, is_photo, split_of
from course_utils.data.pictures import decode, fit_square, reason, to_pixels

__all__ = ["holds_classes", "is_image_collection", "read_image_collection", "to_pixels"]


def is_image_collection(path):
    """클래스 폴더가 둘 이상 든 폴더나 zip이면 참입니다."""
    try:
        with files_of(Path(path)) as files:
            return len({name for name, _ in arrange(files)[0]}) > 1
    except (OSError, ValueError):  # 없는 폴더, zip이 아니거나 목차가 상한 파일
        return False


def holds_classes(folder):
    """바로 아래(또는 train 따위의 아래)에 이미지가 든 폴더가 둘 이상이면 참입니다.

    다른 데이터가 섞인 큰 폴더를 내 사진으로 알고 모두 뒤지지 않도록 한 층만 봅니다.
    """

    def folders_of(base):
        return [each for each in base.iterdir() if each.is_dir() and not is_hidden(each.name)]

    def holds_images(child):
        try:
            return any(is_photo(file.name) for file in child.iterdir())
        except OSError:  # 열 권한이 없는 폴더
            return False

    bases = [folder, *(each for each in folders_of(folder) if split_of(each.name))]
    return any(sum(map(holds_images, folders_of(base))) > 1 for base in bases)


def read_image_collection(path, *, max_train=None, max_test=None, side=32, convert=None):
    """`(학습 이미지, 레이블, 테스트 이미지, 레이블, 클래스 이름들, 알림들)`을 돌려줍니다.

    맨 위 폴더가 클래스이고, train과 test 따위로 나뉘어 있으면 그 안의 맨 위 폴더가 클래스입니다.
    나뉘어 있지 않으면 클래스마다 다섯 장에 한 장을 테스트에 씁니다. 이미지는 `convert`가 PIL의 RGB
    이미지를 바꾼 배열이고, 없으면 가운데 정사각형을 `side`로 줄인 uint8 `(N, side, side, 3)`입니다.
    `max_train`, `max_test`는 클래스마다 같은 수로 나누어 앞에서부터 읽을 장수입니다.

    읽지 못한 파일은 건너뛰고 알림에 이름을 적습니다. 쓸 수 있는 클래스가 둘보다 적거나
    학습이나 테스트에 한 장도 없는 클래스가 있으면 ValueError를 냅니다.
    """
    convert = convert or partial(fit_square, side=side)
    limits, read_photos, kinds = {"train": max_train, "test": max_test}, {}, Counter()
    with files_of(Path(path)) as files:
        groups, skipped, notes = arrange(files)
        names = sorted({name for name, _ in groups})
        for (name, part), members in sorted(groups.items()):
            limit = limits[part] and -(-limits[part] // len(names))
            images = read_photos[part, name] = []
            for label, read in members:
                if limit and len(images) == limit:
                    break
                try:
                    image, kind = decode(read(), side=side)
                    images.append(convert(image))
                except Exception as error:  # 상한 파일은 무엇이든 낼 수 있습니다.
                    skipped.append(f"{label}({reason(error)})")
                    continue
                kinds[kind] += kind is not None
    for name in names:
        train, test = (read_photos.setdefault((part, name), []) for part in ("train", "test"))
        if len(train) > 1 and not test:  # 테스트에 쓰려던 파일을 읽지 못했거나 없었습니다.
            test.append(train.pop())
            notes.append(f"{name}: 테스트할 사진이 없어 학습의 마지막 사진을 썼습니다.")
    lacking = [name for name in names if not all(read_photos[part, name] for part in limits)]
    if len(names) < 2 or lacking:
        raise ValueError(
            f"{path}: 클래스 폴더가 둘 이상이고 클래스마다 읽을 수 있는 이미지가 두 장 이상이어야 "
            f"합니다. 찾은 클래스: {', '.join(names) or '없음'}."
            + f" 모자란 클래스: {', '.join(lacking)}." * bool(lacking)
            + f" {' '.join(notes)} {_tell_skipped(skipped)}"
        )
    arrays = []
    for part in limits:
        arrays.append(np.stack([image for name in names for image in read_photos[part, name]]))
        arrays.append(np.repeat(np.arange(len(names)), [len(read_photos[part, name])
                                                        for name in names]))  # fmt: skip
    notes += [f"{kind} {count}장을 바꾸어 읽었습니다." for kind, count in kinds.items() if kind]
    return *arrays, tuple(names), notes + [_tell_skipped(skipped)] * bool(skipped)


def _tell_skipped(skipped):
    if not skipped:
        return ""
    more = f" 외 {len(skipped) - 3}개" if len(skipped) > 3 else ""
    return f"건너뛴 파일 {len(skipped)}개: {', '.join(skipped[:3])}{more}."
