"""ipywidgets의 조작을 키보드와 화면 낭독기로도 쓸 수 있게 합니다."""

import anywidget
import traitlets

from course_utils.widgets import STATIC


class AccessibleNames(anywidget.AnyWidget):
    """같은 상자에 든 조작들에 화면 낭독기가 읽을 이름을, 그림에 `alt`를 붙입니다.

    ipywidgets 8.1의 슬라이더는 손잡이와 수를 고치는 칸에 이름이 없고, 이름 위에 마우스를 올리면
    "null"이라는 풍선말이 뜹니다. Image에는 alt가 없고 tooltip을 주면 오류가 납니다. 여기에서는
    보이는 이름(label)을 그대로 옮깁니다. 키보드로 옮겨 간 곳이 보이도록 테두리를 그리고, 목록과
    보기에서 누른 화살표를 JupyterLab이 셀을 옮기는 데 쓰지 않게 합니다.
    """

    alt = traitlets.Unicode().tag(sync=True)

    def __repr__(self):
        return "<위젯: 이름표>"

    _esm = STATIC / "names.js"
    _css = STATIC / "names.css"
