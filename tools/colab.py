"""저장소의 주소를 노트북과 README에 적습니다: Colab에서 여는 배지와, 모듈을 설치하는 곳.

    python tools/colab.py

주소는 pyproject.toml의 [project.urls] Repository 한 곳에만 적습니다. 주소가 없으면 배지도 없고,
노트북은 환경 변수 COURSE_SOURCE에서 모듈을 설치합니다. 몇 번을 실행해도 결과가 같습니다.
"""

import re
import sys

import nbformat
from course_files import ROOT, all_notebooks, has_tag, read_project

from course_utils.checkpoint import write_atomically

BRANCH = "main"
IMAGE = "https://colab.research.google.com/assets/colab-badge.svg"
BADGE = re.compile(r"\n*\[!\[Colab에서 열기\]\([^)]*\)\]\([^)]*\)")
SOURCE = re.compile(r'(os\.environ\.get\("COURSE_SOURCE", )"[^"]*"\)')
ADDRESS = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+")


def read_address(root):
    """pyproject.toml에 적힌 저장소의 주소입니다. 없으면 빈 글입니다."""
    address = read_project(root).get("urls", {}).get("Repository", "")
    address = address.removesuffix("/").removesuffix(".git")
    if address and not ADDRESS.fullmatch(address):
        raise ValueError(
            f"Colab은 https://github.com/이름/저장소 꼴의 주소를 엽니다. 적힌 것: {address}"
        )
    return address


def page(path, root):
    """`path`의 notebooks/부터의 이름입니다. 예: 'deep/04_lrn.ipynb'"""
    return path.relative_to(root / "notebooks").as_posix()


def badge(address, name):
    """노트북 하나를 Colab에서 여는 배지(마크다운)입니다."""
    repository = address.removeprefix("https://github.com/")
    link = f"https://colab.research.google.com/github/{repository}/blob/{BRANCH}"
    return f"[![Colab에서 열기]({IMAGE})]({link}/notebooks/{name})"


def put_badge(text, address, name):
    """첫 줄(제목) 아래의 배지를 바꾸거나, 더하거나, 지웁니다."""
    title, *rest = BADGE.sub("", text).split("\n", 1)
    added = f"\n\n{badge(address, name)}" if address else ""
    return title + added + ("\n" + rest[0] if rest else "")


def put_source(code, address):
    """준비 셀이 모듈을 설치하는 곳을 바꿉니다."""
    return SOURCE.sub(rf'\g<1>"{f"git+{address}" if address else ""}")', code)


def update_notebook(path, address, root):
    """노트북의 첫 셀과 준비 셀을 고칩니다. 결과는 그대로 둡니다."""
    before = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(before, as_version=nbformat.NO_CONVERT)
    notebook.cells[0].source = put_badge(notebook.cells[0].source, address, page(path, root))
    for cell in notebook.cells:
        if has_tag(cell, "setup"):
            cell.source = put_source(cell.source, address)
    after = nbformat.writes(notebook, version=nbformat.NO_CONVERT).rstrip("\n") + "\n"
    if after != before:
        write_atomically(path, after.encode())


def main(root=ROOT):
    try:
        address = read_address(root)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    readme = root / "README.md"
    text = put_badge(readme.read_text(encoding="utf-8"), address, "00_start.ipynb")
    write_atomically(readme, text.encode())
    for path in all_notebooks(root / "notebooks"):
        update_notebook(path, address, root)
    missing = "pyproject.toml의 [project.urls]에 Repository가 없어 배지를 두지 않았습니다."
    print(f"저장소의 주소: {address}" if address else missing)
    return 0


if __name__ == "__main__":
    sys.exit(main())
