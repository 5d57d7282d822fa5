"""컬러 사진의 사다리: 내 사진, CIFAR-10, 내장 조각. 나쁜 파일은 이름을 알리고 건너뜁니다."""

import hashlib
import io
import os
import pickle
import socket
import struct
import tarfile
import time
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from servers import local_servers, send
from torchvision.datasets import CIFAR10

from course_utils.data import (
    load_photos,
    photo_patches,
    photos,
    pictures,
    scale_photos,
    sources,
)
from course_utils.data.file_trees import read_image_collection


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    """환경 변수와 저장소의 data/를 떼어 놓습니다. 내려받을 서버는 없어 곧바로 거절됩니다."""
    repository = tmp_path / "저장소"
    repository.mkdir()
    (repository / "pyproject.toml").touch()
    monkeypatch.setattr(sources, "PROJECT_FOLDER", repository)
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.delenv("COURSE_OFFLINE", raising=False)
    monkeypatch.setattr(CIFAR10, "url", "http://127.0.0.1:1/cifar-10-python.tar.gz")


@pytest.fixture
def embedded(monkeypatch):
    """내장 조각을 대신하는 작은 배열입니다. 진짜는 아래에서 따로 확인합니다."""
    images = np.zeros((20, 32, 32, 3), np.uint8)
    labels = np.arange(20) % 10
    parts = (images, labels, images, labels, tuple("가나다라마바사아자차"))
    monkeypatch.setattr(photos, "cut_photos", lambda: parts)


def encode(mode="RGB", size=(40, 40), kind="PNG", color=(200, 30, 90), shade=0x8000, **options):
    colors = {"L": 77, "CMYK": (10, 200, 30, 0), "I;16": shade}
    return content_of(Image.new(mode, size, colors.get(mode, color)), kind, **options)


