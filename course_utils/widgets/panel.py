"""위젯의 뼈대: 조작판, 읽어 주는 글 한 줄, 그림 한 장."""

import asyncio
import html
from base64 import b64encode
from contextlib import contextmanager

import ipywidgets as widgets
from matplotlib.figure import Figure

from course_utils.widgets.names import AccessibleNames
from course_utils.widgets.pictures import add_hint, size_of, to_png


class Panel(widgets.VBox):
    """조작이 바뀔 때마다 순수 함수 `draw`를 불러 글과 그림을 새로 고칩니다.

    Args:
        name: `<위젯: 이름>`으로 출력되는 짧은 이름.
        controls: `draw`의 인자 이름 → `value`가 있는 위젯.
        draw: 값을 받아 Figure나 글(HTML), 또는 그 둘을 담은 튜플이나 제너레이터를 돌려주는 함수.
            제너레이터라면 먼저 낸 것이 먼저 보입니다.
        alt: 그림을 볼 수 없는 사람에게 읽어 줄 설명.
        rows: 조작판의 배치. 없으면 `controls`를 차례로 쌓습니다.
        static: 프런트 엔드가 없을 때(GitHub, 인쇄) 보여 줄 Figure를 만드는 함수.
            없으면 지금 보이는 그림을 씁니다.
    """

    _ipython_display_ = None  # ipywidgets 7에서도 아래 _repr_mimebundle_을 쓰게 합니다.

    def __init__(self, name, controls, draw, *, alt, rows=None, static=None):
        self.name, self.controls, self.alt = name, controls, alt
        self._draw, self._static = draw, static
        self.readout = widgets.HTML()
        self.image = picture()
        self.names = AccessibleNames(alt=alt)
        super().__init__([*(rows or controls.values()), self.readout, self.names, self.image])
        for control in controls.values():
            control.observe(self._follow, names="value")
        self._together = False
        self.refresh()

    def __repr__(self):
        return f"<위젯: {self.name}>"

    def values(self):
        """지금의 조작값들입니다."""
        return {name: control.value for name, control in self.controls.items()}

    def _follow(self, _):
        # 낡은 브라우저 탭은 목록의 선택을 지우기도 합니다. 다시 고를 때까지 앞의 그림을 둡니다.
        chosen = all(value is not None for value in self.values().values())
        if chosen and not self._together:
            self.refresh()

    @contextmanager
    def quiet(self):
        """이 블록 안에서는 조작을 바꾸어도 새로 고치지 않습니다. 곧 새로 고칠 때에 씁니다."""
        before, self._together = self._together, True
        try:
            yield
        finally:
            self._together = before

    @contextmanager
    def together(self):
        """이 블록 안에서 여러 조작을 바꾸면 나올 때 한 번만 새로 고칩니다."""
        with self.quiet():
            yield
        self.refresh()

    def refresh(self):
        """글과 그림을 지금의 조작값으로 다시 만듭니다. 오류는 글로 보여 준 뒤 그대로 올립니다."""
        try:
            result = self._draw(**self.values())
            for part in (result,) if isinstance(result, Figure | str) else result:
                self._show(part)
        except Exception as error:
            self._show(f"⚠ 그림을 새로 그리지 못했습니다: {html.escape(str(error))}")
            raise

    def _show(self, part):
        if isinstance(part, Figure):
            show_figure(self.image, part)
        else:
            self.readout.value = f'<div role="status" style="{READOUT_STYLE}">{part}</div>'

    def _repr_mimebundle_(self, **_):
        png = to_png(self._static(**self.values())) if self._static else bytes(self.image.value)
        data = {"text/plain": repr(self), "image/png": b64encode(add_hint(png)).decode()}
        return self.names.bundle(self, data, {"image/png": {"alt": self.alt}})


READOUT_STYLE = (
    "min-height: 1.6em; line-height: 1.6; font-size: 15px; white-space: normal; "
    "word-break: keep-all"
)


def picture():
    """PNG를 담는 빈 그림 위젯입니다."""
    return widgets.Image(format="png", layout=widgets.Layout(display="none", margin="0"))


def show_figure(image, figure):
    """Figure를 그림 위젯에 보입니다. 좁은 화면에서는 비율을 지키며 줄어듭니다."""
    image.value = to_png(figure)
    image.layout.width, image.layout.height = f"{size_of(figure)[0]}px", "auto"
    image.layout.max_width, image.layout.display = "100%", None


def slider(description, low, high, *, value, step=1, width="340px", label_width="initial"):
    """정수나 실수 슬라이더입니다. 설명의 너비를 `label_width`로 맞추면 여러 개가 나란해집니다."""
    exact = isinstance(step, int)
    kind = widgets.IntSlider if exact else widgets.FloatSlider
    return kind(
        value=value,
        min=low,
        max=high,
        step=step,
        description=description,
        readout_format="d" if exact else ".2f",
        style={"description_width": label_width},
        layout=widgets.Layout(width=width),
    )


def choice(description, options, *, width="auto"):
    """몇 가지 가운데 하나를 고르는 목록입니다. 처음에는 첫째 것이 골라져 있습니다."""
    return widgets.Dropdown(
        options=list(options),
        description=description,
        style={"description_width": "initial"},
        layout=widgets.Layout(width=width),
    )


def button(description, action, *, tooltip="", width="auto"):
    """누르면 인자 없는 함수 `action`을 부르는 단추입니다."""
    widget = widgets.Button(
        description=description, tooltip=tooltip or description, layout=widgets.Layout(width=width)
    )
    widget.on_click(lambda _: action())
    return widget


def play_button(control, *, seconds=0.5):
    """누르면 슬라이더를 한 칸씩 옮기고, 다시 누르면 멈추는 단추입니다. 끝에서는 처음부터 갑니다."""
    playing = None

    async def play():
        if control.value == control.max:
            control.value = control.min
        while control.value < control.max:
            control.value += control.step
            await asyncio.sleep(seconds)
        toggle()

    def toggle():
        nonlocal playing
        if playing:
            playing.cancel()
        playing = None if playing else asyncio.ensure_future(play())
        widget.description = "■ 멈춤" if playing else "▶ 재생"

    widget = button("▶ 재생", toggle, tooltip="저절로 한 칸씩 갑니다")
    return widget


def row(*children):
    """조작들을 한 줄에 놓습니다. 좁으면 다음 줄로 넘깁니다."""
    return widgets.HBox(
        children, layout=widgets.Layout(flex_flow="row wrap", align_items="center", grid_gap="12px")
    )
