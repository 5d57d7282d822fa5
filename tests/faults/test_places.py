"""다른 폴더, 빈칸과 한글이 든 경로, 글자 설정 C에서 진짜로 돌립니다."""

import os
import shutil
import sys
import textwrap

import numpy as np
import processes
import pytest
import torch
from PIL import Image

PLAIN = {name: value for name, value in os.environ.items()
         if not name.startswith(("LC_", "LANG", "PYTHON", "COURSE"))}  # fmt: skip

USE = """
    import sys, warnings
    from pathlib import Path
    from course_utils import plotting, quiz, transfer, widgets
    from course_utils.data import load_digits, load_photos
    from course_utils.exercises import lenet5
    from course_utils.lenet import LeNet5Original
    from course_utils.checkpoint import load_pretrained, load_record, save_pretrained

    plotting.use_course_style()
    print(load_digits(offline=True).name, load_photos(root=sys.argv[1]).class_names)
    print(load_pretrained(LeNet5Original(), "lenet5_original_plain")["sha256"][:8])
    print(len(quiz.load_questions("01_lenet5")), len(load_record("innovations")["runs"]) > 10)
    small = transfer.load_alexnet(offline=True, folder=Path("없음"))
    path = transfer.save_classifier(sys.argv[2], small.model, small.class_names, kind="small")
    print(transfer.load_classifier(path).class_names[0])
    print(repr(widgets.size_calculator()))
    save_pretrained(small.model, {"이름": "값"}, "record", folder=Path(sys.argv[3]))
    print("끝")
"""


CLASSES = {False: ("고양이", "큰 개"), True: ("cat", "big dog")}


def photos(folder, names):
    for name in names:
        (folder / name).mkdir(parents=True)
        for number in range(2):
            pixels = np.full((40, 40, 3), 60 * number, np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """빈칸과 한글이 든 폴더에 둔 강의입니다."""
    folder = tmp_path_factory.mktemp("내 강의 폴더") / "CNN 강의"
    skip = shutil.ignore_patterns("__pycache__")
    shutil.copytree(processes.ROOT / "course_utils", folder / "course_utils", ignore=skip)
    shutil.copy(processes.ROOT / "pyproject.toml", folder)
    return folder


LOCALES = {
    "C": {"LC_ALL": "C"},
    # 파이썬이 스스로 UTF-8로 바꾸는 것까지 끕니다. 이때는 한글로 된 파일 이름을 읽지 못하므로
    # 이름은 영어로만 씁니다. 커널의 출력은 늘 UTF-8입니다.
    "ASCII": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0",
              "PYTHONIOENCODING": "utf-8"},
    "UTF-8": {"LC_ALL": "C.UTF-8"},
}  # fmt: skip


@pytest.mark.parametrize("locale", LOCALES)
def test_course_works_in_any_folder_and_locale(copy, tmp_path, locale):
    ascii_only = locale == "ASCII"
    if ascii_only and not torch.__file__.isascii():
        pytest.skip("글자 설정이 ASCII뿐이면 torch 스스로 한글 경로에서 import되지 않습니다.")
    place, script = tmp_path / ("work" if ascii_only else "다른 작업 폴더"), tmp_path / "use.py"
    place.mkdir()
    script.write_text(textwrap.dedent(USE), encoding="utf-8")
    names = ("mine.pt", "new") if ascii_only else ("내 분류기.pt", "새 폴더")
    command = [
        sys.executable, "-X", "warn_default_encoding", "-W", "error::EncodingWarning:course_utils",
        str(script), str(photos(tmp_path / "photos", CLASSES[ascii_only])), *names,
    ]  # fmt: skip
    environment = PLAIN | LOCALES[locale] | {"PYTHONPATH": str(copy), "OMP_NUM_THREADS": "1"}
    lines = processes.run(command, cwd=place, env=environment)
    assert lines[-1] == "끝"
    assert CLASSES[ascii_only][0] in "".join(lines)
    assert "<위젯:" in "".join(lines)
    assert list(place.glob("*/*.json"))
