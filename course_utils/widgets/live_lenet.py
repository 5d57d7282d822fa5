"""획을 긋는 동안 답하는 1998년의 LeNet-5입니다. 계산은 브라우저에서 합니다."""

from base64 import b64encode

import anywidget
import matplotlib.pyplot as plt
import numpy as np
import torch
import traitlets
from PIL import Image

from course_utils.anatomy import layer_outputs
from course_utils.checkpoint import load_pretrained
from course_utils.data import center_digit, normalize
from course_utils.lenet import C3_TABLE, LeNet5Original
from course_utils.plotting import plot_layer_maps, to_png
from course_utils.widgets import STATIC, script
from course_utils.widgets.pictures import add_hint

SIZE = 280  # 그림판의 한 변
SHOWN = {"C1": "squash1", "S2": "squash2", "C3": "squash3", "S4": "squash4"}


def shipped_model():
    """왜곡한 MNIST로 학습해 담아 둔 LeNet5Original과 그 기록입니다."""
    with torch.random.fork_rng(devices=[]):  # 노트북의 난수 순서를 건드리지 않습니다.
        model = LeNet5Original()
    return model, load_pretrained(model, "lenet5_original_distorted")


def browser_model():
    """브라우저에 넘길 것: float16 `weights`, 그 `order`, C3의 `table`, 벌점의 한도 `rubbish`.

    한도는 학습에 쓴 식 9의 j입니다. 가장 작은 벌점이 이보다 크면 쓰레기 클래스가 이깁니다.
    """
    model, record = shipped_model()
    state = {name.split(".", 1)[1]: value for name, value in model.state_dict().items()}
    flat = torch.cat([value.flatten() for value in state.values()])
    return {
        "weights": flat.numpy().astype("<f2").tobytes(),
        "order": [[name, value.numel()] for name, value in state.items()],
        "table": [list(sources) for sources in C3_TABLE],
        "rubbish": record["recipe"]["rubbish"],
    }


class LiveLeNet(anywidget.AnyWidget):
    """그림판과 1998년의 LeNet-5 전체입니다. 브라우저의 답은 `answer`에 옵니다(-1은 쓰레기).

    `example`은 처음에 보여 줄 0(바탕)-255(잉크)의 2차원 숫자입니다.
    """

    weights = traitlets.Bytes().tag(sync=True)
    order = traitlets.List().tag(sync=True)
    table = traitlets.List().tag(sync=True)
    rubbish = traitlets.Float().tag(sync=True)
    start = traitlets.Bytes().tag(sync=True)
    answer = traitlets.Int(-1).tag(sync=True)
    _esm = script("draw_pad", "lenet", "lenet_zoom", "lenet_live") + "export default lenet_live;"
    _css = "".join(
        (STATIC / f"{name}.css").read_text(encoding="utf-8") for name in ("draw_pad", "lenet_live")
    )

    def __init__(self, example):
        self.example = np.asarray(example, dtype=np.uint8)
        start = Image.fromarray(self.example).resize((SIZE, SIZE), Image.Resampling.BILINEAR)
        super().__init__(start=start.tobytes(), **browser_model())

    def __repr__(self):
        return "<위젯: 그리는 동안 답하는 LeNet-5>"

    def _repr_mimebundle_(self, **options):
        """조작할 수 없는 곳(GitHub, 인쇄)에는 예시 숫자가 지나간 층들의 그림을 둡니다."""
        data, metadata = super()._repr_mimebundle_(**options)
        image = normalize(center_digit(self.example)["pad"])
        outputs = layer_outputs(shipped_model()[0], image[None, None])
        maps = {layer: outputs[name][0] for layer, name in SHOWN.items()}
        figure = plot_layer_maps({"입력": image[None], **maps})
        png = to_png(figure)
        plt.close(figure)
        alt = {"image/png": {"alt": "예시 숫자가 C1, S2, C3, S4를 지나며 만든 특징 맵들"}}
        text = {"text/plain": repr(self), "image/png": b64encode(add_hint(png)).decode()}
        return data | text, metadata | alt
