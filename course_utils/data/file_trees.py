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
RESPLIT = "클래스마다 5장에 1장을 테스트에 썼습니다."


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
    folders, skipped, notes = _gather(files)
    folders, top = _unwrap(folders)
    train, test = _given_split(folders, notes)
    if top and not test:
        told = "이어서 그 안의 폴더를 클래스로 읽었습니다."
        notes.append(f"{top} 폴더 하나뿐{f'입니다. {RESPLIT}' if split_of(top) else told}")
    groups, outside, deeper = defaultdict(list), [], []
    for part, folders in (("train", train), ("test", test)):
        for folder, photos in folders.items():
            if folder and photos:
                groups[folder[0], part] += photos
            if len(folder) != 1:
                (deeper if folder else outside).extend(photos)
    notes += _tell("클래스 폴더의 밖에 있어 쓰지 않은 사진이", outside)
    notes += _tell("맨 위 폴더의 클래스로 읽은, 더 안쪽 폴더의 사진이", deeper)
    names = {name for name, _ in groups}
    if empty := {folder[0] for folder in (*train, *test) if folder} - names:
        notes.append(f"쓸 수 있는 사진이 없어 클래스에서 뺀 폴더: {', '.join(sorted(empty))}.")
    if not test:  # 5장에 1장, 적어도 마지막 한 장
        for name in names:
            photos = groups[name, "train"]
            groups[name, "test"] = [*photos[4:-1:5], photos.pop()]
            del photos[4::5]
    return groups, skipped, notes


def _tell(sentence, photos):
    return [f"{sentence} {len(photos)}장 있습니다(예: {photos[0][0]})."] if photos else []


def _gather(files):
    """`{폴더의 이름들: [(자리, 읽는 함수)]}`, 건너뛴 파일들, 알림들입니다. 빈 폴더도 듭니다."""
    folders, skipped, phone = defaultdict(list), [], []
    named = [(tuple(map(readable, names)), read) for names, read in files]
    for names, read in sorted(named, key=lambda file: file[0]):
        photos, label = folders[names[:-1] if read else names], "/".join(names)
        ending = PurePosixPath(label).suffix.lower()
        if read and ending in ENDINGS:
            photos.append((label, read))
        elif read and ending in OTHER_PHOTOS:
            phone.append((label, read))
        elif read and len(names) > 1:  # 맨 위의 설명 글은 지나칩니다.
            skipped.append(f"{label}({'이미지가 아님' if ending else '확장자가 없음'})")
    return folders, skipped, [f"{note} {pictures.TO_JPEG}." for note in _tell("HEIC·AVIF가", phone)]


def _merge(pairs):
    """`(폴더의 이름들, 사진들)`에서 이름이 같은 것을 합칩니다."""
    merged = defaultdict(list)
    for folder, photos in pairs:
        merged[folder] += photos
    return merged


def _used(folders):
    """사진이 든 폴더들입니다. 맨 위는 뺍니다."""
    return [folder for folder, photos in folders.items() if folder and photos]


def _unwrap(folders, top=""):
    """사진이 모두 폴더 하나의 폴더들에 있으면 벗깁니다. 마지막에 벗긴 이름도 돌려줍니다."""
    used = _used(folders)
    if len({folder[0] for folder in used}) != 1 or max(map(len, used)) == 1:
        return folders, top
    top = used[0][0]
    inside = ((folder[1:], photos) for folder, photos in folders.items()
              if folder[:1] in ((), (top,)))  # fmt: skip
    return _unwrap(_merge(inside), top)