def content_of(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def write_classes(folder, files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def several(*folders, count=5, **options):
    return {f"{folder}/{i}.png": encode(**options) for folder in folders for i in range(count)}


def zip_of(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


# --- 내 사진 --------------------------------------------------------------------------------------


def test_own_folder_gives_float_images_and_sorted_classes(tmp_path, capsys):
    files = several("파랑", color=(0, 0, 255)) | several("빨강", color=(255, 0, 0))
    data = load_photos(root=write_classes(tmp_path / "내 사진", files))
    assert data.class_names == ("빨강", "파랑")
    assert data.train_images.shape == (8, 3, 32, 32)
    assert data.train_images.dtype == torch.float32
    assert data.train_labels.dtype == torch.int64
    assert data.train_images[0, :, 0, 0].tolist() == [1, 0, 0]
    assert "내 사진" in capsys.readouterr().out


PAIRS = [
    ("train", "test"), ("train", "val"), ("train", "validation"), ("Training", "Testing"),
    ("training_set", "test_set"), ("seg_train/seg_train", "seg_test/seg_test"), ("train", "eval"),
    ("train_images", "test_images"), ("학습", "테스트"), ("학습용 데이터", "시험"),
    ("TRAIN", "검증"), ("사진/train2017", "사진/val2017"), ("훈련", "dev"),
]  # fmt: skip


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
@pytest.mark.parametrize("place", ["{split}/{name}", "{name}/{split}"])
def test_given_split_is_kept_apart(tmp_path, pair, place):
    if place.startswith("{name}") and "/" in pair[0]:
        return
    files = {}
    for split, count, red in zip(pair, (7, 3), (50, 200), strict=True):
        folders = [place.format(split=split, name=name) for name in ("개", "고양이")]
        files |= several(*folders, count=count, color=(red, 0, 0))
    train, train_labels, test, test_labels, names, _ = read_image_collection(
        write_classes(tmp_path / "모음", files)
    )
    assert names == ("개", "고양이")
    assert np.bincount(train_labels).tolist() == [7, 7]
    assert np.bincount(test_labels).tolist() == [3, 3]
    assert (train[:, 0, 0, 0] == 50).all()
    assert (test[:, 0, 0, 0] == 200).all()


GIVEN = ("train/개", "train/새", "test/개", "test/새")


@pytest.mark.parametrize(("files", "names", "told"), [
    # 맨 위 폴더가 클래스입니다(torchvision의 ImageFolder). 맨 위 폴더가 하나뿐이면 벗깁니다.
    (several("개/실내", "개/실외", "고양이/실내"), "개 고양이", "더 안쪽 폴더의 사진이 15장"),
    (several("모음/개", "모음/고양이"), "개 고양이", "모음 폴더 하나뿐"),
    # 다른 클래스와 나란히 있는 train은 기차입니다.
    (several("train", "bus", "plane"), "bus plane train", None),
    (several("train/개", "train/고양이"), "개 고양이", "5장에 1장"),
    (several("test/개", "test/고양이", "val/개", "val/고양이"), "개 고양이", "5장에 1장"),
    (several(*GIVEN, "더/개"), "개 새", "쓰지 않은 사진이 5장"),
    (several(*GIVEN, "val/새"), "개 새", "쓰지 않은 사진이 5장"),
    (several("train/개", "train/새", "train2/개", "val/개", "val/새"), "개 새", "train, train2"),
    # 레이블이 없는 Kaggle의 test
    (several("train/개", "train/새", "test"), "개 새", "쓰지 않은 사진이 5장"),
    (several("개", "새") | {"표지.png": encode()}, "개 새", "밖에 있어 쓰지 않은 사진이 1장"),
    (several("개", "새") | {"토끼/1.HEIC": b"x"}, "개 새", "HEIC·AVIF가 1장"),
    (several("개", "새") | {"토끼/1.HEIC": b"x"}, "개 새", "클래스에서 뺀 폴더: 토끼"),
    (several("개", "새") | {"개/1.avif": b"x"}, "개 새", "JPEG로 내보내고"),
    (several("개", "새") | {"개/아이폰.jpg": b"\0\0\0\x18ftypheic"}, "개 새", "JPEG로 내보내고"),
    (several("개", "새") | {"개/글": b"x"}, "개 새", "개/글(확장자가 없음)"),
    (several("개", "새") | {"개/9.jfif": encode(kind="JPEG")}, "개 새", None),
    (several("개", "새") | {"개/.DS_Store": b"x", "__MACOSX/개/1.png": b"x", "개/._0.png": b"x",
                          ".ipynb_checkpoints/0.png": b"x", "개/Thumbs.db": b"x"}, "개 새", None),
])  # fmt: skip
@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_classes_are_the_first_folders_and_what_departs_is_told(
    tmp_path, files, names, told, packed
):
    place = zip_of(tmp_path / "a.zip", files) if packed else write_classes(tmp_path / "a", files)
    *_, found, notes = read_image_collection(place)
    assert " ".join(found) == names
    assert told in " ".join(notes) if told else notes == []


@pytest.mark.parametrize("folders", [("개", "새"), ("Training/개", "Training/새", "Testing/개")])
def test_course_data_may_be_a_folder_of_classes(tmp_path, monkeypatch, folders):
    monkeypatch.setenv("COURSE_DATA", str(write_classes(tmp_path / "모음", several(*folders))))
    assert load_photos(offline=True).class_names == ("개", "새")


@pytest.mark.parametrize(("files", "told"), [
    (several("train", "test"), r"찾은 클래스: 없음.*밖에 있어 쓰지 않은 사진이 10장"),
    (several("빨강") | {"파랑/1.png": b"x", "파랑/2.png": b"y"},
     r"두 장 이상이어야.*모자란 클래스: 파랑.*이미지로 읽을 수 없음"),
])  # fmt: skip
def test_folder_without_enough_photos_is_explained(tmp_path, files, told):
    with pytest.raises(ValueError, match=told):
        read_image_collection(write_classes(tmp_path / "모음", files))


def test_links_are_followed_but_not_in_circles(tmp_path):
    write_classes(tmp_path / "다른 곳", several("토끼"))
    folder = write_classes(tmp_path / "모음", several("개", "새"))
    (folder / "토끼").symlink_to(tmp_path / "다른 곳" / "토끼")
    (folder / "개" / "위로").symlink_to(folder)
    train, _, test, _, names, _ = read_image_collection(folder)
    assert names == ("개", "새", "토끼")
    assert len(train) + len(test) == 15


def test_names_that_are_not_utf8_are_read_as_cp949(tmp_path):
    for name, content in several("개", "새").items():
        path = os.fsencode(tmp_path) + b"/" + name.encode("cp949")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        Path(os.fsdecode(path)).write_bytes(content)
    data = load_photos(root=tmp_path)
    assert data.class_names == ("개", "새")
    assert data.train_labels.bincount().tolist() == [4, 4]


def test_locked_folder_is_told_as_a_class_without_photos(tmp_path, monkeypatch):
    def scandir(path, real=os.scandir):
        if "토끼" in str(path):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    folder = write_classes(tmp_path / "모음", several("개", "새", "토끼"))
    *_, names, notes = read_image_collection(folder)
    assert (names, notes) == (("개", "새"), ["쓸 수 있는 사진이 없어 클래스에서 뺀 폴더: 토끼."])


@pytest.mark.parametrize("locked", [1, 10])
def test_password_of_a_zip_is_told(tmp_path, locked):
    path = zip_of(tmp_path / "사진.zip", several("개", "새"))
    archive, place = bytearray(path.read_bytes()), 0
    for _ in range(locked):
        place = archive.index(b"PK\1\2", place) + 8
        archive[place] |= 1  # 암호가 걸린 것으로 표시합니다.
    path.write_bytes(archive)
    if locked == 10:
        with pytest.raises(ValueError, match="암호가 걸린 zip"):
            read_image_collection(path)
    else:
        assert "개/0.png(암호가 걸린 zip" in " ".join(read_image_collection(path)[-1])


def test_damaged_file_in_a_zip_is_named_and_skipped(tmp_path, capsys):
    odd = encode(color=(9, 9, 9))
    path = zip_of(tmp_path / "사진.zip", several("빨강", "파랑") | {"빨강/상함.png": odd})
    archive = bytearray(path.read_bytes())
    archive[archive.index(odd) + len(odd) // 2] ^= 1  # 압축하지 않고 담겨 있습니다.
    path.write_bytes(archive)
    data = load_photos(root=path)
    assert "건너뛴 파일 1개: 빨강/상함.png(내용이 깨짐)" in capsys.readouterr().out
    assert len(data.train_labels) + len(data.test_labels) == 10


def test_zip_with_a_damaged_directory_is_told(tmp_path, embedded, capsys):
    path = zip_of(tmp_path / "사진.zip", several("빨강", "파랑"))
    path.write_bytes(path.read_bytes().replace(b"PK\1\2", b"PK\1\3"))
    assert load_photos(root=path, offline=True).source == "embedded"
    assert f"root에 적은 {path}" in capsys.readouterr().out


def test_declared_size_of_billions_is_told_as_too_large(tmp_path, capsys):
    content = bytearray(encode())
    content[16:24] = struct.pack(">II", 60_000, 60_000)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    files = several("빨강", "파랑") | {"빨강/거대.png": bytes(content)}
    load_photos(root=write_classes(tmp_path / "사진", files))
    assert "빨강/거대.png(너무 큼)" in capsys.readouterr().out


def tiff_with_an_empty_second_page():
    """첫 장은 멀쩡하지만 둘째 장에 너비와 높이가 없는 TIFF입니다."""
    content = bytearray(encode(kind="TIFF"))
    (page,) = struct.unpack_from("<I", content, 4)
    (entries,) = struct.unpack_from("<H", content, page)
    struct.pack_into("<I", content, page + 2 + 12 * entries, len(content))
    return bytes(content) + struct.pack("<HI", 0, 0)


BAD = {
    "빈 둘째 장.tif": tiff_with_an_empty_second_page(),
    "글.jpg": b"this is text",
    "반쪽.jpg": encode(kind="JPEG", size=(200, 200))[:600],
    "작다.png": encode(size=(4, 4)),
    "메모.txt": b"memo",
    "빈.png": b"",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_file_is_named_and_skipped(tmp_path, capsys, name):
    files = several("빨강", "파랑") | {f"빨강/{name}": BAD[name]}
    data = load_photos(root=write_classes(tmp_path / "사진", files))
    told = capsys.readouterr().out
    assert f"건너뛴 파일 1개: 빨강/{name}" in told
    assert len(data.train_labels) + len(data.test_labels) == 10


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("side", [60, 90])
def test_huge_image_is_named_and_skipped_without_a_warning(tmp_path, capsys, monkeypatch, side):
    # Pillow는 한도를 넘으면 경고하고, 두 배를 넘으면 오류를 냅니다.
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50 * 50)
    files = several("빨강", "파랑") | {"빨강/큰.png": encode(size=(side, side))}
    load_photos(root=write_classes(tmp_path / "사진", files))
    assert "빨강/큰.png(너무 큼)" in capsys.readouterr().out


def test_another_image_tests_when_the_last_is_broken(tmp_path):
    files = several("빨강", "파랑", count=3) | {"빨강/9.png": b"x"}
    data = load_photos(root=write_classes(tmp_path / "사진", files))
    assert data.train_labels.bincount().tolist() == [2, 2]
    assert data.test_labels.bincount().tolist() == [1, 1]


# --- 이미지의 종류 --------------------------------------------------------------------------------


def palette_image():
    image = Image.new("P", (40, 40), 3)
    image.putpalette([0, 0, 0, 1, 1, 1, 2, 2, 2, 10, 20, 30])
    return content_of(image)


def moving_picture():
    frames = [Image.new("RGB", (40, 40), color) for color in ("red", "blue")]
    return content_of(frames[0], "GIF", save_all=True, append_images=frames[1:])


CMYK = Image.new("CMYK", (1, 1), (10, 200, 30, 0)).convert("RGB").getpixel((0, 0))


@pytest.mark.parametrize(("content", "color", "told"), [
    (encode("L"), (77, 77, 77), "흑백"),
    (encode("RGBA", color=(255, 0, 0, 51)), (255, 204, 204), "RGBA 형식"),  # 불투명도 1/5
    (encode("RGBA", color=(0, 0, 0, 0)), (255, 255, 255), "RGBA 형식"),
    (encode("I;16"), (0x80, 0x80, 0x80), "I;16 형식"),
    (encode("I;16", shade=0x800), (0x80, 0x80, 0x80), "I;16 형식"),  # 12비트
    (encode("I;16", shade=200), (200, 200, 200), "I;16 형식"),
    (encode("I", kind="TIFF", color=200), (200, 200, 200), "I 형식"),
    (encode("I", kind="TIFF", color=1 << 20), (128, 128, 128), "I 형식"),
    (encode("F", kind="TIFF", color=0.5), (127, 127, 127), "F 형식"),
    (encode("F", kind="TIFF", color=128.0), (128, 128, 128), "F 형식"),
    (encode("F", kind="TIFF", color=300.0), (255, 255, 255), "F 형식"),
    (encode("CMYK", kind="JPEG", quality=100), CMYK, "CMYK"),
    (palette_image(), (10, 20, 30), None),
    (moving_picture(), (255, 0, 0), "움직이는 그림의 첫 장"),
], ids=["grey", "half transparent", "transparent", "16 bit", "12 bit", "8 in 16", "8 in 32",
        "21 in 32", "0-1", "0-255", "over", "CMYK", "palette", "moving"])  # fmt: skip
def test_unusual_image_keeps_its_color_on_white(content, color, told):
    pixels, kind = pictures.to_pixels(content)
    assert (pixels.shape, kind) == ((32, 32, 3), told)
    rounding = 2 if kind == "CMYK" else 0  # JPEG의 반올림
    assert np.abs(pixels.astype(int) - color).max() <= rounding


@pytest.mark.parametrize(("kind", "turn", "blue_side", "error"), [
    ("PNG", 3, np.s_[-1], 0), ("JPEG", 6, np.s_[:, -1], 55), ("JPEG", 8, np.s_[:, 0], 55),
])  # fmt: skip
def test_turned_photo_stands_upright(kind, turn, blue_side, error):
    # EXIF 3은 180도, 6은 시계 방향, 8은 반대 방향으로 90도 돌려 보라는 뜻입니다.
    image = Image.new("RGB", (64, 64), "red")
    image.paste("blue", (0, 0, 64, 32))  # 저장된 위쪽이 파랑
    exif = image.getexif()
    exif[0x0112] = turn
    pixels, _ = pictures.to_pixels(content_of(image, kind, exif=exif, quality=95))
    assert np.abs(pixels[blue_side].astype(int) - (0, 0, 255)).max() <= error


def test_middle_square_of_a_wide_image_is_used():
    image = Image.new("RGB", (96, 32), "red")
    image.paste("blue", (32, 0, 64, 32))
    pixels, _ = pictures.to_pixels(content_of(image))
    assert (pixels == (0, 0, 255)).all()


# --- CIFAR-10 -------------------------------------------------------------------------------------


def cifar_archive(monkeypatch):
    """클래스마다 두 장인 CIFAR-10을 torchvision의 꼴로 만들고 체크섬을 맞춥니다."""
    contents = {}
    for name, seed in (("data_batch_1", 0), ("test_batch", 1)):
        pixels = np.random.default_rng(seed).integers(0, 256, (20, 3072), dtype=np.uint8)
        contents[name] = pickle.dumps({"data": pixels, "labels": list(range(10)) * 2})
    contents["batches.meta"] = pickle.dumps({"label_names": [f"c{i}" for i in range(10)]})
    md5 = {name: hashlib.md5(content).hexdigest() for name, content in contents.items()}
    monkeypatch.setattr(CIFAR10, "train_list", [["data_batch_1", md5["data_batch_1"]]])
    monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", md5["test_batch"]]])
    meta = {"filename": "batches.meta", "key": "label_names", "md5": md5["batches.meta"]}
    monkeypatch.setattr(CIFAR10, "meta", meta)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in contents.items():
            info = tarfile.TarInfo(f"{photos.BATCHES}/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    monkeypatch.setattr(CIFAR10, "tgz_md5", hashlib.md5(buffer.getvalue()).hexdigest())
    return contents, buffer.getvalue()


@pytest.fixture
def serve(monkeypatch):
    """내용을 돌려주는 서버를 열고 CIFAR10.url을 그리로 돌립니다."""
    with local_servers() as start:
        yield lambda content: monkeypatch.setattr(
            CIFAR10, "url", start(lambda handler: send(handler, content)) + "a.tar.gz"
        )


def test_stored_batches_are_read_and_limited_evenly(monkeypatch, tmp_path):
    contents, _ = cifar_archive(monkeypatch)
    write_classes(tmp_path / "자료" / photos.BATCHES, contents)
    data = load_photos(root=tmp_path / "자료")
    assert (data.name, data.source, data.class_names[3]) == ("CIFAR-10", "cache", "c3")
    # CIFAR-10의 설명: 앞의 1,024개가 빨강, 다음이 초록, 파랑이고 행부터 적혀 있습니다.
    for images, name in ((data.train_images, "data_batch_1"), (data.test_images, "test_batch")):
        planes = pickle.loads(contents[name])["data"].reshape(-1, 3, 32, 32)
        torch.testing.assert_close(images, torch.from_numpy(planes / np.float32(255)))
    few = load_photos(root=tmp_path / "자료", max_train=20, max_test=10)
    assert few.train_labels.bincount().tolist() == [2] * 10
    assert few.test_labels.bincount().tolist() == [1] * 10
    assert load_photos(root=tmp_path / "자료", max_train=10).train_labels.tolist() == [*range(10)]


@pytest.mark.parametrize("name", ["cifar10", "cifar10.zip"])
def test_jpeg_copy_beside_other_data_is_found_and_called_cifar_10(tmp_path, name):
    root = write_classes(tmp_path / "자료", {"MNIST/raw/train": b"x"})
    if name.endswith("zip"):
        zip_of(root / name, several("빨강", "파랑"))
    else:
        write_classes(root / name, several("빨강", "파랑"))
    data = load_photos(root=root)
    assert (data.name, data.source) == ("CIFAR-10", "cache")
    assert f"{name}에서 읽었습니다. CIFAR-10의 JPEG 사본" in data.note


@pytest.mark.parametrize("damaged", [False, True])
def test_archive_put_there_by_hand_is_read_or_told_and_left_alone(
    monkeypatch, tmp_path, embedded, capsys, damaged
):
    archive = b"half" if damaged else cifar_archive(monkeypatch)[1]
    folder = write_classes(tmp_path / "자료", {photos.ARCHIVE: archive})
    assert load_photos(root=folder, offline=True).source == ("embedded" if damaged else "cache")
    assert ("md5가 CIFAR-10의 것과 다릅니다" in capsys.readouterr().out) == damaged
    assert (folder / photos.ARCHIVE).read_bytes() == archive


def test_tampered_batches_are_not_unpickled(monkeypatch, tmp_path, embedded, capsys):
    contents, _ = cifar_archive(monkeypatch)
    contents["data_batch_1"] += b"x"
    write_classes(tmp_path / "자료" / photos.BATCHES, contents)
    data = load_photos(root=tmp_path / "자료", offline=True)
    assert data.source == "embedded"
    assert "읽지 못했습니다" in capsys.readouterr().out


def test_download_is_checked_saved_and_read(monkeypatch, serve):
    serve(cifar_archive(monkeypatch)[1])
    assert load_photos().source == "download"
    assert load_photos(offline=True).source == "cache"


def test_wrong_archive_is_refused_and_not_saved(serve, embedded, capsys):
    serve(b"lies")
    assert load_photos().source == "embedded"
    assert "온전하지 않아" in capsys.readouterr().out
    assert not (sources.PROJECT_FOLDER / "data").exists()


def test_silent_server_cannot_outlast_the_time_limit(monkeypatch, embedded, capsys):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(CIFAR10, "url", f"http://127.0.0.1:{silent.getsockname()[1]}/a")
        started = time.monotonic()
        assert load_photos(time_limit=0.3).source == "embedded"
        assert time.monotonic() - started < 5
    assert "내려받지 못했습니다" in capsys.readouterr().out


@pytest.mark.parametrize("told_by", ["offline", "COURSE_OFFLINE"])
def test_offline_falls_to_the_embedded_patches_and_says_why(monkeypatch, embedded, capsys, told_by):
    opened = []
    monkeypatch.setattr(socket, "socket", lambda *_, **__: opened.append(1))
    monkeypatch.setenv("COURSE_OFFLINE", "1" if told_by == "COURSE_OFFLINE" else "")
    assert load_photos(offline=True if told_by == "offline" else None).source == "embedded"
    assert "주의: 오프라인" in capsys.readouterr().out
    assert opened == []


def test_wrong_folder_is_told(embedded, capsys, tmp_path):
    load_photos(root=tmp_path / "없는 폴더", offline=True)
    assert "없는 폴더 폴더에 CIFAR-10이나 클래스 폴더가 없습니다" in capsys.readouterr().out


def test_folder_of_other_data_is_not_taken_for_photos(embedded, tmp_path):
    files = {"MNIST/raw/train": b"x", "다른/raw/1.png": encode(), "글/a.txt": b"x"}
    write_classes(tmp_path / "자료", files)
    assert load_photos(root=tmp_path / "자료", offline=True).source == "embedded"


def test_photos_are_scaled_to_about_unit_variance():
    assert scale_photos(torch.tensor([0.0, 0.5, 1.0])).tolist() == [-2, 0, 2]


# --- 내장 조각 ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def photographs():
    """열 장을 읽는 데 1초가 넘으므로 한 번만 합니다."""
    return {name: photo_patches.load_photo(name) for name in photo_patches.PHOTOS.values()}


@pytest.fixture(scope="module")
def patches(photographs):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(photo_patches, "load_photo", photographs.__getitem__)
        return photo_patches.cut_photos()


def test_no_pixel_is_in_both_training_and_testing(photographs):
    for photo in photographs.values():
        height, width = photo.shape[:2]
        covered = {part: np.zeros((height, width), bool) for part in ("train", "test")}
        for part, corners in photo_patches.patch_corners(height, width).items():
            for y, x in corners:
                covered[part][y : y + 32, x : x + 32] = True
        assert covered["train"].any()
        assert covered["test"].any()
        assert not (covered["train"] & covered["test"]).any()


def test_large_photo_is_averaged_in_whole_blocks(photographs):
    from skimage import data

    photo = data.hubble_deep_field()
    small = photographs["hubble_deep_field"]
    assert small.shape[:2] == tuple(side // 2 for side in photo.shape[:2])
    assert (small[3, 5] == photo[6:8, 10:12].mean(axis=(0, 1)).round()).all()


def test_every_patch_is_a_window_of_its_photograph(patches, photographs):
    train, train_labels, test, test_labels, _ = patches
    for label, photo in enumerate(photographs.values()):
        rows, columns = (range(0, side - 31, 8) for side in photo.shape[:2])
        windows = {photo[y : y + 32, x : x + 32].tobytes() for y in rows for x in columns}
        for images, labels in ((train, train_labels), (test, test_labels)):
            assert {image.tobytes() for image in images[labels == label]} <= windows
