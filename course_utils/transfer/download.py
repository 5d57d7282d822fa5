"""큰 파일을 진행 막대를 보이며 받습니다. 온전하다고 확인된 것만 제자리에 둡니다."""

import hashlib
import os
import queue
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib import request

from tqdm.auto import tqdm

LARGEST = 1 << 29  # AlexNet의 가중치는 233 MB입니다. 이보다 크면 거짓 파일입니다.


def download(url: str, path: Path, *, prefix: str, time_limit: float) -> None:
    """`url`을 `time_limit`초 안에 받아 SHA-256의 앞부분이 `prefix`와 같으면 `path`에 둡니다.

    임시 파일에 받아 확인한 뒤에 이름을 바꾸므로, 끊기거나 틀리면 아무것도 남지 않습니다. 이미 있는
    파일은 바꾸지 않습니다. 시간이 지나면 TimeoutError, 내용이 틀리면 ConnectionError입니다.
    """
    if path.exists():
        raise FileExistsError(f"{path}이(가) 이미 있어 받지 않았습니다. 지우거나 옮기십시오.")
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with tempfile.TemporaryDirectory(prefix=".download-", dir=path.parent) as private:
        temporary = Path(private, path.name)
        with (
            temporary.open("wb") as file,
            tqdm(desc=path.name, unit="B", unit_scale=True, leave=False) as bar,
        ):
            for chunk, total in _chunks(url, time.monotonic() + time_limit):
                bar.total = total
                bar.update(len(chunk))
                file.write(chunk)
                digest.update(chunk)
                size += len(chunk)
                if size > LARGEST:
                    raise ConnectionError("받는 파일이 너무 커서 멈췄습니다.")
        if not digest.hexdigest().startswith(prefix):
            raise ConnectionError(
                f"받은 파일({size:,}바이트)의 SHA-256이 {prefix}…로 시작하지 않아 쓰지 않았습니다."
            )
        os.replace(temporary, path)


def _chunks(url: str, deadline: float) -> Iterator[tuple[bytes, int | None]]:
    """`(내용의 조각, 전체 바이트)`를 냅니다. 받다가 난 오류는 여기서 다시 던집니다.

    소켓의 제한 시간은 한 번의 기다림만 막습니다. 이름 찾기에서 멈추거나 조금씩 흘리는 서버는
    스레드에 두고, 기다리는 쪽에서 끊습니다.
    """
    arrived: queue.Queue = queue.Queue(maxsize=64)
    stop = threading.Event()

    def put(item) -> None:
        while not stop.is_set():
            try:
                arrived.put(item, timeout=0.2)
                return
            except queue.Full:  # 기다리는 쪽이 그만두었는지 다시 봅니다.
                continue

    def work() -> None:
        try:
            with request.urlopen(url, timeout=10) as response:
                length = response.headers.get("Content-Length")
                while not stop.is_set() and (chunk := response.read1(1 << 18)):
                    put((chunk, int(length) if length else None))
            put(None)
        except Exception as error:  # 기다리는 쪽에서 다시 던져집니다.
            put(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        while (left := deadline - time.monotonic()) > 0:
            try:
                item = arrived.get(timeout=left)
            except queue.Empty:
                break
            if item is None:
                return
            if isinstance(item, Exception):
                raise item
            yield item
        raise TimeoutError("정한 시간이 지남")
    finally:
        stop.set()
