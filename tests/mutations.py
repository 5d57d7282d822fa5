"""파일을 일부러 망가뜨립니다. 같은 시드는 늘 같은 파일을 만듭니다."""

import io
import random
import zipfile

import numpy as np
from PIL import Image

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
ENDINGS = {"JPEG": "jpg", "TIFF": "tif"}
# 길이나 개수를 적은 자리에 들어가면 위험한 값들입니다.
NASTY = (0, 1, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def scene(number, *, size=(40, 48)):
    """위아래와 좌우가 다른 uint8 그림 `(H, W, 3)`입니다. 반만 풀리면 곧 드러납니다."""
    rows, columns = np.mgrid[: size[0], : size[1]]
    waves = [rows * 5 + 20 * number, columns * 5, (rows + columns) * 3 + 7 * number]
    return np.stack(waves, axis=-1).astype(np.uint8)


def image_files(kind):
    """한 형식의 온전한 이미지 파일들입니다. 흔한 선택 사항도 섞습니다."""
    options = {
        "JPEG": [{"quality": 90}, {"quality": 60, "progressive": True}],
        "PNG": [{}, {"mode": "P"}, {"mode": "RGBA"}, {"mode": "I;16"}],
        "GIF": [{"mode": "P"}],
        "BMP": [{}, {"mode": "P"}],
        "WEBP": [{"lossless": True}, {"quality": 80}],
        "TIFF": [{}, {"compression": "tiff_lzw"}, {"compression": "tiff_deflate"}],
        "PPM": [{}, {"mode": "L"}],
    }[kind]
    return [_encode(scene(number), kind, **choice) for number, choice in enumerate(options)]


def _encode(pixels, kind, *, mode="RGB", **options):
    if mode == "I;16":
        image = Image.fromarray(pixels[:, :, 0].astype(np.uint16) * 256)
    else:
        image = Image.fromarray(pixels).convert(mode)
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def zip_file(*, stored=False):
    """클래스 폴더 둘에 PNG가 다섯 장씩 든 zip입니다."""
    method = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(10):
            info = zipfile.ZipInfo(f"{'가나'[number // 5]}/{number}.png")
            archive.writestr(info, _encode(small_scene(number), "PNG"), compress_type=method)
    return buffer.getvalue()


def small_scene(number):
    return scene(number, size=(10, 12))


def zip_pictures():
    """`zip_file`에 든 그림들을 읽은 것입니다."""
    from course_utils.data.pictures import to_pixels

    return [to_pixels(_encode(small_scene(number), "PNG"))[0] for number in range(10)]


# --- 망가뜨리는 법 --------------------------------------------------------------------------------


def flip_bits(content, chance, _):
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 8))):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def truncate(content, chance, _):
    return content[: chance.randrange(len(content))]


def insert(content, chance, _):
    place = chance.randrange(len(content) + 1)
    return content[:place] + chance.randbytes(chance.choice((1, 4, 100))) + content[place:]


def delete(content, chance, _):
    place = chance.randrange(len(content))
    return content[:place] + content[place + chance.choice((1, 2, 4, 50)) :]


def edit_field(content, chance, _):
    """머리말이나 꼬리(zip의 목차)의 한 칸을 고약한 수로 바꿉니다."""
    changed = bytearray(content)
    size, order = chance.choice((2, 4)), chance.choice(("big", "little"))
    field = (chance.choice(NASTY) % (1 << 8 * size)).to_bytes(size, order)
    near = chance.randrange(min(80, len(changed)))
    place = near if chance.random() < 0.7 else max(0, len(changed) - 1 - near)
    changed[place : place + size] = field
    return bytes(changed)


def splice(content, chance, others):
    other = chance.choice(others)
    return content[: chance.randrange(len(content))] + other[chance.randrange(len(other)) :]


def repeat(content, chance, _):
    start = chance.randrange(len(content))
    end = min(len(content), start + chance.choice((4, 60)))
    return content[:end] + content[start:end] * chance.choice((1, 20)) + content[end:]


WAYS = (flip_bits, truncate, insert, delete, edit_field, splice, repeat)


def mutations(files, count, *, seed=0):
    """`(온전한 파일, 망가뜨린 법의 이름, 망가뜨린 파일)`을 `count`개 냅니다."""
    chance = random.Random(seed)
    for number in range(count):
        content = files[number % len(files)]
        way = chance.choice(WAYS)
        yield content, way.__name__, way(content, chance, files)


# --- 판정: 거절했으면 False, 읽었으면 True, 잘못 읽었으면 AssertionError --------------------------


def is_korean(text):
    return any("가" <= letter <= "힣" for letter in str(text))


def refused_in_korean(error):
    assert is_korean(error), repr(error)
    return False


def judge_image(content, *, way, originals):
    """거절하거나, 맞는 모양으로 읽어야 합니다. 끊긴 파일과 모든 PNG는 원래 그림과 같아야 합니다."""
    from course_utils.data.pictures import to_pixels

    try:
        pixels, _ = to_pixels(content)
    except Exception:  # 모음을 읽는 쪽이 건너뛰고 이름을 적습니다(judge_folder).
        return False
    assert pixels.shape == (32, 32, 3)
    assert pixels.dtype == np.uint8
    if way == "truncate" or content.startswith(b"\x89PNG"):
        assert any(np.array_equal(pixels, original) for original in originals)
    return True


def judge_folder(folder, contents):
    """망가진 파일과 온전한 파일이 든 폴더를 읽습니다. 읽지 않은 것은 모두 알림에 세어야 합니다."""
    from course_utils.data.file_trees import read_image_collection

    good = _encode(scene(5), "PNG")
    for name in ("가", "나"):
        (folder / name).mkdir(parents=True)
        for number in range(2):
            (folder / name / f"{number}.png").write_bytes(good)
    for number, content in enumerate(contents):
        (folder / "가" / f"망가짐{number:05}.jpg").write_bytes(content)
    images, _, tests, _, names, notes = read_image_collection(folder)
    assert names == ("가", "나")
    told = " ".join(notes)
    skipped = int(told.partition("건너뛴 파일 ")[2].partition("개")[0] or 0)
    assert len(images) + len(tests) + skipped == len(contents) + 4
    reasons = [part.partition("(")[2] for part in told.partition("건너뛴 파일")[2].split(", ")]
    assert all(is_korean(reason) for reason in reasons if reason)
    return skipped < len(contents)


def judge_zip(path, content, originals):
    """거절하거나, 체크섬이 맞는 원래 그림들만 읽어야 합니다."""
    from course_utils.data.file_trees import is_image_collection, read_image_collection

    path.write_bytes(content)
    is_image_collection(path)
    try:
        images, _, tests, *_ = read_image_collection(path)
    except ValueError as error:
        return refused_in_korean(error)
    for image in [*images, *tests]:
        assert any(np.array_equal(image, original) for original in originals)
    return True
