"""브라우저 테스트의 준비물입니다. 크로미엄이나 Playwright가 없으면 이유를 말하고 건너뜁니다."""

import json
import math
import os
import shutil
import statistics
from pathlib import Path

import pytest

BUILD = Path(__file__).resolve().parents[2] / "build"
CANDIDATES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip


def find_chromium():
    """크로미엄의 경로입니다. 환경 변수 COURSE_CHROMIUM이 앞섭니다."""
    given = os.environ.get("COURSE_CHROMIUM")
    return given or next(filter(None, map(shutil.which, CANDIDATES)), None)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """노트북마다 한 번만 열도록, 같은 노트북의 시험을 모읍니다."""

    def place(item):
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        return parameters.get("opened", ())

    items.sort(key=place)


@pytest.fixture(scope="session")
def browser():
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="Playwright가 없습니다. `make e2e`로 실행하십시오."
    )
    path = find_chromium()
    if path is None:
        pytest.skip("크로미엄이 없습니다. 설치하거나 COURSE_CHROMIUM에 경로를 적으십시오.")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab(browser, tmp_path_factory):
    from servers import jupyterlab

    with jupyterlab(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="session")
def voila(browser, tmp_path_factory):
    pytest.importorskip("voila", reason="Voilà가 없습니다. `make e2e`로 실행하십시오.")
    from servers import voila

    with voila(tmp_path_factory.mktemp("voila")) as server:
        yield server


@pytest.fixture(scope="session")
def opened(request, browser):
    """모두 실행한 노트북 하나입니다. 다음 것을 열기 전에 닫습니다. 인자: (서버, 노트북)"""
    from driver import open_in_lab, open_in_voila

    place, name = request.param
    opens = {"lab": open_in_lab, "voila": open_in_voila}[place]
    opened = opens(browser, request.getfixturevalue(place), name)
    yield opened
    opened.close()


LATENCIES: dict[str, list[float]] = {}


@pytest.fixture(scope="session")
def record_latency():
    """`record_latency(이름, [ms, …])`는 마지막에 표로 찍을 값을 모읍니다."""
    return lambda name, values: LATENCIES.setdefault(name, []).extend(values)


def pytest_terminal_summary(terminalreporter):
    """지연 시간의 표를 찍고 build/e2e.json에 담습니다. 느린 컴퓨터에서도 시험은 통과합니다."""
    if not LATENCIES:
        return
    rows = []
    for name, values in sorted(LATENCIES.items()):
        values = sorted(values)
        p95 = values[math.ceil(0.95 * len(values)) - 1]
        rows.append({"name": name, "uses": len(values), "max_ms": round(values[-1], 1),
                     "p95_ms": round(p95, 1), "median_ms": round(statistics.median(values), 1)})
    terminalreporter.section("지연 시간 (ms)")
    for row in rows:
        terminalreporter.line(
            f"{row['median_ms']:8.1f} (중앙값) {row['p95_ms']:8.1f} (95%) "
            f"{row['max_ms']:8.1f} (가장 긴 것)  {row['uses']:3}번  {row['name']}"
        )
    BUILD.mkdir(exist_ok=True)
    text = json.dumps(rows, ensure_ascii=False, indent=1)
    (BUILD / "e2e.json").write_text(text, encoding="utf-8")
