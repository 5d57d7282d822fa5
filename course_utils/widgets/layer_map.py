"""층을 눌러 고르는 두 열짜리 망의 그림입니다."""

import anywidget
import traitlets

from course_utils.widgets import STATIC
from course_utils.widgets.layer_scene import arrange


class LayerMap(anywidget.AnyWidget):
    """GPU 1이 위, GPU 2가 아래인 망의 그림입니다. 누르거나 화살표로 옮겨 층을 고릅니다.

    Args:
        layers: 층마다 `name`, `label`(낭독할 이름), `kind`(`conv`, `pool`, `norm`, `fc`),
            `side`(맵의 한 변), `channels`(열마다의 채널 수), `reads_both`(두 열을 모두 읽는가)가
            든 사전들.
        value: 처음에 고를 층의 이름. 없으면 첫 층입니다.
    """

    layers = traitlets.List(traitlets.Dict()).tag(sync=True)
    value = traitlets.Unicode().tag(sync=True)
    scene = traitlets.Dict().tag(sync=True)

    def __init__(self, layers, value=None):
        super().__init__(layers=layers, value=value or layers[0]["name"], scene=arrange(layers))

    @traitlets.validate("value")
    def _known(self, proposal):
        names = [layer["name"] for layer in self.layers]
        if proposal.value not in names:
            raise traitlets.TraitError(
                f"{proposal.value!r}이라는 층은 없습니다. 고를 수 있는 층: {', '.join(names)}"
            )
        return proposal.value

    def __repr__(self):
        return "<위젯: 누를 수 있는 층 그림>"

    _esm = STATIC / "layer_map.js"
    _css = STATIC / "layer_map.css"
