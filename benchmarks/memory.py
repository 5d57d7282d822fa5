"""프로세스들의 메모리를 지켜봅니다. 리눅스의 /proc을 읽습니다."""

import threading
from pathlib import Path
from statistics import median

INTERVAL = 0.5  # 초


def read_memory(pid: int) -> tuple[int, int]:
    """(RSS, PSS) 바이트입니다. 없는 프로세스면 0입니다.

    RSS는 여럿이 함께 쓰는 것(라이브러리)을 저마다 세고, PSS는 나누어 셉니다. PSS를 더하면 실제로
    든 메모리입니다.
    """
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0, 0
    sizes = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines[1:]}
    return sizes.get("Rss", 0), sizes.get("Pss", 0)


def family(pid: int) -> list[int]:
    """프로세스와, 그 프로세스가 띄운 프로세스들입니다."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]
    return [pid, *(one for child in children for one in family(int(child)))]


class MemoryWatch:
    """`with` 블록 동안 `add`한 프로세스들의 가장 큰 메모리를 적어 둡니다."""

    def __init__(self) -> None:
        self.peaks: dict[int, tuple[int, int]] = {}
        self.total = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def add(self, pid: int) -> None:
        self.peaks[pid] = (0, 0)

    def __enter__(self) -> "MemoryWatch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(INTERVAL):
            now = {
                pid: tuple(map(sum, zip(*map(read_memory, family(pid)), strict=True)))
                for pid in list(self.peaks)
            }
            for pid, sizes in now.items():
                self.peaks[pid] = tuple(map(max, self.peaks[pid], sizes))
            self.total = max(self.total, sum(pss for _, pss in now.values()))

    def report(self) -> dict:
        """MB로 적은, 커널 하나의 최대(가운데 학생)와 모두 더한 PSS의 최대입니다."""
        rss, pss = zip(*self.peaks.values(), strict=True) if self.peaks else ((0,), (0,))
        return {
            "rss_mb": median(rss) / 1e6,
            "pss_mb": median(pss) / 1e6,
            "total_pss_mb": self.total / 1e6,
        }
