"""모든 시험에 적용하는 규칙: 바깥 네트워크를 막고, 그림은 화면 없이 그립니다."""

import ipaddress
import os
import socket

import matplotlib
import pytest
import torch

# 환경 변수 MPLBACKEND로 정하면 노트북 커널에도 전해져 그림이 나오지 않으므로 여기서만 고릅니다.
matplotlib.use("Agg")

# 코어마다 시험 프로세스가 하나씩 돕니다. 저마다 스레드를 여럿 띄우면 서로 기다리느라 더 느립니다.
if "PYTEST_XDIST_WORKER" in os.environ:
    torch.set_num_threads(1)


def pytest_configure(config):
    # □로 깨진 글자가 든 그림을 그냥 지나치지 않게 합니다.
    config.addinivalue_line("filterwarnings", "error:Glyph .* missing")


def is_local(address):
    """이 컴퓨터 안의 주소이면 참입니다. 유닉스 소켓의 주소는 (호스트, 포트) 짝이 아닙니다."""
    if not isinstance(address, tuple):
        return True
    return is_local_host(address[0])


def is_local_host(host):
    """이 컴퓨터를 가리키는 이름이나 주소이면 참입니다."""
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost", "0.0.0.0", "::"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def block_network(monkeypatch):
    """바깥으로 나가는 연결과 이름 찾기를 막습니다.

    pytest.fail의 예외는 Exception이 아니어서, 네트워크 오류를 받아 넘기는 코드도 삼키지 못합니다.
    다른 스레드에서 막힌 연결은 시험이 끝날 때 알립니다.
    """
    blocked = []
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        # 대리 서버가 이 컴퓨터에 있으면 연결이 그리로 새어 나갑니다.
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)

    def guard(function, find_target, is_allowed):
        def guarded(*arguments, **options):
            target = find_target(*arguments, **options)
            if not is_allowed(target):
                blocked.append(target)
                pytest.fail(f"시험이 바깥 네트워크에 연결하려 했습니다: {target!r}")
            return function(*arguments, **options)

        return guarded

    for name in ("connect", "connect_ex", "sendto"):
        method = guard(getattr(socket.socket, name), lambda *values: values[-1], is_local)
        monkeypatch.setattr(socket.socket, name, method)
    for name in ("getaddrinfo", "gethostbyname"):
        lookup = guard(getattr(socket, name), lambda host, *_, **__: host, is_local_host)
        monkeypatch.setattr(socket, name, lookup)
    yield blocked
    assert not blocked, f"시험이 바깥 네트워크에 연결하려 했습니다: {blocked}"


@pytest.fixture(scope="module")
def one_thread():
    """실험처럼 스레드 하나로 합니다. 더하는 순서가 늘 같고, 작은 모델에서는 더 빠릅니다."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
