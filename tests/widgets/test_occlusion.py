"""가린 곳만 바뀌고, 적힌 확률은 가린 입력을 모델에 넣은 것과 같습니다."""

import re
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from course_utils import widgets
from course_utils.widgets.occlusion import cover


@pytest.mark.parametrize(("left", "top", "rows", "columns"), [
    (0, 0, (0, 10), (0, 10)), (100, 0, (0, 10), (22, 32)), (50, 100, (22, 32), (11, 21)),
])  # fmt: skip
def test_only_the_square_is_covered(left, top, rows, columns):
    image = torch.ones(3, 32, 32)
    expected = image.clone()
    expected[:, slice(*rows), slice(*columns)] = 0
    assert torch.equal(cover(image, left=left, top=top, size=31), expected)
    assert image.all()


def test_told_probability_is_that_of_the_covered_photo():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 6)).eval()
    classifier = SimpleNamespace(
        model=model, transform=SimpleNamespace(mean=[0.5] * 3, std=[0.25] * 3), label="c{}".format
    )
    photo = torch.rand(3, 32, 32)
    panel = widgets.occlusion_test(classifier, {"가": photo})
    panel.controls["left"].value = 10
    with torch.no_grad():
        before = model(photo[None]).softmax(1)[0]
        after = model(cover(photo, left=10, top=50, size=35)[None]).softmax(1)[0]
    first = int(before.argmax())
    shown = re.search(r"'(c\d)'의 확률 ([\d.]+)% → <b>([\d.]+)%", panel.readout.value).groups()
    assert shown[0] == f"c{first}"
    assert float(shown[1]) == pytest.approx(100 * before[first].item(), abs=0.05)
    assert float(shown[2]) == pytest.approx(100 * after[first].item(), abs=0.05)
