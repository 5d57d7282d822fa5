"""강의를 실행할 준비가 되었는지 한 표로 점검합니다."""

import platform
from importlib import metadata

import matplotlib
import torch
from matplotlib import font_manager

from course_utils.data import ImageData
from course_utils.plotting import FONT_FAMILY
from course_utils.tables import Table
from course_utils.training import pick_device

PACKAGES = ("torch", "torchvision", "matplotlib", "scikit-learn", "scikit-image", "ipywidgets")
DATA_MODES = {"cache": "캐시(저장된 MNIST)", "download": "내려받음(MNIST)", "embedded": "내장"}
DEVICES = {"cpu": "CPU(충분합니다)", "cuda": "GPU(CUDA)", "mps": "GPU(Apple MPS)"}


class Environment(Table):
    """점검표입니다. `problems`에는 고쳐야 할 것과 그 방법이 문장으로 담깁니다."""

    def __init__(self, rows: list[tuple[str, str, str]], problems: list[str]) -> None:
        super().__init__(["항목", "지금", "뜻"], rows, caption="환경 점검")
        self.problems = problems


def check_environment(data: ImageData) -> Environment:
    """버전, 계산 장치, 한글 글꼴, 데이터를 점검합니다. `data`는 `load_digits()`의 결과입니다."""
    problems = []
    rows = [("Python", platform.python_version(), "3.10 이상이면 됩니다.")]
    for name in PACKAGES:
        try:
            rows.append((name, metadata.version(name), "설치되어 있습니다."))
        except metadata.PackageNotFoundError:
            rows.append((name, "없음", "설치해야 합니다."))
            problems.append(f"{name}이(가) 없습니다. 터미널에서 pip install {name}을 실행하십시오.")
    device = pick_device().type
    rows.append(("계산 장치", DEVICES[device], f"CPU 스레드 {torch.get_num_threads()}개"))
    registered = FONT_FAMILY in {entry.name for entry in font_manager.fontManager.ttflist}
    if not registered or FONT_FAMILY not in matplotlib.rcParams["font.family"]:
        problems.append("한글 글꼴이 꺼져 있습니다. plotting.use_course_style()을 실행하십시오.")
    rows.append(("한글 글꼴", FONT_FAMILY if registered else "없음", "함께 담은 글꼴입니다."))
    counts = f"학습 {len(data.train_labels):,}장, 테스트 {len(data.test_labels):,}장"
    rows.append(("데이터", DATA_MODES[data.source], f"{data.name}: {counts}"))
    rows.append(("걸리는 시간", "노트북마다 1분 이내", "CPU 2코어에서 모두 실행할 때입니다."))
    return Environment(rows, problems)
