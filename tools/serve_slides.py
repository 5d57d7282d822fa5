"""`make slides`로 만든 슬라이드를 이 컴퓨터에서만 보이게 엽니다. 강사 화면(S)도 여기에서 열립니다.

    python tools/serve_slides.py
    python tools/serve_slides.py --port=8100
"""

import argparse
import functools
import secrets
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SLIDES = Path(__file__).resolve().parents[1] / "build" / "slides"


class SlideServer(ThreadingHTTPServer):
    """이 컴퓨터에서만, 주소에 든 무작위 token을 아는 사람에게만 `folder`를 보입니다."""

    def __init__(self, folder: Path, port: int) -> None:
        self.token = secrets.token_urlsafe(16)
        super().__init__(("127.0.0.1", port), functools.partial(Handler, directory=str(folder)))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/{self.token}"


class Handler(SimpleHTTPRequestHandler):
    """token이 앞에 붙은 주소만 답합니다. 요청마다 한 줄씩 찍지 않습니다."""

    def send_head(self):
        start = f"/{self.server.token}/"
        if not self.path.startswith(start):
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        self.path = self.path[len(start) - 1 :]
        return super().send_head()

    def log_message(self, *_) -> None:
        pass

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-cache")  # 다시 만들면 바로 새것이 보입니다.
        super().end_headers()


def open_server(folder: Path, port: int) -> SlideServer:
    """`folder`를 이 컴퓨터에서만 보이게 엽니다. 만든 것이 없거나 포트가 쓰이면 멈춥니다."""
    if not (folder / "index.html").exists():
        raise SystemExit(f"슬라이드가 없습니다: {folder}\n`make slides`로 먼저 만드십시오.")
    try:
        return SlideServer(folder, port)
    except (OSError, OverflowError) as error:
        raise SystemExit(
            f"포트 {port}번을 열지 못했습니다({error}). 다른 프로그램이 쓰고 있으면 "
            f'다른 번호로 여십시오: make slides-serve ARGS="--port={min(port + 1, 65535)}"'
        ) from error


def main() -> None:
    parser = argparse.ArgumentParser(description="만든 슬라이드를 엽니다.")
    parser.add_argument("--folder", type=Path, default=SLIDES, help="슬라이드의 폴더")
    parser.add_argument("--port", type=int, default=8000, help="포트 (0이면 빈 것을 고릅니다)")
    options = parser.parse_args()
    with open_server(options.folder, options.port) as server:
        print(f"슬라이드를 열었습니다: {server.address}/", flush=True)
        print("강사 화면은 슬라이드에서 S, 끝낼 때는 여기에서 Ctrl-C를 누르십시오.", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("\n닫았습니다.")


if __name__ == "__main__":
    main()
