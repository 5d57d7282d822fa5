"""위젯 테스트가 함께 쓰는 것: 강의의 글꼴, 작은 모델, 조작을 훑는 도구."""

import io

import matplotlib as mpl
import numpy as np
import pytest
import torch
from PIL import Image

from course_utils.lenet import LeNet5, LeNet5Original
from course_utils.plotting import use_course_style


@pytest.fixture(autouse=True)
def course_style():
    torch.set_num_threads(1)
    with mpl.rc_context():
        use_course_style()
        yield


@pytest.fixture
def models():
    """학습하지 않은 `(LeNet5, LeNet5Original)`입니다."""
    torch.manual_seed(0)
    return LeNet5(), LeNet5Original()


@pytest.fixture
def seven():
    """0-255의 28×28 칸에 막대로 그린 7입니다."""
    drawing = np.zeros((28, 28), dtype=np.float32)
    drawing[5:8, 7:21] = drawing[5:23, 18:21] = 255
    return drawing


@pytest.fixture
def open_png():
    """PNG 바이트를 배열로 풉니다."""
    return lambda png: np.asarray(Image.open(io.BytesIO(bytes(png))))


@pytest.fixture
def click():
    """브라우저가 그림의 그 픽셀을 눌렀다고 알린 것처럼 합니다."""

    def press(panel, x, y):
        panel.names.clicked = [x, y]

    return press
