"""고르면 바로 답하는 퀴즈입니다. 문제는 `assets/quiz_*.json`에 있습니다."""

import json
from dataclasses import dataclass
from html import escape
from pathlib import Path

import ipywidgets as widgets

from course_utils.widgets.names import AccessibleNames

ASSETS = Path(__file__).parent / "assets"
_STYLE = "font-size:15px;line-height:1.6;white-space:normal;"


@dataclass(frozen=True)
class Choice:
    """보기 하나입니다. `feedback`은 고른 사람에게 하는 말입니다: 맞으면 설명, 틀리면 힌트."""

    text: str
    feedback: str
    correct: bool = False


@dataclass(frozen=True)
class Question:
    """문제 하나와 보기들입니다."""

    prompt: str
    choices: tuple[Choice, ...]

    def answer(self, number: int) -> str:
        """`number`번(0부터) 보기를 골랐을 때의 대답입니다."""
        choice = self.choices[number]
        return f"{'✓ 맞습니다.' if choice.correct else '✗ 다시 생각해 봅시다.'} {choice.feedback}"


def load_questions(name: str) -> list[Question]:
    """`assets/quiz_{name}.json`의 문제들입니다. 없으면 FileNotFoundError를 냅니다."""
    path = ASSETS / f"quiz_{name}.json"
    if not path.exists():
        known = sorted(file.stem.removeprefix("quiz_") for file in ASSETS.glob("quiz_*.json"))
        raise FileNotFoundError(f"'{name}' 퀴즈가 없습니다. 있는 퀴즈: {', '.join(known)}")
    records = json.loads(path.read_text(encoding="utf-8"))
    return [
        Question(record["prompt"], tuple(Choice(**choice) for choice in record["choices"]))
        for record in records
    ]


class Quiz(widgets.VBox):
    """문제마다 보기를 고르면 바로 설명이나 힌트가 나옵니다. 몇 번이든 다시 고를 수 있습니다."""

    _ipython_display_ = None  # ipywidgets 7에서도 아래 _repr_mimebundle_을 쓰게 합니다.

    def __init__(self, name: str) -> None:
        self.name = name
        self.questions = load_questions(name)
        self.score = widgets.HTML()
        self.radios, self.replies = [], []
        rows = []
        for number, question in enumerate(self.questions, start=1):
            radio = widgets.RadioButtons(
                options=[(choice.text, i) for i, choice in enumerate(question.choices)],
                value=None,
                layout=widgets.Layout(width="max-content", max_width="100%"),
            )
            reply = widgets.HTML()
            radio.observe(self._reply, names="value")
            self.radios.append(radio)
            self.replies.append(reply)
            prompt = f'<div style="{_STYLE}"><b>{number}. {escape(question.prompt)}</b></div>'
            apart = widgets.Layout(margin="0 0 22px")  # 답이 다음 문제가 아니라 제 문제에 붙습니다.
            rows.append(widgets.VBox([widgets.HTML(prompt), radio, reply], layout=apart))
        self.names = AccessibleNames()
        super().__init__([*rows, self.score, self.names])
        self._reply()

    def _reply(self, _=None) -> None:
        right = 0
        for question, radio, reply in zip(self.questions, self.radios, self.replies, strict=True):
            if radio.value is None:
                continue
            right += question.choices[radio.value].correct
            text = escape(question.answer(radio.value))
            reply.value = f'<div role="status" style="{_STYLE}">{text}</div>'
        self.score.value = f'<div style="{_STYLE}">맞힌 문제: {right} / {len(self.questions)}</div>'

    def __repr__(self) -> str:
        return f"<퀴즈: {self.name}, {len(self.questions)}문제>"

    def _repr_mimebundle_(self, **_) -> tuple[dict, dict]:
        """조작할 수 없는 곳(GitHub, 인쇄)에는 문제와 보기만 글로 남깁니다."""
        items = "".join(
            f"<li>{escape(question.prompt)}<ul>"
            + "".join(f"<li>{escape(choice.text)}</li>" for choice in question.choices)
            + "</ul></li>"
            for question in self.questions
        )
        return self.names.bundle(self, {"text/plain": repr(self), "text/html": f"<ol>{items}</ol>"})
