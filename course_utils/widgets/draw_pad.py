"""마우스, 손가락, 키보드로 숫자를 그리는 칸입니다."""

import anywidget
import numpy as np
import traitlets
from PIL import Image

from course_utils.widgets import STATIC

SIZE = 280


class DrawPad(anywidget.AnyWidget):
    """280×280 그림판입니다. 그린 것은 `value`에 0(바탕)-255(잉크) uint8 배열로 들어옵니다.

    펜을 뗄 때마다 `value`가 바뀝니다. 파이썬에서 `show(그림)`으로 올린 그림은 새로 그리기 시작하면
    지워집니다.
    """

    # CBytes여야 합니다: 브라우저가 보내는 memoryview를 Bytes는 받지 않습니다.
    pixels = traitlets.CBytes(b"").tag(sync=True)
    count = traitlets.Int(0).tag(sync=True)
    pen_width = traitlets.Int(22, min=10, max=40).tag(sync=True)
    value = traitlets.Any()

    @traitlets.default("value")
    def _blank(self):
        return np.zeros((SIZE, SIZE), dtype=np.uint8)

    @traitlets.observe("count")
    def _receive(self, _):
        # 같은 그림을 두 번 보내도 알 수 있게 픽셀이 아니라 횟수를 봅니다.
        if len(self.pixels) == SIZE * SIZE:  # 낡은 탭이 보낸 다른 크기는 버립니다.
            self.value = np.frombuffer(self.pixels, dtype=np.uint8).reshape(SIZE, SIZE)

    def show(self, drawing):
        """0-255의 2차원 그림을 칸에 맞게 키워 올립니다."""
        image = Image.fromarray(np.clip(drawing, 0, 255).astype(np.uint8))
        self.pixels = image.resize((SIZE, SIZE), Image.Resampling.BILINEAR).tobytes()
        self.count += 1

    def __repr__(self):
        return "<위젯: 숫자 그리기>"

    _esm = STATIC / "draw_pad.js"
    _css = STATIC / "draw_pad.css"
