"""노트북에 놓는 작은 표입니다. 셀 값은 모델과 데이터에서 계산해 넘깁니다."""

import re
from collections.abc import Iterable, Sequence
from html import escape

# 글자색을 정하지 않아 JupyterLab의 밝은 테마와 어두운 테마를 모두 따릅니다.
_SIZE = "font-size:var(--jp-content-font-size1, 1rem);"  # 본문의 글자 크기
_CELL = f"padding:0.3em 0.9em;border-bottom:1px solid #9996;{_SIZE}"


# 92.2%, +0.82, −1.0 ~ +0.3, 1,000장처럼 수로 읽는 글입니다.
_NUMBER = re.compile(r"[+−-]?[\d,.]+(?: ?[%가-힣A-Za-z]{1,3})?(?: ?~ ?[+−-]?[\d,.]+%?p?)?")


def _text(value: object) -> str:
    """정수에는 천 단위 쉼표를, 모양(tuple)에는 × 표시를 씁니다."""
    if isinstance(value, bool):
        return "예" if value else "아니요"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, tuple):
        return "×".join(map(str, value))
    return "–" if value is None else re.sub(r"(?<![\w.])-(?=\d)", "−", str(value))


def _is_number(value: object) -> bool:
    return value is None or bool(_NUMBER.fullmatch(_text(value)))


class Table:
    """제목 줄과 행으로 된 표입니다. 셀의 마지막 줄에 두면 HTML 표로 보입니다.

    수와 수로 읽는 글의 열은 오른쪽으로 맞추고, `total=True`이면 마지막 행을 굵게 씁니다.
    """

    def __init__(
        self,
        headers: Sequence[str],
        rows: Iterable[Sequence[object]],
        *,
        caption: str = "",
        total: bool = False,
    ) -> None:
        self.headers = list(headers)
        self.rows = [list(row) for row in rows]
        self.caption = caption
        self.total = total
        for row in self.rows:
            if len(row) != len(self.headers):
                raise ValueError(
                    f"제목은 {len(self.headers)}칸인데 {len(row)}칸인 행이 있습니다: {row}"
                )

    def __repr__(self) -> str:
        lines = [self.headers, *([_text(value) for value in row] for row in self.rows)]
        return "\n".join(" | ".join(line) for line in lines)

    def _repr_html_(self) -> str:
        numeric = [
            all(_is_number(row[i]) for row in self.rows)
            for i in range(len(self.headers))
        ]
        aligned = ["right" if is_number else "left" for is_number in numeric]
        head = "".join(
            f'<th scope="col" style="{_CELL}text-align:{align};">{escape(header)}</th>'
            for header, align in zip(self.headers, aligned, strict=True)
        )
        body = ""
        for number, row in enumerate(self.rows, start=1):
            bold = "font-weight:bold;" if self.total and number == len(self.rows) else ""
            body += "<tr>" + "".join(
                f'<td style="{_CELL}{bold}text-align:{align};">{escape(_text(value))}</td>'
                for value, align in zip(row, aligned, strict=True)
            ) + "</tr>"  # fmt: skip
        caption = (
            f'<caption style="caption-side:top;text-align:left;white-space:nowrap;{_SIZE}'
            f'font-weight:bold;padding:0.3em 0;">{escape(self.caption)}</caption>'
            if self.caption
            else ""
        )
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