def _given_split(folders, notes):
    """폴더 이름으로 나뉜 `(학습, 테스트)`의 폴더들입니다. 나뉘어 있지 않으면 테스트는 빕니다."""
    used = _used(folders)
    tops, seconds = ({folder[depth]: split_of(folder[depth]) for folder in used
                      if len(folder) > depth} for depth in (0, 1))  # fmt: skip
    is_deep = any(tops[folder[0]] and len(folder) > 1 for folder in used)
    # 다른 폴더와 나란히 있는 train 하나(기차)는 클래스입니다.
    if sum([is_deep, _is_pair(tops), all(tops.values())]) >= 2:
        depth, kinds = 0, tops
    elif _is_pair(seconds):  # 클래스/train/파일
        depth, kinds = 1, seconds
    else:
        return folders, {}
    split = {kind: defaultdict(list) for kind in ("train", "test", "valid", None)}
    for folder, photos in folders.items():
        kind = kinds.get(folder[depth]) if len(folder) > depth else None
        inside = folder[:depth] + folder[depth + 1 :]
        # seg_train/seg_train/클래스
        while kind and len(inside) > bool(photos) and split_of(inside[0]) == kind:
            inside = inside[1:]
        split[kind][inside] += photos
    given = [kind for kind in ("train", "test", "valid") if _used(split[kind])][:2]
    for kind in given:
        if len(names := sorted(name for name in kinds if kinds[name] == kind)) > 1:
            notes.append(f"같은 뜻의 폴더를 합쳤습니다: {', '.join(names)}.")
    rest = [photo for kind in split if kind not in given
            for photos in split[kind].values() for photo in photos]  # fmt: skip
    notes += _tell("학습·테스트로 나뉜 폴더의 밖에 있어 쓰지 않은 사진이", rest)
    if "train" not in given or len(given) < 2:
        notes.append(f"학습과 테스트가 함께 있지 않습니다. {RESPLIT}")
        return _merge(pair for kind in given for pair in split[kind].items()), {}
    if given[1] == "valid":
        notes.append("테스트 폴더가 없어 검증 폴더를 테스트에 썼습니다.")
    return split["train"], split[given[1]]


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
    bases = [folder, *(each for each in folder.iterdir() if split_of(each.name))]
    photos = [[file for file in base.glob("*/*") if is_photo(file.name)] for base in bases]
    return any(len({file.parent for file in files if not is_hidden(file.parent.name)}) > 1
               for files in photos)  # fmt: skip


def read_image_collection(path, *, max_train=None, max_test=None, side=32, convert=None):
    """`(학습 이미지, 레이블, 테스트 이미지, 레이블, 클래스 이름들, 알림들)`을 돌려줍니다.

    맨 위 폴더가 클래스이고, train과 test 따위로 나뉘어 있으면 그 안의 맨 위 폴더가 클래스입니다.
    나뉘어 있지 않으면 클래스마다 5장에 1장을 테스트에 씁니다. 이미지는 `convert`가 PIL의 RGB
    이미지를 바꾼 배열이고, 없으면 가운데 정사각형을 `side`로 줄인 uint8 `(N, side, side, 3)`입니다.
    `max_train`, `max_test`는 클래스마다 같은 수로 나누어 앞에서부터 읽을 장수입니다.

    읽지 못한 파일은 건너뛰고 알림에 이름을 적습니다. 쓸 수 있는 클래스가 둘보다 적거나
    학습이나 테스트에 한 장도 없는 클래스가 있으면 ValueError를 냅니다.
    """
    convert = convert or partial(pictures.fit_square, side=side)
    limits, images, kinds = {"train": max_train, "test": max_test}, defaultdict(list), Counter()
    with files_of(Path(path)) as files:
        groups, skipped, notes = arrange(files)
        names = sorted({name for name, _ in groups})
        for (name, part), photos in sorted(groups.items()):
            limit = limits[part] and -(-limits[part] // len(names))
            for label, read in photos:
                if limit and len(images[part, name]) == limit:
                    break
                try:
                    image, kind = pictures.decode(read(), side=side)
                    images[part, name].append(convert(image))
                except Exception as error:  # 상한 파일은 무엇이든 낼 수 있습니다.
                    skipped.append(f"{label}({pictures.reason(error)})")
                    continue
                kinds[kind] += kind is not None
    for name in names:
        train, test = images["train", name], images["test", name]
        if len(train) > 1 and not test:  # 테스트에 쓰려던 파일을 읽지 못했거나 없었습니다.
            test.append(train.pop())
            notes.append(f"{name}: 테스트할 사진이 없어 학습의 마지막 사진을 썼습니다.")
    notes += [f"{kind} {count}장을 바꾸어 읽었습니다." for kind, count in kinds.items() if kind]
    if skipped:
        more = f" 외 {len(skipped) - 3}개" if len(skipped) > 3 else ""
        notes.append(f"건너뛴 파일 {len(skipped)}개: {', '.join(skipped[:3])}{more}.")
    lacking = [name for name in names if not all(images[part, name] for part in limits)]
    if len(names) < 2 or lacking:
        raise ValueError(
            f"{path}: 클래스 폴더가 둘 이상이고 클래스마다 읽을 수 있는 이미지가 두 장 이상이어야 "
            f"합니다. 찾은 클래스: {', '.join(names) or '없음'}."
            + f" 모자란 클래스: {', '.join(lacking)}." * bool(lacking)
            + f" {' '.join(notes)}"
        )
    arrays = []
    for part in limits:
        arrays.append(np.stack([image for name in names for image in images[part, name]]))
        counts = [len(images[part, name]) for name in names]
        arrays.append(np.repeat(np.arange(len(names)), counts))
    return *arrays, tuple(names), notes
