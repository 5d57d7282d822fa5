"""클래스마다 폴더가 있는 폴더나 zip에서 파일을 하나씩 꺼냅니다.

zip은 풀지 않고 메모리에서 읽으므로, 이름에 `../`가 들어 있어도 밖에 파일을 쓰지 않습니다.
"""

import unicodedata
import zipfile
from contextlib import contextmanager
from functools import partial
from pathlib import PurePosixPath

from course_utils.data import pictures

HIDDEN = {"thumbs.db", "desktop.ini", "@eadir", "lost+found", "system volume information"}
PARTS = {"train": "train", "test": "test", "val": "test", "valid": "test"}


def is_hidden(name):
    """운영 체제와 편집기가 남긴 파일이나 폴더의 이름이면 참입니다. 데이터로 읽지 않습니다."""
    return name.startswith((".", "__", "$")) or name.lower() in HIDDEN


@contextmanager
def files_of(path):
    """`_list_files`를 돌려주고, 다 쓰면 zip을 닫습니다. 상한 zip이면 ValueError입니다."""
    if path.is_dir():
        found = (file for file in path.rglob("*") if file.is_file())
        yield _list_files((file.relative_to(path).as_posix(), partial(pictures.read_file, file))
                          for file in found)  # fmt: skip
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
        # is_dir()는 이름이 빈 것에서 오류를 냅니다.
        members = (info for info in archive.infolist() if not info.filename.endswith("/"))
        yield _list_files((_name_in_zip(info), partial(_read_member, archive, info))
                          for info in members)  # fmt: skip


def _read_member(archive, info):
    if info.file_size > pictures.LARGEST:  # zipfile은 적힌 크기까지만 풉니다.
        raise pictures.Unfit("너무 큼")
    return archive.read(info)


def _name_in_zip(info):
    """윈도우에서 만든 zip의 역슬래시와, UTF-8 표시가 없는 한글 이름(UTF-8이나 CP949)을 읽습니다."""
    name = info.filename
    if not info.flag_bits & 0x800:
        for encoding in ("utf-8", "cp949"):
            try:
                name = info.filename.encode("cp437").decode(encoding)
                break
            except UnicodeError:
                continue
    return name.replace("\\", "/")


def _list_files(files):
    """`(클래스, 묶음, 파일의 자리, 내용을 읽는 함수)`들입니다. 숨은 파일은 뺍니다."""
    # 맥은 한글을 자모로 풀어 적습니다. 모아야 같은 이름이 되고 그림에서도 흩어지지 않습니다.
    composed = ((unicodedata.normalize("NFC", name), read) for name, read in files)
    for name, read in sorted(composed, key=lambda item: item[0]):
        parts = PurePosixPath(name).parts
        if len(parts) > 1 and not any(map(is_hidden, parts)):
            split = PARTS.get(parts[-3].lower()) if len(parts) > 2 else None
            yield parts[-2], split, name, read
