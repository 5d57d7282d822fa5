"""연표: 점마다 출처가 있고, 종류를 고르면 그 종류만 남습니다."""

import pytest

from course_utils.plotting.quiet_years import KINDS, spread_years, widen_later_years
from course_utils.widgets.pictures import add_axes, blank
from course_utils.widgets.timeline import (
    EVERYTHING,
    HEIGHT,
    PLACE,
    WIDTH,
    describe,
    load_quiet_years,
    quiet_years_timeline,
    years_of,
)

DOCUMENT = load_quiet_years()
EVENTS = DOCUMENT["events"]


def find(title):
    return next(event for event in EVENTS if event["title"] == title)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event["title"])
def test_every_point_has_its_years_text_and_source(event):
    assert 1957 <= event["year"] <= event.get("until", event["year"]) <= 2015
    assert event["kind"] in KINDS
    assert len(event["text"]) > 15
    assert len(event["source"]) > 5
    assert isinstance(event["checked"], bool)


def test_timeline_reaches_from_1957_to_2015_in_order():
    years = [event["year"] for event in EVENTS]
    assert years == sorted(years)
    assert (years[0], years[-1]) == (1957, 2015)
    assert len({event["title"] for event in EVENTS}) == len(EVENTS)


def test_winters_end_before_lenet():
    assert years_of(find("첫째 AI 겨울")) == "1974-1980"
    assert years_of(find("둘째 AI 겨울")) == "1987-1993"
    assert find("둘째 AI 겨울")["until"] < find("LeNet-5")["year"]


def test_imagenet_numbers_are_those_of_the_paper_and_the_full_release():
    text = find("ImageNet")["text"]
    assert all(number in text for number in ("프린스턴", "5,247", "14,197,122", "21,841"))


def test_v_svm_ties_lenet_in_the_1998_table():
    rows = DOCUMENT["table_1998"]["rows"]
    errors = {(row["name"], row["distorted"]): row["error"] for row in rows}
    assert len(errors) == len(rows) == 25
    assert errors["V-SVM, 9차", True] == errors["LeNet-5", True] == 0.8
    assert min(errors, key=errors.get) == ("부스팅한 LeNet-4", True)


def test_text_tells_kind_source_and_whether_it_was_seen():
    text = describe(find("HOG"))
    assert all(part in text for part in ("2005", "사실", "Dalal", "서지만"))
    assert "다시 보았습니다" in describe(find("ImageNet"))


def test_every_kind_lists_its_events():
    panel = quiet_years_timeline()
    kind, event = panel.controls["kind"], panel.controls["event"]
    assert event.value == "LeNet-5"
    for name in (EVERYTHING, *KINDS):
        kind.value = name
        titles = [title for _, title in event.options]
        assert titles == [one["title"] for one in EVENTS if name in (EVERYTHING, one["kind"])]
        event.value = titles[-1]
        assert panel.readout.value.count(describe(find(titles[-1]))) == 1


def test_click_picks_the_event_at_that_place(click):
    panel = quiet_years_timeline()
    axes = add_axes(blank(WIDTH, HEIGHT), *PLACE)
    widen_later_years(axes)
    for event, year in zip(EVENTS, spread_years(EVENTS), strict=True):
        row = list(reversed(KINDS)).index(event["kind"])
        x, y = axes.transData.transform((year, row))
        click(panel, x + 2, HEIGHT - y - 2)
        assert panel.controls["event"].value == event["title"]
