"""데이터를 어디에서 찾고 어떻게 내려받는지 정합니다."""

import os
import threading
import time
from concurrent import futures
from http.client import HTTPException
from pathlib import Path
from urllib import request

PROJECT_FOLDER = Path(__file__).resolve().parents[2]
LARGEST_FILE = 1 << 26  # MNIST에서 가장 큰 파일이 47 MB이므로, 이보다 크면 거짓 파일입니다.


def is_offline(offline):
    """`offline=True`이거나 COURSE_OFFLINE이 켜져 있으면 참입니다."""
    return offline or os.environ.get("COURSE_OFFLINE", "").lower() in {"1", "true", "yes"}


def choose_folder(root, is_there, missing):
    """데이터를 찾을 폴더와, 준 경로가 틀렸을 때의 알림을 돌려줍니다. 폴더를 만들지 않습니다.

    Args:
        root: 준 폴더. 없으면 환경 변수 COURSE_DATA, 그것도 없으면 저장소의 data/입니다.
        is_there: 폴더를 받아 찾는 데이터가 있는지 답하는 함수.
        missing: 없을 때 알릴 이름과 조사. 예: "MNIST/raw가"
    """
    checkout = (PROJECT_FOLDER / "pyproject.toml").is_file()
    default = PROJECT_FOLDER / "data" if checkout else Path.home() / ".cache" / "cnn-origins"
    asked = os.environ.get("COURSE_DATA") if root is None else root
    if not asked:
        return default, []
    # 상대 경로는 저장소 폴더에서 정하는데 노트북은 notebooks/에서 실행되므로 두 곳을 봅니다.
    folders = [base / os.path.expanduser(asked) for base in (Path.cwd(), PROJECT_FOLDER)]
    for folder in folders:
        if is_there(folder):
            return folder, []
    option = "COURSE_DATA" if root is None else "root"
    problem = f"{option}에 적은 {folders[0]} 폴더에 {missing} 없습니다. 경로를 확인하십시오."
    return next(filter(os.path.isdir, folders), default), [problem]


# 내려받다가 날 수 있는 오류들입니다.
FETCH_ERRORS = (OSError, HTTPException, futures.TimeoutError)


def fetch_problem(error):
    """내려받지 못한 까닭을 한 줄로 적습니다."""
    return str(getattr(error, "reason", error)) or "제때 답이 오지 않음"


def fetch(url, deadline, *, largest=LARGEST_FILE):
    """주소의 내용을 `deadline`(time.monotonic)까지 메모리로 받습니다. `largest`에서 끊습니다."""
    # 소켓의 제한 시간은 한 번의 기다림만 막으므로, 조금씩 흘리는 서버는 스레드 밖에서 끊습니다.
    answer, seconds = futures.Future(), max(0.001, deadline - time.monotonic())

    def work():
        body = bytearray()
        try:
            with request.urlopen(url, timeout=min(10, seconds)) as response:
                while len(body) < largest and (chunk := response.read1(1 << 16)):
                    body += chunk
                    if time.monotonic() > deadline:
                        break
            answer.set_result(bytes(body))
        except Exception as error:  # 기다리는 쪽에서 다시 던져집니다.
            answer.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    return answer.result(timeout=seconds)
