"""글의 약속: 한 뜻에 한 낱말(docs/용어.md), 수와 부호를 쓰는 법."""

import json
import re
from pathlib import Path

import pytest
from course_files import all_notebooks, course_notebooks

ROOT = Path(__file__).resolve().parents[1]
GLOSSARY = [
    [part.strip() for part in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "용어.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| 쓰는 말")
]
OLD_WORDS = [word for *_, old in GLOSSARY for word in old.split(", ") if word]
# 낱말만으로는 가릴 수 없는 것들입니다.
PATTERNS = {
    "견주다 → 비교하다": "견주|견준|견줄|견줍",
    "까닭 → 이유": "까닭",
    "차례 → 순서": r"(?<![가-힣])차례(?!로|대로)",
    "장부 → 파라미터 표, 계산표": r"(?<![가-힣])장부(?!터)",
    "재다 → 측정하다": r"(?<![가-힣])(재어|잽니다|쟀|잰 )",
    "망 → 신경망, 모델": r"(?<![가-힣])망(?=[을이은의에과도 .,)]|으로|마다)",
    "시드 셋 → 시드 3개":
        r"(시드|처음|다음|떨어진|이웃한|합성곱) (둘|셋|넷|다섯|여섯|일곱|여덟)(?![가-힣]{2}| 개)",
    "여섯 배 → 6배":
        r"(?<![가-힣])(다섯|여섯|일곱|여덟|아홉|열) ?(배|장|개|번|층|칸|줄|쌍)(?![가-힣]{3})",
    "15.3 % → 15.3%": r"\d %",
    "~마다의 → ~별": "마다의",
}


def prose():
    """`(파일, 글)`들입니다. 노트북은 셀의 글과 저장된 글 결과까지 봅니다."""
    for path in all_notebooks():
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            yield path, "".join(cell["source"])
            for output in cell.get("outputs", []):
                data = {"text/plain": output.get("text", ""), **output.get("data", {})}
                for kind in ("text/plain", "text/html"):
                    yield path, "".join(data.get(kind, ""))
    for pattern in ("README.md", "docs/**/*.md", "data/*.md", "course_utils/**/*.py",
                    "course_utils/**/*.js", "course_utils/assets/[!k]*.json"):  # fmt: skip
        for path in ROOT.glob(pattern):
            if path.name != "용어.md":
                yield path, path.read_text(encoding="utf-8")


PROSE = list(prose())


def found(pattern):
    return [f"{path.relative_to(ROOT)}: …{text[max(0, match.start() - 20) : match.end() + 20]}…"
            for path, text in PROSE for match in re.finditer(pattern, text)]  # fmt: skip


@pytest.mark.parametrize("word", OLD_WORDS)
def test_old_words_do_not_return(word):
    assert found(re.escape(word)) == []


@pytest.mark.parametrize("rule", PATTERNS)
def test_house_dialect_does_not_return(rule):
    assert found(PATTERNS[rule]) == []


@pytest.mark.parametrize("path", course_notebooks(), ids=lambda path: path.stem)
def test_every_chapter_gives_the_english_of_its_terms(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    terms = {word.strip("*"): english.split(", ")[0]
             for word, english, *_ in GLOSSARY if word.startswith("**")}  # fmt: skip
    assert [word for word, english in terms.items() if word in text
            and not re.search(rf"{word}\W*\({english}|{word}, {english}", text)] == []  # fmt: skip
