"""이 컴퓨터 안에서만 답하는 작은 HTTP 서버입니다. 내려받기의 시험이 함께 씁니다."""

import contextlib
import http.server
import threading


@contextlib.contextmanager
def local_servers():
    """`start(answer)`를 줍니다. `answer(handler)`대로 답하는 서버를 열고 주소를 돌려줍니다."""
    servers = []

    def start(answer):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                # 받는 쪽이 기다리다 먼저 끊은 것은 고장이 아닙니다.
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    answer(self)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/"

    try:
        yield start
    finally:
        for server in servers:
            server.shutdown()
            server.socket.close()


def send(handler, body, *, promised=None, status=200):
    handler.send_response(status)
    handler.send_header("Content-Length", str(promised or len(body)))
    handler.end_headers()
    handler.wfile.write(body)
