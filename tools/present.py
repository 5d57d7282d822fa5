"""위젯이 살아 있는 노트북을 코드 없는 쪽으로 보여 줍니다(Voilà).

    python tools/present.py
    python tools/present.py --port=9000 --no-browser

강사 노트와 연습문제는 뺍니다. 쪽을 열 때마다 노트북이 처음부터 실행됩니다.
"""

import os
import shutil
import sys
from pathlib import Path

import nbformat
from course_files import ROOT, clear_outputs, course_notebooks, has_tag, is_speaker_note

SHARE = Path(__file__).resolve().parent / "present"
PAGES = ROOT / "build" / "present"
OPTIONS = ["--template=course"]


def presentable(notebook):
    """발표에 쓸 노트북입니다: 강사 노트와 연습문제가 없고, 저장된 결과도 없습니다."""
    kept, in_exercises = [], False
    for cell in notebook.cells:
        if cell.source.startswith("## "):
            in_exercises = cell.source.startswith("## 연습문제")
        is_stub = has_tag(cell, "exercise")  # 코드가 안 보이면 채울 수 없습니다.
        if is_speaker_note(cell) or is_stub or in_exercises:
            continue
        kept.append(cell)
    notebook.cells = kept
    clear_outputs(notebook)
    return notebook


def write_pages(folder=PAGES):
    """`notebooks/`의 모든 노트북에서 발표할 것을 만들어 `folder`에 담습니다."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path in course_notebooks():
        notebook = presentable(nbformat.read(path, as_version=4))
        nbformat.write(notebook, folder / path.name)


def environment():
    """Voilà가 이 폴더의 템플릿을 찾을 수 있는 환경입니다."""
    paths = [str(SHARE), *filter(None, [os.environ.get("JUPYTER_PATH")])]
    return os.environ | {"JUPYTER_PATH": os.pathsep.join(paths)}


def main():
    write_pages()
    command = [sys.executable, "-m", "voila", str(PAGES), "--Voila.ip=127.0.0.1", "--token"]
    print("발표할 쪽을 엽니다. 아래의 주소(token까지)로 열고, 끝낼 때는 Ctrl-C를 누르십시오.")
    os.execve(command[0], [*command, *OPTIONS, *sys.argv[1:]], environment())


if __name__ == "__main__":
    main()
