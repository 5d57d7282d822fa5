"""docs/강의안내.md의 수업 표를 따라 여러 노트북의 절을 슬라이드 한 벌로 묶습니다."""

import html
import re
from dataclasses import replace

from .deck import Deck, Slide, wrap

PLAN = re.compile(r"^### (\d+)분 한 번\n\n\|.*\n\|.*\n((?:\|.*\n)+)", re.M)


def read_plans(guide: str) -> dict[int, list[list[str]]]:
    """수업의 길이(분) → 표의 줄 `[분, 무엇을, 어디서, 실시간/기록]`들입니다."""
    return {int(total): [[cell.strip() for cell in line.strip("|").split("|")]
                         for line in rows.splitlines()]
            for total, rows in PLAN.findall(guide)}  # fmt: skip


def plan_deck(total: int, rows: list[list[str]], decks: dict[str, Deck]) -> Deck:
    """수업 하나의 슬라이드입니다. 강사 노트의 첫 줄은 몇 분부터 몇 분까지인지입니다.

    Args:
        decks: 노트북의 번호("00") → 그 슬라이드. 표의 "01 6절, 8절"은 01에서 두 절을 가져옵니다.
    """
    listed = "".join(f"<li>{minutes}분 · {html.escape(what)}</li>" for minutes, what, *_ in rows)
    title, cells = f"CNN의 탄생: {total}분 수업", [wrap("plan", f"<ul>{listed}</ul>")]
    stacks, images, start = [[Slide(title, level=1, cells=cells)]], {}, 0
    for number, (minutes, what, where, how) in enumerate(rows):
        end = start + int(minutes)
        clock = f"<p><strong>{start}~{end}분: {html.escape(what)}</strong> ({how or '쉽니다'})</p>"
        text = f"<p>{minutes}분 {' · '.join(filter(None, [html.escape(where), how]))}</p>"
        opening = Slide(html.escape(what), cells=[wrap(f"plan-{number}", text)], notes=clock)
        stacks.append([opening])
        for deck, stack in sections(where, decks):
            stacks[-1] += [replace(slide, notes=clock + slide.notes, source=deck.name)
                           for slide in stack]  # fmt: skip
            images |= deck.images
        start = end
    if start != total:
        raise ValueError(f"{total}분 수업의 표를 더하면 {start}분입니다.")
    return Deck(f"수업{total}", stacks, total, images)


def places(where: str) -> list[tuple[str, str]]:
    """`01 6절, 8절` → `[("01", "6."), ("01", "8.")]`: 노트북의 번호와 제목이 시작하는 말입니다."""
    number, _, keys = where.partition(" ")
    return [(number, re.sub(r"^(\d+)절$", r"\1.", key)) for key in keys.split(", ") if key]


def sections(where: str, decks: dict[str, Deck]) -> list[tuple[Deck, list[Slide]]]:
    """`01 6절, 8절`이 가리키는 절들입니다. deep/의 노트북과 빈칸은 슬라이드가 없습니다."""
    found = []
    for number, title in places(where):
        if number not in decks:
            continue
        stacks = [stack for stack in decks[number].stacks
                  if stack[0].plain_title.startswith(title)]  # fmt: skip
        if not stacks:
            raise ValueError(f"강의 안내의 '{where}'에서 {title}을(를) 찾지 못했습니다.")
        found += [(decks[number], stack) for stack in stacks]
    return found
