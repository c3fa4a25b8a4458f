"""Hours and days as they are written in the settings, by the clock on the wall."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from facecap_service.schedule import DAYS, Schedule, minutes

BERLIN, SHANGHAI, HAVANA = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai"), ZoneInfo("America/Havana")
MINUTE = timedelta(minutes=1)


def at(zone: ZoneInfo, text: str, fold: int = 0) -> datetime:
    moment = datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)
    return moment.astimezone(timezone.utc)  # a moment of a fold equals none of another zone


def test_hours_are_open_from_their_first_minute_to_before_their_last() -> None:
    schedule = Schedule(["07:00-12:00", "13:00-19:00"], ["mon", "tue", "wed", "thu", "fri"], SHANGHAI)
    monday = "2026-11-30T"
    for clock, is_open, change in (
        ("06:59:59", False, "07:00"),
        ("07:00", True, "12:00"),
        ("12:00", False, "13:00"),
        ("18:59", True, "19:00"),
    ):
        moment = at(SHANGHAI, monday + clock)
        assert schedule.open(moment) is is_open
        assert schedule.state(moment) == (is_open, at(SHANGHAI, monday + change))
    assert schedule.state(at(SHANGHAI, "2026-12-04T19:00")) == (False, at(SHANGHAI, "2026-12-07T07:00"))


def test_hours_past_midnight_belong_to_the_day_they_begin_on() -> None:
    night = Schedule(["22:00-06:00"], ["fri"], SHANGHAI)
    assert night.state(at(SHANGHAI, "2026-12-04T23:00")) == (True, at(SHANGHAI, "2026-12-05T06:00"))
    assert night.open(at(SHANGHAI, "2026-12-05T05:59"))
    assert night.state(at(SHANGHAI, "2026-12-05T23:00")) == (False, at(SHANGHAI, "2026-12-11T22:00"))
    assert not night.open(at(SHANGHAI, "2026-12-04T05:00"))


def test_hours_that_touch_are_one_and_what_never_closes_has_no_next_change() -> None:
    joined = Schedule(["07:00-12:00", "11:00-19:00"], [], SHANGHAI)
    assert joined.state(at(SHANGHAI, "2026-11-30T08:00")) == (True, at(SHANGHAI, "2026-11-30T19:00"))
    weekend = Schedule([], ["sat", "sun"], SHANGHAI)
    assert weekend.state(at(SHANGHAI, "2026-12-05T12:00")) == (True, at(SHANGHAI, "2026-12-07T00:00"))
    for always in (Schedule([], DAYS, BERLIN), Schedule(["00:00-24:00"], [], BERLIN)):
        assert always.state(at(BERLIN, "2026-03-29T12:00")) == (True, None)


def test_the_day_on_which_clocks_change_has_its_hours_too() -> None:
    day = Schedule(["07:00-19:00"], [], BERLIN)
    for date in ("2026-03-29", "2026-10-25"):
        assert day.state(at(BERLIN, f"{date}T00:30")) == (False, at(BERLIN, f"{date}T07:00"))
        assert day.state(at(BERLIN, f"{date}T07:00")) == (True, at(BERLIN, f"{date}T19:00"))
    twice = Schedule(["02:30-02:45"], [], BERLIN)  # both times, and what lies between
    assert twice.state(at(BERLIN, "2026-10-25T02:30")) == (True, at(BERLIN, "2026-10-25T02:45", fold=1))
    skipped = Schedule(["02:30-05:00"], [], BERLIN)  # 02:30 does not come, 03:10 lies in the hours
    assert skipped.state(at(BERLIN, "2026-03-29T01:00")) == (False, at(BERLIN, "2026-03-29T03:00"))
    wholly = Schedule(["02:10-02:50"], ["sun"], BERLIN)
    assert wholly.state(at(BERLIN, "2026-03-29T01:00")) == (False, at(BERLIN, "2026-04-05T02:10"))
    midnight = Schedule([], ["sun"], HAVANA)  # where clocks skip midnight
    assert midnight.state(at(HAVANA, "2026-03-07T12:00")) == (False, at(HAVANA, "2026-03-08T01:00"))


@pytest.mark.parametrize("zone", [SHANGHAI, BERLIN, HAVANA, ZoneInfo("Australia/Lord_Howe")], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_any_hours_change_exactly_when_they_say_they_will(zone: ZoneInfo, seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(10):
        clocks = [f"{dice.randrange(24):02}:{dice.randrange(60):02}" for _ in range(2 * dice.randrange(4))]
        hours = [
            f"{begin}-{end}" for begin, end in zip(clocks[::2], clocks[1::2], strict=True) if begin != end
        ]
        days = dice.sample(DAYS, dice.randrange(8))
        schedule = Schedule(hours, days, zone)
        moment = datetime(2026, 1, 1, tzinfo=timezone.utc) + dice.randrange(365 * 24 * 60) * MINUTE
        for _ in range(6):
            is_open, change = schedule.state(moment)
            assert is_open is schedule.open(moment)
            wall = moment.astimezone(zone)
            if is_plain(wall):
                assert is_open is by_the_wall(schedule, wall)
            if change is None:
                break
            assert change > moment
            between = moment + (change - moment) * dice.random()
            assert schedule.open(between) is is_open
            assert schedule.open(change - timedelta(seconds=1)) is is_open
            assert schedule.open(change) is not is_open
            moment = change


def is_plain(wall: datetime) -> bool:
    """Whether no clock was changed within three hours."""
    hours = timedelta(hours=3)
    near = {
        (wall.astimezone(timezone.utc) + side * hours).astimezone(wall.tzinfo).utcoffset()
        for side in (-1, 0, 1)
    }
    return len(near) == 1


def by_the_wall(schedule: Schedule, wall: datetime) -> bool:
    clock = 60 * wall.hour + wall.minute
    yesterday = DAYS[wall.weekday() - 1]
    return any(
        (day in schedule.days or not schedule.days) and begin <= clock + later < end
        for begin, end in ([minutes(hours) for hours in schedule.hours] or [(0, 1440)])
        for day, later in ((DAYS[wall.weekday()], 0), (yesterday, 1440))
    )


@pytest.mark.parametrize(
    "text", ["", "7-19", "07:00", "07:00-07:00", "24:00-06:00", "07:00-24:01", "25:00-26:00"]
)
def test_hours_that_are_none_are_refused_with_what_was_wanted(text: str) -> None:
    with pytest.raises(ValueError, match="HH:MM-HH:MM"):
        minutes(text)
