"""스모크 테스트의 결과입니다: 잘못되어 보이는 것, 아직 가릴 수 없는 것, 잰 값."""

from dataclasses import dataclass, field
from html import escape

from course_utils.tables import Table


@dataclass(frozen=True)
class Finding:
    """잘못되어 보이는 것 하나입니다. `code`는 프로그램이 가려 쓰는 이름입니다."""

    code: str
    message: str
    fix: str


@dataclass
class Report:
    """`smoke_test`의 결과입니다. `print`하거나 셀의 마지막 줄에 두면 읽을 수 있게 보입니다.

    `findings`는 고쳐야 할 것, `notices`는 오류라고 할 수 없거나 아직 가릴 수 없는 것, `figures`는
    잰 값(이름 → 수)입니다. 정확도는 0과 1 사이, 시간은 초입니다.
    """

    findings: list[Finding] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.findings

    @property
    def codes(self) -> list[str]:
        """찾은 것의 이름들입니다. 같은 이름은 한 번만 나옵니다."""
        return list(dict.fromkeys(finding.code for finding in self.findings))

    def add(self, code: str, message: str, fix: str) -> None:
        self.findings.append(Finding(code, message, fix))

    def _verdict(self) -> str:
        if self.ok:
            return "✓ 잘못되어 보이는 것을 찾지 못했습니다."
        return f"✗ 잘못되어 보이는 것을 {len(self.findings)}가지 찾았습니다."

    def __str__(self) -> str:
        lines = [self._verdict()]
        for number, finding in enumerate(self.findings, start=1):
            lines += [f"{number}. {finding.message}", f"   → {finding.fix}"]
        lines += [f"참고: {notice}" for notice in self.notices]
        if self.figures:
            lines.append("잰 값: " + ", ".join(map(" ".join, self._figure_texts())))
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        parts = [f"<p><b>{escape(self._verdict())}</b></p>"]
        if self.findings:
            rows = [(finding.message, finding.fix) for finding in self.findings]
            parts.append(Table(["관찰", "고치는 법"], rows)._repr_html_())
        if self.notices:
            items = "".join(f"<li>{escape(notice)}</li>" for notice in self.notices)
            parts.append(f"<p>참고</p><ul>{items}</ul>")
        if self.figures:
            table = Table(["잰 것", "값"], self._figure_texts())
            parts.append(f"<details><summary>잰 값</summary>{table._repr_html_()}</details>")
        return "".join(parts)

    def _figure_texts(self) -> list[tuple[str, str]]:
        """정확도와 비율은 %로, 시간은 초로, 장수는 정수로 씁니다."""
        return [(name, _figure_text(name, value)) for name, value in self.figures.items()]


def _figure_text(name: str, value: float) -> str:
    if "정확도" in name or "비율" in name or "우연" in name:
        return f"{100 * value:.1f} %"
    if "시간" in name:
        return f"{value:.1f}초"
    return f"{value:,}" if isinstance(value, int) else f"{value:.3g}"
