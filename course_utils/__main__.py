"""강의를 열고 테스트하는 두 명령입니다. make가 없는 Windows에서도 같습니다.

    py -m course_utils lab   [JupyterLab의 옵션]
    py -m course_utils test  [pytest의 옵션]

필요한 패키지가 없으면 .venv를 만들어 설치하고 그 안의 파이썬으로 합니다.
"""

import importlib.util
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
NEEDED = ("torch", "torchvision", "anywidget", "jupyterlab", "pytest", "nbval", "xdist")

# 화면을 한국어로, 새 소식 알림은 끈 채로 시작합니다. 사용자가 메뉴에서 고른 설정이 이보다 앞섭니다.
LAB_SETTINGS = """{
  "@jupyterlab/translation-extension:plugin": {"locale": "ko_KR"},
  "@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}
}
"""
# 준비 셀을 건너뛴 사람에게 한국어로 알립니다(course_utils/kernel.py).
KERNEL_SETTINGS = 'c.InteractiveShellApp.extensions = ["course_utils.kernel"]\n'

# 코어마다 프로세스 하나씩, 파일째로 나누어 돌립니다(모듈마다 한 번 하는 준비가 있습니다).
SPREAD = ("-n", "auto", "--maxprocesses=4", "--dist", "loadfile", "--no-loadscope-reorder")
NOTEBOOKS = ("--nbval", "--nbval-current-env", "--nbval-cell-timeout", "300",
             "--nbval-sanitize-with", "tests/nbval_sanitize.cfg", "notebooks/")  # fmt: skip


def main(arguments: list[str]) -> int:
    """`arguments`의 첫째는 명령, 나머지는 그 명령에 넘기는 옵션입니다."""
    if arguments[:1] not in (["lab"], ["test"]):
        print(__doc__)
        return 2
    os.chdir(ROOT)
    # 글자 설정이 CP949나 C인 컴퓨터에서도 한글과 ✓를 읽고 씁니다.
    os.environ["PYTHONUTF8"] = "1"
    # 노트북은 notebooks/에서 돌므로 상대 경로로 받은 것을 절대 경로로 바꿉니다.
    if data := os.environ.get("COURSE_DATA"):
        os.environ["COURSE_DATA"] = str(Path(data).expanduser().absolute())
    if all(importlib.util.find_spec(name) for name in NEEDED):
        return {"lab": lab, "test": test}[arguments[0]](arguments[1:])
    if Path(sys.prefix).resolve() == VENV.resolve() or not install():
        print("설치하지 못했습니다. 위의 오류와 인터넷 연결, 빈 자리(8 GB쯤)를 확인하고 "
              "같은 명령을 다시 실행하십시오.", file=sys.stderr)  # fmt: skip
        return 1
    return call(PYTHON, "-m", "course_utils", *arguments)


def call(*command: str | Path, **variables: str) -> int:
    """명령 하나를 끝까지 하고 종료 코드를 돌려줍니다. Ctrl-C는 그 명령이 받습니다."""
    with subprocess.Popen(command, env=os.environ | variables) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue


def install() -> bool:
    """.venv를 만들고 필요한 패키지를 설치합니다. 이 자리에서 끝낸 설치는 되풀이하지 않습니다."""
    ready = VENV / ".installed"  # Makefile도 같은 파일을 봅니다.
    if (ready.exists() and ready.read_text(encoding="utf-8").strip() == str(ROOT)
            and ready.stat().st_mtime >= (ROOT / "pyproject.toml").stat().st_mtime):  # fmt: skip
        return True
    print("필요한 패키지를 .venv에 설치합니다. 처음이라면 몇 분 걸립니다.", flush=True)
    if not PYTHON.exists():
        venv.create(VENV, with_pip=True)
    pip = (PYTHON, "-m", "pip", "install", "--disable-pip-version-check")
    if call(*pip, "-e", ".[lab,slides,test]", PIP_USER="0"):
        return False
    ready.write_text(f"{ROOT}\n", encoding="utf-8")
    return True


def lab(options: list[str]) -> int:
    """JupyterLab을 열고 강의를 시작합니다."""
    if Path(sys.prefix).resolve() == VENV.resolve():
        for name, text in (("share/jupyter/lab/settings/overrides.json", LAB_SETTINGS),
                           ("etc/ipython/ipython_config.py", KERNEL_SETTINGS)):  # fmt: skip
            (VENV / name).parent.mkdir(parents=True, exist_ok=True)
            (VENV / name).write_text(text, encoding="utf-8")
    # 사용자 폴더에 다른 파이썬의 커널이 있어도 이 파이썬으로 노트북을 엽니다.
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    as_root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    return call(sys.executable, "-m", "jupyterlab", *as_root, f"--ServerApp.root_dir={ROOT}",
                "--LabApp.default_url=/lab/tree/notebooks/00_start.ipynb", *options)  # fmt: skip


def test(options: list[str]) -> int:
    """코드 검사, 단위 테스트, 고장 테스트, 노트북 테스트를 합니다. 첫 실패에서 멈춥니다."""
    pytest = (sys.executable, "-m", "pytest", "--durations=10")
    return (
        call(sys.executable, "-m", "ruff", "check", ".")
        or call(*pytest, *SPREAD, *options)
        or call(*pytest, *SPREAD, "tests/faults")
        or call(*pytest, *NOTEBOOKS, COURSE_OFFLINE="1")
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
