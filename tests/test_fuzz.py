"""망가진 파일 수백 개를 읽힙니다. 만 개가 넘는 시험은 tests/faults에 있습니다."""

import contextlib
import unicodedata
import warnings
import zipfile

import mutations
import pytest

from course_utils.data import load_photos, pictures
from course_utils.data.file_trees import read_image_collection
from course_utils.data.pictures import to_pixels


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize("kind", mutations.FORMATS)
def test_mutated_image_is_refused_or_has_the_right_shape(kind):
    files = mutations.image_files(kind)
    originals = [to_pixels(content)[0] for content in files]
    read = [mutations.judge_image(content, way=way, originals=originals)
            for _, way, content in mutations.mutations(files, 60)]  # fmt: skip
    assert 0 < sum(read) < 60


@pytest.mark.parametrize("kind", mutations.FORMATS)
def test_no_cut_picture_is_taken_as_whole(kind):
    for content in mutations.image_files(kind):
        whole = to_pixels(content)[0]
        for share in (0.3, 0.6, 0.9, 0.99):
            cut = content[: int(share * len(content))]
            assert not mutations.judge_image(cut, way="truncate", originals=[whole]) or share > 0.9


def test_png_with_a_wrong_checksum_is_refused():
    content = bytearray(mutations.image_files("PNG")[0])
    place = content.index(b"IDAT")
    length = int.from_bytes(content[place - 4 : place], "big")
    content[place + 4 + length] ^= 1  # 그림 자료의 CRC만 바꿉니다. 자료는 그대로입니다.
    with pytest.raises(SyntaxError, match="checksum"):
        to_pixels(bytes(content))


def test_other_formats_are_not_even_opened():
    # EPS를 열면 Pillow가 Ghostscript를 실행합니다.
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 40 40\n%%EndComments\nshowpage\n"
    with pytest.raises(OSError, match="cannot identify"):
        to_pixels(eps)


# --- zip의 이름과 크기 ----------------------------------------------------------------------------


NAMES = ("Q/0.png", "Q/1.png", "R/0.png", "R/1.png")


def make_zip(path, names=NAMES, extra=()):
    picture = mutations.image_files("PNG")[0]
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), picture)
        for name, content in extra:
            archive.writestr(name, content, compress_type=zipfile.ZIP_DEFLATED)
    return path


@pytest.mark.parametrize("encoding", ["cp949", "utf-8"])
def test_korean_names_without_the_utf8_mark_are_read(tmp_path, encoding):
    # 윈도우(CP949)와 맥(UTF-8)의 압축 프로그램은 UTF-8이라는 표시 없이 이름을 적기도 합니다.
    path, size = tmp_path / "사진.zip", len("가".encode(encoding))
    make_zip(path, [name.replace("Q", "Q" * size).replace("R", "R" * size) for name in NAMES])
    content = path.read_bytes()
    for letter, name in (("Q", "가"), ("R", "나")):
        content = content.replace(letter.encode() * size + b"/", name.encode(encoding) + b"/")
    path.write_bytes(content)
    assert load_photos(root=path).class_names == ("가", "나")


def test_backslashes_of_windows_divide_folders(tmp_path):
    path = make_zip(tmp_path / "사진.zip", [name.replace("/", "\\") for name in NAMES])
    assert load_photos(root=path).class_names == ("Q", "R")


def test_letters_taken_apart_by_macos_are_put_together(tmp_path):
    apart = unicodedata.normalize("NFD", "고양이")
    names = ["고양이/0.png", f"{apart}/1.png", "개/0.png", "개/1.png"]
    assert load_photos(root=make_zip(tmp_path / "사진.zip", names)).class_names == ("개", "고양이")


@pytest.mark.parametrize("name", ["../../밖/x.png", "/etc/x.png", "Q/../../x.png", "C:\\밖\\x.png"])
def test_names_that_lead_outside_write_nothing(tmp_path, name):
    inside = tmp_path / "안"
    inside.mkdir()
    before = set(tmp_path.rglob("*"))
    path = make_zip(inside / "사진.zip", [*NAMES, name])
    with contextlib.suppress(ValueError):  # 밖을 가리키는 폴더는 한 장뿐인 클래스이기도 합니다.
        load_photos(root=path)
    assert set(tmp_path.rglob("*")) - before == {path}


def test_bomb_in_a_zip_is_named_and_not_unpacked(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(pictures, "LARGEST", 1 << 16)
    bomb = [("Q/bomb.png", bytes(1 << 20))]
    data = load_photos(root=make_zip(tmp_path / "사진.zip", extra=bomb))
    assert "Q/bomb.png(너무 큼)" in capsys.readouterr().out
    assert len(data.train_labels) + len(data.test_labels) == 4


def test_huge_file_in_a_folder_is_named_and_not_read(tmp_path, monkeypatch, capsys):
    for name in NAMES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(mutations.image_files("PNG")[0])
    with (tmp_path / "Q" / "큰.tif").open("wb") as file:
        file.truncate(pictures.LARGEST + 1)  # 자리를 차지하지 않는, 구멍 난 파일입니다.
    load_photos(root=tmp_path)
    assert "Q/큰.tif(너무 큼)" in capsys.readouterr().out


def test_file_without_a_name_in_a_zip_is_passed_over(tmp_path):
    path = make_zip(tmp_path / "사진.zip", [*NAMES, "Z"])
    content = path.read_bytes().replace(b"Z", b"\0")  # zipfile은 이름을 첫 \0에서 자릅니다.
    path.write_bytes(content)
    assert load_photos(root=path).class_names == ("Q", "R")


def test_damaged_zip_is_explained_in_korean(tmp_path):
    (tmp_path / "사진.zip").write_bytes(b"PK\x03\x04 half")
    with pytest.raises(ValueError, match="zip 파일이 아니거나 상했습니다"):
        read_image_collection(tmp_path / "사진.zip")
