"""클래스마다 폴더가 있는 폴더나 zip에서 사진을 찾아, 학습과 테스트로 나눈 배열로 읽습니다.

클래스는 torchvision의 ImageFolder처럼 맨 위 폴더이고, 그 아래의 것은 모두 그 클래스입니다. zip은
풀지 않고 메모리에서 읽으므로, 이름에 `../`가 들어 있어도 밖에 파일을 쓰지 않습니다.
"""

import os
import re
import unicodedata
import zipfile
from collections import Counter, defaultdict
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np

from course_utils.data import pictures

HIDDEN = {"thumbs.db", "desktop.ini", "@eadir", "lost+found", "system volume information"}
ENDINGS = {".jpg", ".jpeg", ".jfif", ".jpe", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff",
           ".ppm"}  # fmt: skip
OTHER_PHOTOS = {".heic", ".heif", ".avif"}
# Keras, Kaggle 등에서 쓰는 이름들입니다: training_set, seg_test, val2017, train_images, 검증용 …
SPLITS = {
    kind: re.compile(f"(seg|data(set)?|images?)?({words})(용|s?et|split|data(set)?|images?|imgs?"
                     "|folder|데이터|데이터셋|이미지|사진|세트|셋)*")
    for kind, words in {
        "train": "train(ing)?|학습|훈련",
        "valid": "val|valid(ation)?|dev|eval(uation)?|holdout|검증|평가",
        "test": "test(ing)?|테스트|시험",
    }.items()
}  # fmt: skip


class Item(NamedTuple):
    """파일이나 폴더 하나입니다. 폴더와 사진이 아닌 파일은 `read`가 None입니다."""

    parts: tuple
    label: str
    read: object


def is_hidden(name):
    """운영 체제와 편집기가 남긴 파일이나 폴더의 이름이면 참입니다. 데이터로 읽지 않습니다."""
    return name.startswith((".", "__", "$")) or name.lower() in HIDDEN


def is_photo(name):
    """읽을 수 있는 사진의 확장자이면 참입니다."""
    return PurePosixPath(name).suffix.lower() in ENDINGS


def split_of(name):
    """폴더 이름이 뜻하는 묶음 "train", "valid", "test"입니다. 그런 이름이 아니면 None입니다."""
    letters = re.sub(r"[\W\d_]+", "", name.lower())
    return next((kind for kind, words in SPLITS.items() if words.fullmatch(letters)), None)


def readable(name):
    """화면에 적을 수 있는 이름입니다. UTF-8이 아니면(윈도우의 zip을 푼 것) CP949로 읽습니다.

    맥은 한글을 자모로 풀어 적습니다. 모아야 같은 이름이 되고 그림에서도 흩어지지 않습니다.
    """
    raw = os.fsencode(name)
    for encoding in ("utf-8", "cp949"):
        try:
            return unicodedata.normalize("NFC", raw.decode(encoding))
        except UnicodeError:
            continue
    return raw.decode("utf-8", "replace")


def walk(folder, parts=(), above=()):
    """폴더 아래의 `(이름들, 경로)`를 차례로 냅니다. 폴더이면 경로가 None입니다.

    심볼릭 링크도 따라가되 위로 되돌아가는 것은 지나칩니다. 숨은 것과 열 수 없는 폴더는 뺍니다.
    """
    real = os.path.realpath(folder)
    try:
        entries = [] if real in above else sorted(os.scandir(folder), key=lambda each: each.name)
    except OSError:
        return
    for entry in entries:
        names = (*parts, entry.name)
        if is_hidden(entry.name):
            continue
        if entry.is_dir():
            yield names, None
            yield from walk(entry.path, names, (*above, real))
        elif entry.is_file() or entry.is_symlink():  # 끊긴 링크도 읽어 보고 알립니다.
            yield names, Path(entry.path)


