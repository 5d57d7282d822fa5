# 명령은 `make help`에 있습니다. 경로를 모두 상대 경로로 적은 이유: 폴더 이름에 빈칸이 있어도 움직이고,
# .venv/bin의 스크립트는 첫 줄에 절대 경로를 담아 빈칸에서 깨지므로 늘 `python -m`으로 부릅니다.

PYTHON ?= python3
ARGS ?=

PY := .venv/bin/python
READY := .venv/.installed

# 글자 설정이 C인 컴퓨터에서도 한글을 읽고 쓰게 합니다.
export PYTHONUTF8 := 1
# 사용자 폴더에 다른 파이썬의 커널이 있어도 이 폴더의 파이썬으로 노트북을 엽니다.
export JUPYTER_PREFER_ENV_PATH := 1
# 사용자 폴더에 쓸 수 없는 컴퓨터에서도 matplotlib이 경고하지 않게 합니다.
export MPLCONFIGDIR := $(CURDIR)/.venv/matplotlib
ifneq ($(shell [ -d "$$HOME" ] && [ -w "$$HOME" ] && echo yes),yes)
# JupyterLab과 IPython은 사용자 폴더에 쓰지 못하면 시작하지 못하므로 자리를 옮깁니다.
export JUPYTER_CONFIG_DIR ?= $(CURDIR)/.venv/jupyter/config
export JUPYTER_DATA_DIR ?= $(CURDIR)/.venv/jupyter/data
export JUPYTER_RUNTIME_DIR ?= $(CURDIR)/.venv/jupyter/runtime
export IPYTHONDIR ?= $(CURDIR)/.venv/jupyter/ipython
endif

# 폴더를 옮기면 설치가 옛 자리를 가리키므로, 적어 둔 자리와 다르면 다시 설치합니다.
MOVED := $(shell [ "`cat $(READY) 2>/dev/null`" = "`pwd -P`" ] || rm -f $(READY))

