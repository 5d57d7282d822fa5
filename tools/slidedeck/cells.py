"""셀 하나를 슬라이드에 놓을 HTML로 바꿉니다."""

import base64
import html
import re
import struct

from latex2mathml.converter import convert as to_mathml
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from .live import WIDGETS

MOST_CODE_LINES = 14  # 이보다 긴 코드는 화면에서 읽을 수 없어 결과만 보입니다.
PREDICTION = re.compile(r"<p>(<b>예측\..*?)</p><details><summary>.*?</summary>(.*)</details>")
NOTES = re.compile(
    r"<details><summary>(강사 노트 \((\d+)분\))</summary>\s*(.*?)\s*</details>", re.S
)
LIVE = re.compile(rf"\b({'|'.join(WIDGETS)})\(")  # 슬라이드에서도 움직이는 위젯
CODE_FORMAT = HtmlFormatter(nowrap=True, style="xcode")


class SlideRenderer(IPythonRenderer):
    """식을 MathML로, 다른 노트북의 링크를 그 노트북의 슬라이드로 바꿉니다."""

    def __init__(self) -> None:
        super().__init__(escape=False, exclude_anchor_links=True)

    def text(self, text: str) -> str:
        """LeNet-5 같은 이름은 줄이 바뀌어도 갈라지지 않습니다."""
        whole = r'<span class="whole">\g<0></span>'
        return re.sub(r"[A-Za-z0-9]+-\d[\d,]*", whole, super().text(text))

    def inline_math(self, body: str) -> str:
        return to_mathml(body)

    def block_math(self, body: str) -> str:
        return to_mathml(body.strip(), display="block")

    def block_code(self, code: str, info: str | None = None) -> str:
        return f'<pre class="plain">{lines(html.escape(code.rstrip()))}</pre>\n'

    def link(self, text: str, url: str, title: str | None = None) -> str:
        if url.startswith(("http:", "https:")):
            return f'<a href="{html.escape(url)}" target="_blank">{text}</a>'
        notebook = re.fullmatch(r"(\w+)\.ipynb", url)  # 다른 파일은 슬라이드의 폴더에 없습니다.
        return f'<a href="{notebook[1]}.html">{text}</a>' if notebook else text


def lines(text: str) -> str:
    """줄마다 나눌 수 있게 감쌉니다."""
    return "".join(f'<span class="line">{line}</span>' for line in text.split("\n"))


def markdown(source: str) -> str:
    return MarkdownWithMath(renderer=SlideRenderer()).render(source)


def speaker_notes(source: str) -> tuple[str, int]:
    """(발표자에게 보일 HTML, 분)입니다. 물음과 흔한 오답을 따로 떼어 눈에 띄게 합니다."""
    found = NOTES.search(source)
    if not found:
        raise ValueError(f"강사 노트의 꼴이 아닙니다: {source[:60]}")
    title, minutes, text = found.groups()
    text = re.sub(r" *(요점|물어볼 것|흔한 오답):", r"\n\n**\1**:", text)
    return markdown(f"**{title}**\n\n{text}"), int(minutes)


# --- 코드 셀 -------------------------------------------------------------------------------------


def table(text: str) -> str:
    """노트북용 모양과 접어 둔 것을 뺍니다. 글자의 자리와 굵기만 남깁니다."""
    return re.sub(
        r' style="([^"]*)"',
        lambda match: ' style="{}"'.format(
            ";".join(re.findall(r"text-align:\w+|font-weight:\w+", match[1]))
        ),
        re.sub(r"<details.*?</details>", "", text, flags=re.S),
    )


def outputs(cell: dict, images: dict[str, bytes], folder: str) -> list[str]:
    """저장된 결과별 HTML입니다. 그림은 `images`에 담고, 위젯 자리와 진행 막대의 글은 뺍니다."""
    made = []
    for number, output in enumerate(cell.outputs):
        data = output.get("data", {})
        if "image/png" in data:
            alt = html.escape(output.metadata.get("image/png", {}).get("alt", ""))
            name = f"{folder}/{cell.id}-{number}.png"
            images[name] = base64.b64decode(data["image/png"])
            width, height = struct.unpack(">II", images[name][16:24])
            moves = ""
            if widget := LIVE.search(cell.source):
                _, width, height = WIDGETS[widget[1]]
                moves = f' data-widget="{widget[1]}"'
            made.append(
                f'<figure data-width="{width}" data-height="{height}"{moves}>'
                f'<img src="{name}" alt="{alt}" width="{width}" height="{height}"></figure>'
            )
        elif found := PREDICTION.fullmatch(data.get("text/html", "")):  # 값은 물음 다음에 나옵니다.
            made.append(f'<p class="ask">{found[1]}</p>\n<p class="answer">값: {found[2]}</p>')
        elif "text/html" in data:
            made.append(table(data["text/html"]))
        elif output.output_type != "display_data":
            text = output.get("text", "") or data.get("text/plain", "")
            made.append(f'<pre class="text">{lines(html.escape(text.strip()))}</pre>')
    return made


def shows_code(cell: dict, shown: list[str]) -> bool:
    """코드가 말하려는 것일 때만 보입니다: 연습문제, 모델을 만드는 코드, 글만 내는 짧은 셀.

    결과를 확인하거나(assert) 도움 함수를 만드는 셀은 결과만 보입니다.
    """
    builds_network = re.match(r"class |\w+ = nn\.Sequential\(", cell.source)
    if "exercise" in cell.metadata.get("tags", []) or builds_network:
        return True
    only_text = bool(shown) and all(part.startswith("<pre") for part in shown)
    short = cell.source.count("\n") < MOST_CODE_LINES
    checks = len(re.findall(r"^assert ", cell.source, re.M)) > 1
    helper = cell.source.startswith(("assert ", "def "))
    return only_text and short and not checks and not helper


def code_cell(cell: dict, images: dict[str, bytes], folder: str) -> str:
    """코드 셀의 HTML입니다. 보일 것이 없으면 빈 글입니다."""
    exercise = "exercise" in cell.metadata.get("tags", [])
    shown = outputs(cell, images, folder)
    # 위젯의 그림은 셀의 값으로, 보통의 그림은 plotting.show로 나옵니다.
    live = any(
        (output.output_type == "execute_result" and "image/png" in output.data)
        or output.get("data", {}).get("text/plain", "").startswith(("<위젯", "<예측"))
        for output in cell.outputs
    )  # fmt: skip
    source = re.sub(r"\n{3,}", "\n\n", cell.source.replace("  # fmt: skip", ""))
    code = lines(highlight(source, PythonLexer(), CODE_FORMAT).rstrip())
    parts = [] if exercise else shown
    if shows_code(cell, shown):
        parts = [f'<pre class="code"><code>{code}</code></pre>', *parts]
    elif parts and "data-widget" not in parts[0]:
        mark = "data-live" if live else "data-hidden"
        parts[0] = re.sub(r"^<\w+", rf"\g<0> {mark}", parts[0])
    return "\n".join(parts)
