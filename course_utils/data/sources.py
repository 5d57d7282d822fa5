"""데이터를 담는 그릇, 데이터를 찾을 폴더, 내려받는 방법입니다."""

import os
import threading
from concurrent import futures
from dataclasses import dataclass, field
from pathlib import Path
from urllib import request

import torch
from tqdm.auto import tqdm

PROJECT_FOLDER = Path(__file__).resolve().parents[2]
LARGEST = 1 << 28  # 받는 것 가운데 가장 큰 AlexNet의 가중치가 233 MB입니다. 더 크면 거짓입니다.


@dataclass(frozen=True, eq=False)
class ImageData:
    """데이터셋 하나입니다. 이미지는 float32 (N, C, 32, 32), 레이블은 int64 (N,)입니다.

    숫자는 한 채널이고 `normalize`를 지난 값(-0.1~1.175), 사진은 세 채널이고 0~1입니다.
    """

    train_images: torch.Tensor = field(repr=False)
    train_labels: torch.Tensor = field(repr=False)
    test_images: torch.Tensor = field(repr=False)
    test_labels: torch.Tensor = field(repr=False)
    class_names: tuple[str, ...] = field(repr=False)
    name: str
    source: str
    note: str = field(repr=False)


def announce(parts, class_names, name, source, told, problems, *, what="데이터"):
    """알릴 것을 적고 `ImageData`로 묶습니다. `parts`는 학습과 테스트의 이미지와 레이블입니다."""
    if problems:
        print("주의:", " ".join(problems))
    note = f"{what}(학습 {len(parts[1]):,}장, 테스트 {len(parts[3]):,}장): {told}"
    print(note)
    return ImageData(*parts, class_names, name, source, note)


def is_offline(offline):
    """`offline=True`이거나 COURSE_OFFLINE이 켜져 있으면 참입니다."""
    return offline or os.environ.get("COURSE_OFFLINE", "").lower() in {"1", "true", "yes"}


def choose_folder(root, is_there, missing):
    """데이터를 찾을 폴더와, 준 경로가 틀렸을 때의 알림을 돌려줍니다. 폴더를 만들지 않습니다.

    `root`가 없으면 환경 변수 COURSE_DATA, 그것도 없으면 저장소의 data/입니다. `is_there`는 찾는
    데이터가 폴더에 있는지 답하는 함수, `missing`은 없을 때 알릴 이름과 조사입니다("MNIST/raw가").
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


def fetch(url, seconds):
    """주소의 내용을 진행 막대를 보이며 메모리로 받습니다. 못 받으면 ConnectionError를 냅니다.

    소켓의 제한 시간은 한 번의 기다림만 막습니다. 이름 찾기에서 멈추거나 조금씩 흘리는 서버는
    스레드에 두고, `seconds`초가 지나면 기다리는 쪽에서 끊습니다.
    """
    answer, stop = futures.Future(), threading.Event()

    def work():
        try:
            content, name = bytearray(), url.rpartition("/")[2]
            with (
                request.urlopen(url, timeout=10) as response,
                tqdm(desc=name, unit="B", unit_scale=True, leave=False, delay=2,
                     total=int(response.headers.get("Content-Length", 0)) or None) as bar,
            ):  # fmt: skip
                while not stop.is_set() and (chunk := response.read1(1 << 18)):
                    content += chunk
                    bar.update(len(chunk))
                    if len(content) > LARGEST:
                        raise ValueError("받는 파일이 너무 커서 멈췄습니다.")
            answer.set_result(bytes(content))
        except Exception as error:  # 기다리는 쪽에서 다시 던져집니다.
            answer.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        return answer.result(max(0, seconds))
    except futures.TimeoutError:
        raise ConnectionError("제때 답이 오지 않음") from None
    except Exception as error:
        raise ConnectionError(str(getattr(error, "reason", error))) from error
    finally:
        stop.set()
