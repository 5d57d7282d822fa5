"""중간 저장과 기록 파일입니다. 어느 순간에 꺼져도 앞선 것은 온전합니다."""

import json
from pathlib import Path

from course_utils import checkpoint

KEPT = 3  # 남겨 두는 중간 저장의 수
LOG = "log.jsonl"


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob("checkpoint-*.pt"), reverse=True)


def save_checkpoint(folder: Path, state: dict, *, step: int) -> None:
    """`checkpoint-걸음.pt`로 남기고 오래된 것을 지웁니다.

    디스크가 차면 OSError나 RuntimeError를 내고, 앞선 것은 그대로입니다.
    """
    checkpoint.save(folder / f"checkpoint-{step:09d}.pt", state)
    for old in _newest_first(folder)[KEPT:]:
        old.unlink()


def find_checkpoint(folder: Path) -> tuple[Path | None, list[str]]:
    """온전한 가장 새로운 중간 저장과, 쓰지 않은 것의 이름들입니다."""
    refused = []
    for path in _newest_first(folder):
        try:
            checkpoint.load(path)
            return path, refused
        except ValueError:
            refused.append(path.name)
    return None, refused


def append_row(folder: Path, row: dict) -> None:
    """기록 한 줄을 보탭니다."""
    with (folder / LOG).open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(row, ensure_ascii=False) + "\n")


def read_rows(folder: Path) -> list[dict]:
    """기록의 줄들입니다. 쓰다가 끊긴 마지막 줄은 버립니다."""
    rows = []
    if (folder / LOG).exists():
        for line in (folder / LOG).read_text(encoding="utf-8").splitlines():
            try:
                rows.append(json.loads(line))
            except json.JSONDecodeError:
                break
    return rows


def keep_rows(folder: Path, *, until: int) -> None:
    """이어서 시작하는 걸음(`until`)까지의 줄만 남깁니다. 그 뒤는 다시 합니다."""
    kept = [row for row in read_rows(folder) if row["step"] <= until]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept)
    checkpoint.write_atomically(folder / LOG, text.encode())
