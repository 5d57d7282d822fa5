"""가린 곳만 바뀌고, 적힌 확률은 가린 입력을 모델에 넣은 것과 같습니다."""

import re

import pytest
import torch
from tiny_classifier import tiny_classifier

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
    classifier = tiny_classifier()
    photo = torch.rand(3, 32, 32)
    panel = widgets.occlusion_test(classifier, {"가": photo})
    panel.controls["left"].value = 10
    with torch.no_grad():
        before = classifier.model(photo[None]).softmax(1)[0]
        after = classifier.model(cover(photo, left=10, top=50, size=35)[None]).softmax(1)[0]
    first = int(before.argmax())
    pattern = r"'클래스 (\d)'의 확률 ([\d.]+)% → <b>([\d.]+)%"
    shown = re.search(pattern, panel.readout.value).groups()
    assert int(shown[0]) == first
    assert float(shown[1]) == pytest.approx(100 * before[first].item(), abs=0.05)
    assert float(shown[2]) == pytest.approx(100 * after[first].item(), abs=0.05)


def test_square_is_centred_where_the_photo_is_clicked(click):
    panel = widgets.occlusion_test(tiny_classifier(), {"가": torch.rand(3, 32, 32)})
    panel.controls["size"].value = 20
    places = []
    for x, y in ((20, 30), (20 + 145, 30 + 145), (20 + 290, 30)):  # 왼쪽 위, 가운데, 오른쪽 위
        click(panel, x, y)
        places.append((panel.controls["left"].value, panel.controls["top"].value))
    assert places == [(0, 0), (50, 50), (100, 0)]
