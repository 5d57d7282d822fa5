"""ipywidgets의 조작을 키보드와 화면 낭독기로도 쓸 수 있게 합니다."""

import anywidget
import traitlets

from course_utils.widgets import STATIC

VIEW = "application/vnd.jupyter.widget-view+json"


class AccessibleNames(anywidget.AnyWidget):
    """같은 상자에 든 조작들에 화면 낭독기가 읽을 이름을, 그림에 `alt`를 붙입니다.

    ipywidgets 8.1의 슬라이더는 손잡이와 수를 고치는 칸에 이름이 없고, 이름 위에 마우스를 올리면
    "null"이라는 풍선말이 뜹니다. Image에는 alt가 없고 tooltip을 주면 오류가 납니다. 여기에서는
    보이는 이름(label)을 그대로 옮깁니다. 키보드로 옮겨 간 곳이 보이도록 테두리를 그리고, 목록과
    보기에서 누른 화살표를 JupyterLab이 셀을 옮기는 데 쓰지 않게 합니다.
    """

    alt = traitlets.Unicode().tag(sync=True)
    clickable = traitlets.Bool(False).tag(sync=True)
    clicked = traitlets.List(traitlets.Float(), [0.0, 0.0], minlen=2, maxlen=2).tag(sync=True)

    def on_click(self, act):
        """그림을 누르면 그 자리의 픽셀로 `act(x, y)`를 부릅니다."""
        self.clickable = True
        self.observe(lambda change: act(*change.new), names="clicked")

    def __repr__(self):
        return "<위젯: 이름표>"

    def bundle(self, box, data, metadata=None):
        """이 이름표가 든 상자의 출력입니다: `data`에 조작할 수 있는 화면을 더합니다.

        Colab은 표시하는 셀의 메타데이터를 보고 anywidget 관리자를 켜므로 그 메타데이터도 담습니다.
        """
        view = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
        _, colab = self._repr_mimebundle_()
        return data | {VIEW: view}, (metadata or {}) | colab

    _esm = STATIC / "names.js"
    _css = STATIC / "names.css"
