"""예측을 적은 뒤에야 값을 보여 주는 조작판입니다."""

from html import escape

import ipywidgets as widgets

from course_utils.widgets.names import AccessibleNames
from course_utils.widgets.panel import READOUT_STYLE, button, row


class Predict(widgets.VBox):
    """질문 하나에 먼저 답하게 하고, 답한 뒤에 '당신'과 '값'을 나란히 보여 줍니다.

    Args:
        question: 물음 한 문장.
        answer: 값. `options`가 있으면 그 가운데 하나이고, 없으면 수입니다.
        options: 보기들. 보기마다 단추가 하나씩 생기고, 강의실에서는 손을 든 사람 수도 적습니다.
        unit: 수 뒤에 붙일 단위.
        why: 값 다음에 보여 줄 설명 한두 문장.
    """

    _ipython_display_ = None  # ipywidgets 7에서도 아래 _repr_mimebundle_을 쓰게 합니다.

    def __init__(self, question, answer, *, options=(), unit="", why=""):
        if options and answer not in options:
            raise ValueError(f"값 {answer!r}이(가) 보기 {list(options)}에 없습니다.")
        self.question, self.answer, self.options = question, answer, list(options)
        self.unit, self.why = unit, why
        self.reply = widgets.HTML()
        self.names = AccessibleNames()
        if self.options:
            self.buttons = [button(text, lambda text=text: self.commit(text)) for text in options]
            self.number, asked = None, [row(*self.buttons), self._hands()]
        else:
            self.number = widgets.FloatText(
                description="내 예측", layout=widgets.Layout(width="200px")
            )
            self.buttons = [button("답하기", lambda: self.commit(self.number.value))]
            asked = [row(self.number, *self.buttons)]
        prompt = widgets.HTML(f'<div style="{READOUT_STYLE}"><b>예측.</b> {escape(question)}</div>')
        super().__init__([prompt, *asked, self.reply, self.names])
        self.add_class("course-predict")

    def commit(self, guess):
        """예측을 굳히고 값을 보여 줍니다. 그 뒤에는 바꿀 수 없습니다."""
        for control in [*self.buttons, *([self.number] if self.number else [])]:
            control.disabled = True
        mine = self._written(guess)
        same = "맞혔습니다. " if mine == self._written(self.answer) else ""
        self.reply.value = (
            f'<div role="status" style="{READOUT_STYLE}">당신 <b>{mine}</b> / '
            f"값 <b>{self._written(self.answer)}</b>. {same}{escape(self.why)}</div>"
        )

    def _written(self, value):
        return escape(value if isinstance(value, str) else f"{value:,.6g}{self.unit}")

    def _hands(self):
        """강의실의 손 세기: 보기마다 사람 수를 적으면 막대가 됩니다. 서버도 이름도 없습니다."""
        counts = [
            widgets.BoundedIntText(
                description=text, max=999, style={"description_width": "initial"},
                layout=widgets.Layout(width="auto"),
            )
            for text in self.options
        ]  # fmt: skip
        bars = widgets.HTML()

        def draw(_=None):
            total = sum(count.value for count in counts) or 1
            bars.value = "".join(
                f'<div style="{READOUT_STYLE}">{escape(count.description)} {count.value}명'
                f'<div style="background:#0072B2; height:12px; '
                f'width:{100 * count.value / total:.0f}%"></div></div>'
                for count in counts
            )

        for count in counts:
            count.observe(draw, names="value")
        self.counts, self.bars = counts, bars
        folded = widgets.Accordion([widgets.VBox([row(*counts), bars])], selected_index=None)
        folded.set_title(0, "강의실에서 손 세기")
        return folded

    def __repr__(self):
        return f"<예측: {self.question}>"

    def _repr_mimebundle_(self, **_):
        """조작할 수 없는 곳(GitHub, 인쇄)에는 값을 접어 둡니다."""
        choices = f" ({' · '.join(map(escape, self.options))})" if self.options else ""
        folded = (
            f"<p><b>예측.</b> {escape(self.question)}{choices}</p>"
            f"<details><summary>값 보기</summary>{self._written(self.answer)}. "
            f"{escape(self.why)}</details>"
        )
        return self.names.bundle(self, {"text/plain": repr(self), "text/html": folded})