@contextmanager
def files_of(path):
    """`(이름들, 내용을 읽는 함수나 None)`들을 돌려주고, 다 쓰면 zip을 닫습니다.

    상한 zip이면 ValueError입니다.
    """
    if path.is_dir():
        yield [(names, file and partial(pictures.read_file, file)) for names, file in walk(path)]
        return
    try:
        archive = zipfile.ZipFile(path)
    except (FileNotFoundError, PermissionError):
        raise
    except Exception as error:  # 상한 목차는 무엇이든 낼 수 있습니다.
        raise ValueError(
            f"{path}: zip 파일이 아니거나 상했습니다. 다시 받거나 압축을 푼 폴더를 주십시오."
        ) from error
    with archive:
        found = []
        for info in archive.infolist():
            names = PurePosixPath(_name_in_zip(info).lstrip("/")).parts
            is_file = not info.filename.endswith("/")  # is_dir()는 이름이 빈 것에서 오류를 냅니다.
            if names and not any(map(is_hidden, names)):
                found.append((names, partial(_read_member, archive, info) if is_file else None))
        yield found


def _read_member(archive, info):
    if info.flag_bits & 1:
        raise pictures.Unfit("암호가 걸린 zip. 압축을 푼 폴더를 주십시오")
    if info.file_size > pictures.LARGEST:  # zipfile은 적힌 크기까지만 풉니다.
        raise pictures.Unfit("너무 큼")
    return archive.read(info)


def _name_in_zip(info):
    """윈도우에서 만든 zip의 역슬래시와, UTF-8 표시가 없는 한글 이름(UTF-8이나 CP949)을 읽습니다."""
    name = info.filename
    if not info.flag_bits & 0x800:
        with suppress(UnicodeError):
            name = readable(info.filename.encode("cp437"))
    return name.replace("\\", "/")


def arrange(files):
    """`files_of`의 것을 `{(클래스, "train"이나 "test"): [(자리, 읽는 함수)]}`로 나눕니다.

    함께 돌려주는 것은 건너뛴 파일들("자리(이유)")과, 합치거나 빼거나 새로 나눈 것의 알림들입니다.
    """
    items, skipped, notes = _name(files)
    items, top = _unwrap(items)
    train, test = _given_split(items, notes)
    if not test and split_of(top):
        notes.append(f"{top} 폴더 하나뿐입니다. {RESPLIT}")
    elif not test and top:
        notes.append(f"{top} 폴더 하나뿐이어서 그 안의 폴더를 클래스로 읽었습니다.")
    groups, folders = defaultdict(list), {}
    for part, members in (("train", train), ("test", test)):
        for item in members:
            if len(item.parts) > 1 or not item.read:
                folders[item.parts[0]] = item.label
            if item.read and len(item.parts) > 1:
                groups[item.parts[0], part].append((item.label, item.read))
    photos = [item for item in train + test if item.read]
    notes += _tell("클래스 폴더의 밖에 있어 쓰지 않은 사진이", photos, lambda n: n == 1)
    notes += _tell("맨 위 폴더의 클래스로 읽은, 더 안쪽 폴더의 사진이", photos, lambda n: n > 2)
    if empty := sorted(folders.keys() - {name for name, _ in groups}):
        notes.append(f"쓸 수 있는 사진이 없어 클래스에서 뺀 폴더: {', '.join(empty)}.")
    if not test:  # 다섯 장에 한 장, 적어도 마지막 한 장
        for (name, _), members in list(groups.items()):
            groups[name, "test"] = [*members[4:-1:5], members[-1]]
            groups[name, "train"] = [each for i, each in enumerate(members[:-1]) if i % 5 != 4]
    return groups, skipped, notes


RESPLIT = "클래스마다 다섯 장에 한 장을 테스트에 썼습니다."


def _tell(sentence, items, chosen=lambda depth: True):
    labels = [item.label for item in items if chosen(len(item.parts))]
    return [f"{sentence} {len(labels)}장 있습니다(예: {labels[0]})."] if labels else []