# 노트북은 notebooks/에서 돌므로, 상대 경로로 받은 COURSE_DATA를 절대 경로로 바꿉니다.
ABSOLUTE_DATA = case "$$COURSE_DATA" in ''|/*|'~'*) ;; \
	*) COURSE_DATA="`pwd`/$$COURSE_DATA"; export COURSE_DATA ;; esac

.PHONY: help lab test present slides slides-serve handouts grade
.PHONY: web notebooks e2e colab colab-notebooks bench weights experiments clean
.DEFAULT_GOAL := help

help:
	@printf '%s\n' \
	  'LeNet-5와 AlexNet 강의' \
	  '' \
	  '  make lab          JupyterLab을 열고 강의를 시작합니다' \
	  '  make test         코드 검사, 단위 테스트, 고장 테스트, 노트북 테스트를 합니다' \
	  '' \
	  '가르칠 때 (docs/강의안내.md)' \
	  '' \
	  '  make present      위젯이 살아 있고 코드가 없는 페이지로 보여 줍니다' \
	  '                    PLAN=45, PLAN=90: 강의 안내의 수업을 한 페이지로 보여 줍니다' \
	  '  make slides       슬라이드를 만듭니다' \
	  '  make slides-serve 슬라이드를 보여 줍니다 (S를 누르면 강사 노트)' \
	  '  make handouts     나누어 줄 학생용·풀이용·코랩용 노트북을 만듭니다 (ARGS=--check: 모두 실행해 확인)' \
	  '  make colab-notebooks  파일 하나로 도는 Colab용 노트북만 만듭니다 (build/handouts/코랩용)' \
	  '  make grade        제출한 노트북 폴더를 채점해 CSV로 씁니다 (ARGS="제출폴더")' \
	  '  make web          파이썬 없이 여는 페이지를 만듭니다 (build/lenet5.html)' \
	  '' \
	  '고칠 때' \
	  '' \
	  '  make notebooks    노트북을 모두 다시 실행해 결과를 새로 담습니다' \
	  '  make e2e          브라우저로 노트북과 위젯을 써 보는 테스트를 합니다 (크로미엄이 있어야 합니다)' \
	  '  make colab        저장소의 주소를 Colab 배지와 노트북에 적습니다' \
	  '  make bench        속도를 측정합니다' \
	  '  make weights      함께 담은 가중치를 다시 학습합니다' \
	  '  make experiments  노트북에 담은 실험을 다시 합니다 (꺼지면 같은 명령으로 이어집니다)' \
	  '  make clean        설치한 것과 임시 파일을 지웁니다 (내려받은 데이터는 남깁니다)' \
	  '' \
	  '처음 한 번은 필요한 패키지를 .venv에 내려받습니다. 다음부터는 바로 시작합니다.' \
	  '' \
	  '  ARGS         뒤에 붙일 옵션   make lab ARGS="--no-browser --port=9000"' \
	  '                                make test ARGS="-k lenet" (단위 테스트에 붙습니다)' \
	  '                                make notebooks ARGS="notebooks/01_lenet5.ipynb"' \
	  '  PYTHON       쓸 파이썬        make lab PYTHON=python3.12 (이미 설치했다면 make clean 뒤에)' \
	  '  COURSE_DATA  데이터 폴더      make lab COURSE_DATA=/my/data'

lab test: $(READY)
	@exec $(PY) -m course_utils $@ $(ARGS)

present: .venv/.extra-present
	@$(ABSOLUTE_DATA); exec $(PY) tools/present.py $(addprefix --plan=,$(PLAN)) $(ARGS)

slides: $(READY)
	@$(PY) tools/slides.py $(ARGS)

slides-serve: $(READY)
	@exec $(PY) tools/serve_slides.py $(ARGS)

handouts: $(READY)
	@$(ABSOLUTE_DATA); $(PY) tools/handouts.py $(ARGS)
	@$(PY) tools/colab_notebooks.py

grade: $(READY)
	@$(PY) tools/grade.py $(ARGS)

colab-notebooks: $(READY)
	@$(PY) tools/colab_notebooks.py

colab: $(READY)
	@$(PY) tools/colab.py

e2e: .venv/.extra-e2e
	@$(ABSOLUTE_DATA); $(PY) -m pytest tests/e2e --durations=10 $(ARGS)

web: $(READY)
	@$(PY) tools/web.py

notebooks: $(READY)
	@$(ABSOLUTE_DATA); $(PY) tools/run_notebooks.py $(ARGS)

bench: $(READY)
	@$(ABSOLUTE_DATA); $(PY) benchmarks/run.py $(ARGS)

weights: $(READY)
	@$(ABSOLUTE_DATA); $(PY) -m course_utils.commands.train_lenet $(ARGS)

experiments: $(READY)
	@$(ABSOLUTE_DATA); $(PY) -m course_utils.commands.experiments $(ARGS)

clean:
	rm -rf .venv build *.egg-info .pytest_cache .ruff_cache
	find . -type d \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +

# 맨 끝에서만 $(READY)를 쓰므로, 도중에 끊긴 설치는 다음 번에 이어서 합니다.
$(READY): pyproject.toml
	@rm -f $@
	@if ! $(PY) -m pip --version >/dev/null 2>&1; then \
	  command -v "$(PYTHON)" >/dev/null 2>&1 || { printf '%s\n' '' \
	    '파이썬을 찾지 못했습니다: $(PYTHON)' \
	    '3.10 이상을 설치하거나 `make lab PYTHON=/경로/python3`처럼 알려 주십시오.' >&2; exit 1; }; \
	  "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { printf '%s\n' '' \
	    "파이썬 3.10 이상이 필요합니다. 지금 것: $$("$(PYTHON)" --version 2>&1)" \
	    '새 파이썬을 설치한 뒤 `make lab PYTHON=python3.12`처럼 알려 주십시오.' >&2; exit 1; }; \
	  "$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { printf '%s\n' '' \
	    '파이썬에 가상 환경 기능(venv, ensurepip)이 빠져 있습니다.' \
	    '데비안·우분투에서는 `sudo apt install python3-venv`를 실행한 뒤 다시 하십시오.' >&2; exit 1; }; \
	  rm -rf .venv; "$(PYTHON)" -m venv .venv || { rm -rf .venv; printf '%s\n' '' \
	    '.venv를 만들지 못했습니다. 바로 위의 오류와 이 폴더의 쓰기 권한을 확인하십시오.' >&2; exit 1; }; \
	fi
	@echo '필요한 패키지를 설치합니다. 처음이라면 몇 기가바이트를 내려받으므로 몇 분 걸립니다.'
	@PIP_USER=0 $(PY) -m pip install --disable-pip-version-check -e '.[lab,slides,test]' || { printf '%s\n' '' \
	  '설치하지 못했습니다. 바로 위의 오류를 보고 다음을 확인한 뒤 같은 명령을 다시 실행하십시오.' \
	  '  - 인터넷 연결 (회사·학교라면 프록시 설정)' \
	  '  - 디스크의 빈 자리 (8 GB쯤 필요합니다)' \
	  '  - "No matching distribution"이 보이면 파이썬이 너무 새것입니다: make clean 뒤 PYTHON=python3.12' >&2; exit 1; }
	@pwd -P > $@

# 발표와 브라우저 테스트에만 쓰는 패키지입니다.
.venv/.extra-%: $(READY) pyproject.toml
	@echo '$*에 필요한 패키지를 더 설치합니다.'
	@PIP_USER=0 $(PY) -m pip install --disable-pip-version-check -q -e '.[$*]' || { printf '%s\n' '' \
	  '설치하지 못했습니다. 인터넷 연결을 확인하고 같은 명령을 다시 실행하십시오.' >&2; exit 1; }
	@touch $@
