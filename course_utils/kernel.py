"""IPython 확장: 위의 셀을 건너뛰어 이름이 없으면, 오류보다 먼저 무엇을 할지 알립니다.

`make lab`은 .venv/etc/ipython/ipython_config.py에서 켭니다. 다른 곳에서는
`%load_ext course_utils.kernel`로 켭니다.
"""

import sys

SET_UP = "# 준비"  # 노트북의 준비 셀은 이 글로 시작합니다.


def explain_missing_name(shell, kind, error, traceback, tb_offset=None):
    """한국어 한 문장을 먼저 적고, 파이썬의 오류는 그대로 보여 줍니다."""
    is_set_up = any(cell.startswith(SET_UP) for cell in shell.user_ns.get("In", []))
    first = "앞의 셀부터 차례로" if is_set_up else "맨 위의 준비 셀을 먼저"
    print(f"{first} 실행하십시오. 이 셀의 '{error.name}'은 아직 만들지 않은 이름입니다.",
          "메뉴의 Run → Run All Above Selected Cell이 한 번에 해 줍니다.",
          sep="\n", file=sys.stderr)  # fmt: skip
    return shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)


def load_ipython_extension(shell):
    shell.set_custom_exc((NameError,), explain_missing_name)
