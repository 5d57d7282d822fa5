"""클래스마다 폴더가 있는 이미지 모음(폴더 또는 zip)을 32×32 배열로 읽습니다."""

from collections import defaultdict
from pathlib import Path, PurePosixPath

import numpy as np

from course_utils.data.file_trees import files_of
from course_utils.data.pictures import reason, to_pixels

SIDE = 32
ENDINGS = {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm"}


def is_image_collection(path):
    """클래스 폴더가 둘 이상 든 폴더나 zip이면 참입니다."""
    path = Path(path)
    try:
        with files_of(path) as files:
            # 두 번째 클래스를 만나면 멈춥니다: CIFAR-10의 zip에는 파일이 60,000개 있습니다.
            first = next(files, (None,))[0]
            return any(name != first for name, *_ in files)
    except (OSError, ValueError):  # 없는 폴더, zip이 아니거나 목차가 상한 파일
        return False


def holds_classes(folder):
    """바로 아래(또는 train 아래)에 이미지가 든 폴더가 둘 이상이면 참입니다.

    다른 데이터가 섞인 큰 폴더를 내 사진으로 알고 모두 뒤지지 않도록 한 층만 봅니다.
    """
    base = folder / "train" if (folder / "train").is_dir() else folder

    def holds_images(child):
        try:
            files = child.iterdir() if child.is_dir() else ()
            return any(file.suffix.lower() in ENDINGS for file in files)
        except OSError:  # 열 권한이 없는 폴더
            return False

    return sum(map(holds_images, base.iterdir())) >= 2


def read_image_collection(path, *, max_train=None, max_test=None, side=SIDE):
    """`(학습 이미지, 레이블, 시험 이미지, 레이블, 클래스 이름들, 알림들)`을 돌려줍니다.

    `클래스/파일` 또는 `train/클래스/파일`과 `test/클래스/파일` 꼴을 읽습니다. train과 test로
    나뉘어 있지 않으면 클래스마다 다섯 장에 한 장을 시험에 씁니다. 이미지는 가운데 정사각형을 잘라
    `side`로 줄인 uint8 `(N, side, side, 3)`입니다. `max_train`, `max_test`는 클래스마다 같은 수로
    나누어 앞에서부터 읽을 장수입니다.

    읽지 못한 파일은 건너뛰고 알림에 이름을 적습니다. 쓸 수 있는 클래스가 둘보다 적거나 학습이나
    시험에 한 장도 없으면 ValueError를 냅니다.
    """
    with files_of(Path(path)) as files:
        groups, skipped = _group(files)
        names = sorted({name for name, _ in groups})
        limits = {"train": max_train, "test": max_test}
        images, labels, odd = {"train": [], "test": []}, {"train": [], "test": []}, defaultdict(int)
        for (name, part), members in sorted(groups.items()):
            limit = limits[part] and -(-limits[part] // len(names))
            taken = 0
            for label, read in members:
                if limit and taken == limit:
                    break
                try:
                    pixels, kind = to_pixels(read(), side=side)
                except Exception as error:  # 상한 파일은 무엇이든 낼 수 있습니다.
                    skipped.append(f"{label}({reason(error)})")
                    continue
                odd[kind] += kind is not None
                images[part].append(pixels)
                labels[part].append(names.index(name))
                taken += 1
    for label in set(labels["train"]) - set(labels["test"]):
        # 시험에 쓰려던 파일을 읽지 못했습니다. 학습의 마지막 것을 대신 씁니다.
        if labels["train"].count(label) > 1:
            last = len(labels["train"]) - 1 - labels["train"][::-1].index(label)
            labels["test"].append(labels["train"].pop(last))
            images["test"].append(images["train"].pop(last))
    if len(names) < 2 or not all(len(set(part)) == len(names) for part in labels.values()):
        raise ValueError(
            f"{path}: 클래스 폴더가 둘 이상이고 클래스마다 읽을 수 있는 이미지가 두 장 이상이어야 "
            f"합니다. 찾은 클래스: {', '.join(names) or '없음'}. {_tell_skipped(skipped)}"
        )
    notes = [f"{kind} {count}장을 바꾸어 읽었습니다." for kind, count in odd.items() if kind]
    arrays = [np.array(part[key]) for key in ("train", "test") for part in (images, labels)]
    return *arrays, tuple(names), notes + [_tell_skipped(skipped)] * bool(skipped)


def _group(files):
    """{(클래스, "train" 또는 "test"): 파일들}과, 이미지가 아니어서 건너뛴 파일의 이름들입니다."""
    by_class, skipped = defaultdict(list), []
    for name, split, label, read in files:
        if PurePosixPath(label).suffix.lower() in ENDINGS:
            by_class[name].append((split, label, read))
        else:
            skipped.append(f"{label}(이미지가 아님)")
    already_split = {split for members in by_class.values() for split, *_ in members}
    groups = defaultdict(list)
    for name, members in by_class.items():
        for number, (split, label, read) in enumerate(members):
            if already_split >= {"train", "test"}:
                part = split or "train"
            else:
                part = "test" if number % 5 == 4 or number == len(members) - 1 else "train"
            groups[name, part].append((label, read))
    return groups, skipped


def _tell_skipped(skipped):
    if not skipped:
        return ""
    more = f" 외 {len(skipped) - 3}개" if len(skipped) > 3 else ""
    return f"건너뛴 파일 {len(skipped)}개: {', '.join(skipped[:3])}{more}."
