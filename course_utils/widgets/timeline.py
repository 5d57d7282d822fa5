"""1957-2015년의 연표입니다. 사실, 해석, 통념을 갈라 보고, 고른 사건의 출처를 읽습니다."""

import html
import json
from functools import cache
from pathlib import Path

import numpy as np

from course_utils.plotting.quiet_years import (
    KINDS,
    draw_event,
    draw_quiet_years,
    spread_years,
    widen_later_years,
)
from course_utils.widgets.panel import Panel, choice, row
from course_utils.widgets.pictures import add_axes, blank, paste, to_pixels

ASSETS = Path(__file__).resolve().parents[1] / "assets"
EVERYTHING = "모두"
WIDTH, HEIGHT = 960, 450
PLACE = 52, 6, WIDTH - 60, HEIGHT - 46  # 축의 왼쪽, 위, 너비, 높이
MEANINGS = {
    "사실": "기록으로 확인할 수 있는 일",
    "해석": "사람이 붙인 이름이나 회고",
    "통념": "널리 말하지만 기록과 맞지 않는 말",
}


def load_quiet_years(path: Path = ASSETS / "quiet_years.json") -> dict:
    """연표의 사건들 `events`(연도의 순서)와 1998년의 표 `table_1998`입니다."""
    document = json.loads(path.read_text(encoding="utf-8"))
    document["events"].sort(key=lambda event: event["year"])
    return document


def select(events: list[dict], kind: str) -> list[dict]:
    """한 종류의 사건들입니다. `"모두"`이면 전부입니다."""
    return [event for event in events if kind in (EVERYTHING, event["kind"])]


def years_of(event: dict) -> str:
    """`1998` 또는 `1974-1980`입니다."""
    return f"{event['year']}-{event['until']}" if "until" in event else str(event["year"])


def describe(event: dict) -> str:
    """고른 사건의 종류, 내용, 출처를 적은 글(HTML)입니다."""
    checked = "글을 다시 보았습니다" if event["checked"] else "서지만 옮겼습니다"
    title, text, source = (html.escape(event[key]) for key in ("title", "text", "source"))
    return (
        f"<b>{years_of(event)} · {title}</b> [{event['kind']}: {MEANINGS[event['kind']]}]<br>"
        f"{text}<br><i>출처</i>: {source} ({checked})"
    )


@cache
def draw_background(kind: str):
    """한 종류의 사건들을 축 위에 놓은 픽셀입니다. 글자가 많아 종류마다 한 번만 그려 둡니다."""
    figure = blank(WIDTH, HEIGHT)
    draw_quiet_years(add_axes(figure, *PLACE), select(load_quiet_years()["events"], kind))
    return to_pixels(figure)


def nearest(events: list[dict], x: float, y: float) -> int:
    """그림에서 누른 자리에 가장 가까운 사건의 번호입니다."""
    axes = add_axes(blank(WIDTH, HEIGHT), *PLACE)
    widen_later_years(axes)
    rows = list(reversed(KINDS))
    points = [(year, rows.index(event["kind"]))
              for event, year in zip(events, spread_years(events), strict=True)]  # fmt: skip
    return int(np.hypot(*(axes.transData.transform(points) - (x, HEIGHT - y)).T).argmin())


def quiet_years_timeline(start: str = "LeNet-5") -> Panel:
    """종류와 사건을 고르면 내용과 출처가 나오는 연표 `Panel`입니다.

    두 목록 모두 Tab으로 옮겨 가고 화살표로 바꿉니다. `start`는 처음에 고를 사건의 제목입니다.
    """
    events = load_quiet_years()["events"]
    kind = choice("종류", (EVERYTHING, *KINDS))
    event = choice("사건", (), width="420px")

    def list_events(chosen):
        found = select(events, chosen)
        event.options = [(f"{years_of(one)} {one['title']}", one["title"]) for one in found]

    def follow(change):
        if change.new is not None:  # 낡은 브라우저 탭은 선택을 지우기도 합니다.
            with panel.quiet():  # 종류가 바뀐 것을 panel도 보고 곧 그립니다.
                list_events(change.new)

    list_events(EVERYTHING)
    event.value = start
    # Panel보다 먼저 지켜보아야, 그림을 다시 그릴 때 사건의 목록이 이미 새것입니다.
    kind.observe(follow, names="value")

    def draw(kind, event):
        shown = select(events, kind)
        chosen = next(one for one in shown if one["title"] == event)
        figure = blank(WIDTH, HEIGHT)
        paste(figure, draw_background(kind), 0, 0)
        axes = add_axes(figure, *PLACE)
        axes.set_axis_off()
        widen_later_years(axes)
        draw_event(axes, chosen, spread_years(shown)[shown.index(chosen)], picked=True)
        return describe(chosen), figure

    panel = Panel(
        "조용한 해들의 연표",
        {"kind": kind, "event": event},
        draw,
        alt="1957년부터 2015년까지의 사건을 사실, 해석, 통념의 세 줄에 놓은 연표",
        rows=[row(kind, event)],
    )

    def pick(x, y):
        shown = select(events, kind.value)
        event.value = shown[nearest(shown, x, y)]["title"]

    panel.names.on_click(pick)
    return panel
