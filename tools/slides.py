"""노트북의 슬라이드 정보와 강사 노트로 reveal.js 슬라이드를 만듭니다.

    python tools/slides.py                       # build/slides에 모두 만듭니다
    python tools/slides.py --output /다른/폴더

네트워크는 쓰지 않습니다. 브라우저만으로 도는 위젯은 움직이고, 나머지는 저장된 그림으로 나옵니다.
풀이와 준비 셀, 긴 코드는 빠집니다.
한 화면을 넘치는 셀은 브라우저에서 측정해 나눕니다(slidedeck/static/paginate.js).
"""

import argparse
import html
import shutil
import sys
from pathlib import Path
from string import Template

import matplotlib
import nbformat
from course_files import ROOT, course_notebooks, replace_folder
from slidedeck.cells import CODE_FORMAT
from slidedeck.deck import Deck, deck_html, read_deck
from slidedeck.live import write_live
from slidedeck.plan import plan_deck, read_plans

STATIC = Path(__file__).resolve().parent / "slidedeck" / "static"
OUTPUT = ROOT / "build" / "slides"
FONTS = [
    *sorted((ROOT / "course_utils" / "assets").glob("CourseGothicKR-*.ttf")),
    # 코드의 글꼴과, 강의의 글꼴에 없는 ✓ 같은 글자입니다.
    *(Path(matplotlib.get_data_path(), "fonts", "ttf", f"DejaVuSans{kind}.ttf")
      for kind in ("", "Mono")),
]  # fmt: skip
# 강사 화면의 영어를 바꿉니다. 담아 둔 파일은 그대로 두고 복사할 때 바꿉니다.
SPEAKER_VIEW = {
    ">Loading speaker view...<": ">강사 화면을 여는 중입니다<",
    ">Upcoming<": ">다음<",
    ">Time <": ">시간 <",
    ">Click to Reset<": ">누르면 0부터<",
    ">Notes<": ">강사 노트<",
    "'Layout' + (": "'배치' + (",
    "'Default'": "'보통'",
    "'Wide'": "'넓게'",
    "'Tall'": "'길게'",
    "'Notes only'": "'노트만'",
    "'Cross origin error.<br>The speaker window can only be opened from the same origin.'":
        "'슬라이드와 같은 주소에서만 열립니다.'",
    "'Error connecting to main window.<br>Please try closing and reopening the speaker view.'":
        "'슬라이드 창과 이어지지 않습니다. 강사 화면을 닫고 S로 다시 여십시오.'",
}  # fmt: skip


def template(name: str) -> Template:
    return Template((STATIC / name).read_text(encoding="utf-8"))


def index_html(decks: list[Deck]) -> str:
    rows = [
        f'<tr><td><a href="{deck.name}.html">{deck.name}</a></td><td>{html.escape(deck.title)}</td>'
        f'<td data-deck="{deck.name}.html">…</td><td>{deck.minutes}분</td></tr>'
        for deck in decks
    ]
    return template("index.html").substitute(rows="\n".join(rows))


def write_assets(folder: Path) -> None:
    """쪽마다 쓰는 스타일, 스크립트, 글꼴입니다."""
    folder.mkdir(parents=True)
    for path in [*STATIC.glob("*.css"), *STATIC.glob("*.js"), *STATIC.glob("*/*"), *FONTS]:
        shutil.copyfile(path, folder / path.name)
    write_live(folder)
    notes = (folder / "notes.js").read_text(encoding="utf-8")
    for english, korean in SPEAKER_VIEW.items():
        notes = notes.replace(english, korean)
    (folder / "notes.js").write_text(notes, encoding="utf-8")
    (folder / "code.css").write_text(CODE_FORMAT.get_style_defs(".code"), encoding="utf-8")


def build(folder: Path) -> list[Deck]:
    """빈 `folder`에 목차, 모든 노트북의 슬라이드, 강의 안내의 표를 따른 수업을 만듭니다."""
    write_assets(folder / "assets")
    decks = [read_deck(nbformat.read(path, as_version=4), path.stem)
             for path in course_notebooks()]  # fmt: skip
    by_number = {deck.name[:2]: deck for deck in decks}
    guide = (ROOT / "docs" / "강의안내.md").read_text(encoding="utf-8")
    decks += [plan_deck(total, rows, by_number) for total, rows in read_plans(guide).items()]
    for deck in decks:
        for name, png in deck.images.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(png)
        page = deck_html(deck, template("deck.html"))
        (folder / f"{deck.name}.html").write_text(page, encoding="utf-8")
    (folder / "index.html").write_text(index_html(decks), encoding="utf-8")
    return decks


def build_all(output: Path) -> list[Deck]:
    return replace_folder(output, build)


def main() -> int:
    parser = argparse.ArgumentParser(description="노트북으로 슬라이드를 만듭니다.")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="슬라이드를 담을 폴더")
    options = parser.parse_args()
    for deck in build_all(options.output):
        print(f"{deck.name}: {sum(map(len, deck.stacks))}장(나누기 전), 강사 노트 {deck.minutes}분")
    print(f"{options.output}에 만들었습니다. `make slides-serve`로 여십시오.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
