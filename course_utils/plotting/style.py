"""강의의 그림에 공통인 글꼴과 색, 그리고 노트북에 보이는 방법입니다."""

from pathlib import Path

import matplotlib
from cycler import cycler
from matplotlib import font_manager
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

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

# 노랑은 흰 바탕의 가는 선으로는 보이지 않아 선의 차례에서 뺐습니다.
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


def show(drawing: Figure | Axes, *, alt: str) -> None:
    """그림을 대체 텍스트와 함께 노트북에 보이고 닫습니다. `alt`는 화면 낭독기가 읽습니다."""
    from IPython.display import display

    figure = drawing.figure if isinstance(drawing, Axes) else drawing
    display(figure, metadata={"image/png": {"alt": alt}})
    plt.close(figure)
