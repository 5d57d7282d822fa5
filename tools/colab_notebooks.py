"""파일 하나로 도는 Colab용 노트북을 만듭니다. 저장소의 주소도 Drive 권한도 필요 없습니다.

    python tools/colab_notebooks.py     # build/handouts/코랩용/00_start.ipynb, …

학생용 노트북에서 결과를 지우고, 강의 모듈을 압축해 담은 접힌 셀 하나를 준비 셀 앞에 둡니다.
"""

import argparse
import base64
import hashlib
import io
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path

import handouts
import nbformat
from course_files import ROOT, all_notebooks, clear_outputs, has_tag, replace_folder
from fontTools import subset
from run_notebooks import normalise

from course_utils.checkpoint import load_pretrained, save_pretrained
from course_utils.transfer.classifier import KINDS

SMALL = "small_alexnet_cifar10"
# base85의 글자에는 따옴표와 역슬래시가 없어 그대로 적을 수 있습니다.
CELL = """\
# 강의 모듈을 담은 셀입니다. 펼치지 말고 실행하십시오.
import base64
import hashlib
import importlib.util
import io
import os
import sys
import tarfile

PACKAGE = "{package}"
if importlib.util.find_spec("course_utils") is None:
    content = base64.b85decode(PACKAGE)
    if hashlib.sha256(content).hexdigest() != "{digest}":
        raise ValueError("이 셀의 내용이 바뀌었습니다. 노트북을 다시 받으십시오.")
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        archive.extractall("강의", filter="data")
    sys.path.insert(0, os.path.abspath("강의"))
"""


def copy_package(target: Path) -> None:
    """course_utils를 옮기고, 글꼴은 쓰는 글자만 남기고 작은 AlexNet은 float16으로 줄입니다."""
    shutil.copytree(ROOT / "course_utils", target,
                    ignore=shutil.ignore_patterns("__pycache__", ".*"))  # fmt: skip
    for font in (target / "assets").glob("*.ttf"):
        shrink_font(font)
    model = KINDS["small"].build(10).to_empty(device="cpu")
    record = load_pretrained(model, SMALL)
    save_pretrained(model.half(), record, SMALL, folder=target / "assets")


def shrink_font(path: Path) -> None:
    """글꼴에 KS X 1001의 글자(한자를 뺀 것)만 남깁니다."""
    kept = [code for code in range(0xFFFF) if not 0x4E00 <= code <= 0x9FFF
            and chr(code).encode("euc_kr", "ignore")]  # fmt: skip
    options = subset.Options()
    font = subset.load_font(path, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=kept)
    subsetter.subset(font)
    subset.save_font(font, path, options)


def pack(package: Path, *, without: str) -> bytes:
    """이름이 `without`인 가중치를 뺀 tar.xz입니다. 같은 파일에서는 늘 같은 바이트가 나옵니다."""

    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        member.mtime, member.uid, member.gid, member.uname, member.gname = 0, 0, 0, "", ""
        return None if Path(member.name).match(f"{without}.pt") else member

    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:xz", preset=9) as archive:
        archive.add(package, "course_utils", filter=plain)
    return content.getvalue()


def package_cell(package: bytes) -> nbformat.NotebookNode:
    source = CELL.format(
        package=base64.b85encode(package).decode(), digest=hashlib.sha256(package).hexdigest()
    )
    folded = {"jupyter": {"source_hidden": True}, "cellView": "form"}  # Colab은 뒤엣것을 봅니다.
    return nbformat.v4.new_code_cell(source.strip(), id="course-package", metadata=folded)


def build(output: Path) -> None:
    """`output`에 노트북을 모두 만듭니다. 03과 06은 작은 AlexNet을, 나머지는 LeNet-5를 담습니다."""
    with tempfile.TemporaryDirectory() as work:
        package = Path(work, "course_utils")
        copy_package(package)
        with_small, with_lenet = (package_cell(pack(package, without=name))
                                  for name in ("lenet5_*", SMALL))  # fmt: skip
    folder = ROOT / "notebooks"
    for path in all_notebooks(folder):
        made = handouts.make(nbformat.read(path, as_version=4), handouts.STUDENT)
        clear_outputs(made)
        setup = next(place for place, cell in enumerate(made.cells) if has_tag(cell, "setup"))
        made.cells.insert(setup, with_small if path.stem.startswith(("03", "06")) else with_lenet)
        target = output / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        handouts.write(target, normalise(made))


def main() -> int:
    parser = argparse.ArgumentParser(description="파일 하나로 도는 Colab용 노트북을 만듭니다.")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "handouts" / "코랩용")
    options = parser.parse_args()
    replace_folder(options.output, build)
    print(f"{options.output}에 Colab용 노트북을 만들었습니다.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