def _name(files):
    """읽을 수 있는 이름을 단 Item들, 건너뛴 파일들, 알림들입니다."""
    items, skipped, phone, spellings = [], [], [], defaultdict(set)
    for names, read in files:
        parts = tuple(map(readable, names))
        for part, name in zip(parts[:-1], names[:-1], strict=True):
            spellings[part].add(name)
        item, ending = Item(parts, "/".join(parts), read), PurePosixPath(parts[-1]).suffix.lower()
        if read and ending in OTHER_PHOTOS:
            phone.append(item)
        elif read and ending not in ENDINGS and len(parts) > 1:
            skipped.append(f"{item.label}({'이미지가 아님' if ending else '확장자가 없음'})")
        if len(parts) > 1 or not read or ending in ENDINGS:  # 맨 위의 설명 글은 지나칩니다.
            items.append(item._replace(read=read if ending in ENDINGS else None))
    notes = [f"{note} {pictures.TO_JPEG}." for note in _tell("HEIC·AVIF가", phone)]
    same = [part for part, names in spellings.items() if len(names) > 1]
    if same:  # 맥의 자모로 푼 이름과 모은 이름
        notes.append(f"글자가 같아 합친 폴더: {', '.join(same)}.")
    return sorted(items, key=lambda item: item.parts), skipped, notes


def _unwrap(items, top=""):
    """사진이 모두 폴더 하나의 폴더들에 있으면 벗깁니다. 마지막에 벗긴 이름도 돌려줍니다."""
    photos = [item.parts for item in items if item.read and len(item.parts) > 1]
    if len({parts[0] for parts in photos}) != 1 or max(map(len, photos)) < 3:
        return items, top
    top = photos[0][0]
    inside = [item._replace(parts=item.parts[1:]) for item in items
              if item.parts[0] == top and len(item.parts) > 1]  # fmt: skip
    return _unwrap(inside + [item for item in items if len(item.parts) == 1 and item.read], top)


def _given_split(items, notes):
    """폴더 이름으로 나뉜 `(학습, 테스트)`의 Item들입니다. 나뉘어 있지 않으면 테스트는 빕니다."""
    photos = [item.parts for item in items if item.read and len(item.parts) > 1]
    kinds = {parts[0]: split_of(parts[0]) for parts in photos}
    is_deep = any(kinds[parts[0]] and len(parts) > 2 for parts in photos)
    signs = [is_deep, _is_pair(kinds), all(kinds.values())]
    if sum(signs) < 2:  # 다른 폴더와 나란히 있는 train 하나(기차)는 클래스입니다.
        kinds = {parts[1]: split_of(parts[1]) for parts in photos if len(parts) > 2}
        if not _is_pair(kinds):
            return items, []
        items = [item._replace(parts=(item.parts[1], item.parts[0], *item.parts[2:]))
                 for item in items if len(item.parts) > 2]  # 클래스/train/파일  # fmt: skip
    split = defaultdict(list)
    for item in items:
        kind, parts = kinds.get(item.parts[0]), item.parts[1:]
        while len(parts) > 2 and kind and split_of(parts[0]) == kind:  # seg_train/seg_train/클래스
            parts = parts[1:]
        if parts:
            split[kind].append(item._replace(parts=parts))
    given = {kind for kind in ("train", "valid", "test")
             if any(item.read and len(item.parts) > 1 for item in split[kind])}  # fmt: skip
    used = [kind for kind in ("train", "test", "valid") if kind in given][:2]
    for kind in used:
        if len(names := sorted(name for name in kinds if kinds[name] == kind)) > 1:
            notes.append(f"같은 뜻의 폴더를 합쳤습니다: {', '.join(names)}.")
    rest = [item for kind in split if kind not in used for item in split[kind] if item.read]
    notes += _tell("학습·테스트로 나뉜 폴더의 밖에 있어 쓰지 않은 사진이", rest)
    if "train" not in used or len(used) < 2:
        notes.append(f"학습과 테스트가 함께 있지 않습니다. {RESPLIT}")
        return [item for kind in used for item in split[kind]], []
    if used[1] == "valid":
        notes.append("테스트 폴더가 없어 검증 폴더를 테스트에 썼습니다.")
    return split[used[0]], split[used[1]]


def _is_pair(kinds):
    return "train" in kinds.values() and bool({"valid", "test"} & set(kinds.values()))


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
    convert = convert or partial(pictures.fit_square, side=side)
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
                    image, kind = pictures.decode(read(), side=side)
                    images.append(convert(image))
                except Exception as error:  # 상한 파일은 무엇이든 낼 수 있습니다.
                    skipped.append(f"{label}({pictures.reason(error)})")
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
