"""클래스마다 폴더가 있는 이미지 모음(폴더 또는 zip)을 32×32 배열로 읽습니다."""

import io
import warnings
from collections import defaultdict
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image, ImageOps

from course_utils.data.file_trees import Unfit, files_of

SIDE = 32
SMALLEST = 8  # 한 변의 픽셀 수. 전체 픽셀 수는 Pillow의 한도(8,900만)를 따릅니다.
ENDINGS = {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm"}
# 확장자와 내용이 달라도 됩니다. 그 밖의 형식은 다른 프로그램을 부르기도 하므로(EPS) 열지 않습니다.
FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "PPM")


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
                    skipped.append(f"{label}({_reason(error)})")
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


def to_pixels(content, *, side=SIDE):
    """이미지 파일의 내용을 uint8 `(side, side, 3)`과 바꾼 종류(없으면 None)로 돌려줍니다."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with _open(content) as image:
            if min(image.size) < SMALLEST:
                raise Unfit(f"{image.width}×{image.height}은 너무 작음")
            kind = None
            if getattr(image, "n_frames", 1) > 1:
                kind = "움직이는 그림의 첫 장"
            elif image.mode not in {"RGB", "P"}:
                known = {"L": "흑백", "1": "흑백", "CMYK": "CMYK"}
                kind = known.get(image.mode, f"{image.mode} 형식")
            image.draft("RGB", (4 * side, 4 * side))  # 큰 JPEG은 처음부터 작게 풉니다.
            upright = ImageOps.exif_transpose(image)
        # JPEG의 경고는 EXIF가 상했다는 것뿐이지만 TIFF에서는 그림의 크기와 자리도 못 믿습니다.
        if warned and image.format == "TIFF":
            raise Unfit("내용이 깨짐")
    return _to_square(upright, side), kind


def _open(content):
    image = Image.open(io.BytesIO(content), formats=FORMATS)
    if image.format != "PNG":
        return image
    image.verify()  # Pillow는 그림을 풀 때 검사합(CRC)을 보지 않습니다. 확인한 뒤에는 다시 엽니다.
    return Image.open(io.BytesIO(content), formats=FORMATS)


def _to_square(image, side):
    if image.mode.startswith("I") or image.mode == "F":
        image = _to_bytes(np.asarray(image))
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert("RGB")
    if image.size != (side, side):
        image = ImageOps.fit(image, (side, side), Image.Resampling.BICUBIC)
    return np.array(image)


def _to_bytes(values):
    """16비트와 실수 흑백을 8비트로 바꿉니다. Pillow가 그대로 바꾸면 모두 흰색이거나 검정입니다."""
    scale = 1 / 256
    if np.issubdtype(values.dtype, np.floating):  # 실수는 0~1일 수도, 0~255일 수도 있습니다.
        values = np.nan_to_num(values)
        scale = 255 if values.max() <= 1 else 1
    return Image.fromarray((values * scale).clip(0, 255).astype(np.uint8))


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


def _reason(error):
    if isinstance(error, Image.UnidentifiedImageError):
        return "이미지로 읽을 수 없음"
    if isinstance(error, Image.DecompressionBombError | Image.DecompressionBombWarning):
        return "너무 큼"
    if isinstance(error, MemoryError):
        return "메모리가 모자람"
    return str(error) if isinstance(error, Unfit) else "내용이 깨짐"


def _tell_skipped(skipped):
    if not skipped:
        return ""
    more = f" 외 {len(skipped) - 3}개" if len(skipped) > 3 else ""
    return f"건너뛴 파일 {len(skipped)}개: {', '.join(skipped[:3])}{more}."
