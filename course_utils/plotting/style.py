"""강의의 그림에 공통인 글꼴과 색, 그리고 노트북에 보이는 방법입니다."""

import io
import math
from base64 import b64encode
from pathlib import Path

import matplotlib
import numpy as np
from cycler import cycler
from matplotlib import font_manager
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from PIL import Image

ASSETS = Path(__file__).parents[1] / "assets"
FONT_FAMILY = "Course Gothic KR"

# Okabe와 Ito(2008)의 여덟 색: 색각이 다른 사람도, 흐린 프로젝터에서도 구별합니다.
OKABE_ITO = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
}

# 노랑은 흰 바탕의 가는 선으로는 보이지 않아 선의 순서에서 뺐습니다.
LINE_COLORS = ["blue", "vermillion", "green", "purple", "orange", "sky", "black"]

COURSE_STYLE = {
    # 목록으로 적어야 ✓처럼 없는 글자를 다음 글꼴에서 찾습니다.
    "font.family": [FONT_FAMILY, "DejaVu Sans"],
    "axes.unicode_minus": True,
    "mathtext.fontset": "dejavusans",
    "font.size": 13,
    "axes.titlesize": 15,
    "axes.labelsize": 13,
    "xtick.labelsize": 12,
    "ytick.labelsize": 12,
    "legend.fontsize": 12,
    "lines.linewidth": 2.2,
    "axes.prop_cycle": cycler(color=[OKABE_ITO[name] for name in LINE_COLORS]),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "image.cmap": "gray",
    "figure.dpi": 100,
    "savefig.dpi": 100,
    "savefig.bbox": None,  # 위젯의 그림 크기가 값에 따라 흔들리지 않게 합니다.
    # 투명한 바탕이면 JupyterLab의 어두운 테마에서 검은 글자가 보이지 않습니다.
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "savefig.facecolor": "white",
    "savefig.transparent": False,
}


def use_course_style():
    """함께 담은 한글 글꼴을 등록하고 강의의 그림 모양을 켭니다. 여러 번 불러도 괜찮습니다."""
    registered = {Path(entry.fname) for entry in font_manager.fontManager.ttflist}
    for path in sorted(ASSETS.glob("CourseGothicKR-*.ttf")):
        if path not in registered:
            font_manager.fontManager.addfont(path)
    matplotlib.rcParams.update(COURSE_STYLE)


SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
MOST_POWERS = 10  # 이보다 많은 눈금은 서로 붙습니다.


def mark_powers(axis: Axis) -> None:
    """범위가 정해진 로그 축에 10ⁿ의 눈금을 보통의 글자로 적습니다.

    matplotlib이 스스로 적는 눈금은 수식($10^{-6}$)이어서 하나를 풀이하는 데 몇 밀리초씩 걸립니다.
    """
    low, high = sorted(math.log10(end) for end in axis.get_view_interval())
    powers = range(math.ceil(low), math.floor(high) + 1)
    powers = [power for power in powers if power % -(-len(powers) // MOST_POWERS) == 0]
    labels = [f"10{str(power).translate(SUPERSCRIPTS)}" for power in powers]
    # 강의의 글꼴에는 위 첨자가 다 있지 않아, 섞이지 않게 한 글꼴로 적습니다.
    axis.set_ticks([10.0**power for power in powers], labels, fontfamily="DejaVu Sans")
    axis.set_minor_locator(NullLocator())


def to_png(figure: Figure) -> bytes:
    """그림을 PNG 바이트로 바꿉니다. 같은 그림은 언제나 같은 바이트입니다."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # savefig는 배치를 재느라 한 번 더 그려서 두 배 느립니다.
    return encode(np.asarray(canvas.buffer_rgba()))


def encode(pixels: np.ndarray) -> bytes:
    """`(높이, 너비, 3 또는 4)` uint8 배열을 PNG 바이트로 바꿉니다. 투명도는 버립니다."""
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels[..., :3])).save(buffer, "png", compress_level=2)
    return buffer.getvalue()


def show(drawing: Figure | Axes, *, alt: str) -> None:
    """그림을 대체 텍스트와 함께 노트북에 보이고 닫습니다. `alt`는 화면 낭독기가 읽습니다."""
    from IPython.display import display

    figure = drawing.figure if isinstance(drawing, Axes) else drawing
    # Figure를 그대로 넘기면 노트북이 여백을 재느라 한 번 더 그립니다.
    data = {"text/plain": repr(figure), "image/png": b64encode(to_png(figure)).decode()}
    display(data, metadata={"image/png": {"alt": alt}}, raw=True)
    plt.close(figure)
