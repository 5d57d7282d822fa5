"""눌러서 켜고 끄는 칸들의 표입니다."""

import anywidget
import traitlets

from course_utils.widgets import STATIC


class ConnectionGrid(anywidget.AnyWidget):
    """6×16 칸을 눌러 켜고 끄는 표입니다. 화살표로 옮기고 스페이스로 바꿀 수도 있습니다."""

    value = traitlets.List(traitlets.List(traitlets.Bool())).tag(sync=True)

    @traitlets.validate("value")
    def _same_shape(self, proposal):
        if [len(row) for row in proposal.value] != [16] * 6:
            raise traitlets.TraitError("6×16 칸의 표여야 합니다.")
        return proposal.value

    def __repr__(self):
        return "<위젯: C3 연결표의 칸>"

    _esm = STATIC / "connections.js"
    _css = STATIC / "connections.css"
