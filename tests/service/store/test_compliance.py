"""Who wore a mask by hours, days and weeks of the site, also where its clock is set."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from captures import new, png
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pushing import push
from served import Served

from facecap import MaskAnswer
from facecap_service import spreadsheet
from facecap_service.calendar_steps import Step, edges
from facecap_service.compliance import report
from facecap_service.store import CaptureQuery, Store

UTC = timezone.utc
CROP = png(0)
# When the clock is set forward and back; Lord Howe's by half an hour.
SET = {
    "Europe/Berlin": (datetime(2025, 3, 30, 1, tzinfo=UTC), datetime(2025, 10, 26, 1, tzinfo=UTC)),
    "America/New_York": (datetime(2025, 3, 9, 7, tzinfo=UTC), datetime(2025, 11, 2, 6, tzinfo=UTC)),
    "Australia/Lord_Howe": (datetime(2025, 10, 4, 15, 30, tzinfo=UTC), datetime(2025, 4, 5, 15, tzinfo=UTC)),
}


def counted_by_hand(step: Step, shots: list[tuple[str, datetime, str]]) -> Counter[Any]:
    """By what the clock on the wall says, which of two equal hours, camera and answer."""

    def place(local: datetime) -> Any:
        if step == "hour":
            return local.replace(minute=0, second=0, microsecond=0, tzinfo=None), local.utcoffset()
        return local.date() if step == "day" else local.isocalendar()[:2]

    return Counter((place(local), camera, mask) for camera, local, mask in shots)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    zone=st.sampled_from(sorted(SET)),
    change=st.integers(0, 1),
    shots=st.lists(
        st.tuples(
            st.sampled_from(["door", "gate"]),
            # Mostly within hours of the change, sometimes weeks away; to the second.
            st.integers(-4 * 3600, 4 * 3600) | st.integers(-3_000_000, 3_000_000),
            st.sampled_from(get_args(MaskAnswer)),
        ),
        min_size=1,
        max_size=12,
    ),
)
def test_counts_are_those_by_the_clock_on_the_wall(
    store: Store, zone: str, change: int, shots: list[tuple[str, int, str]]
) -> None:
    store.remove_old(timedelta(seconds=-10))
    wall = ZoneInfo(zone)
    moments = []
    for camera, seconds, mask in shots:
        moment = SET[zone][change] + timedelta(seconds=seconds)
        store.add(camera, [new(CROP, timestamp=moment.isoformat(), mask=mask)])
        moments.append((camera, moment.astimezone(wall), mask))
    query = CaptureQuery(time_to=SET[zone][change] + timedelta(days=40))
    steps: tuple[Step, ...] = get_args(Step)
    for step in steps:
        rows = report(store, query, step, wall, of_visits=True).rows
        found = [
            (row.camera, row.start, answer)
            for row in rows
            for answer, number in row.masks.items()
            for _ in range(number)
        ]
        assert counted_by_hand(step, found) == counted_by_hand(step, moments)
        assert all(row.start.timestamp() < row.end.timestamp() and row.total for row in rows)


@pytest.mark.parametrize("zone", sorted(SET))
def test_a_day_on_which_the_clock_is_set_is_shorter_or_longer(zone: str) -> None:
    wall = ZoneInfo(zone)
    by = timedelta(minutes=30 if zone == "Australia/Lord_Howe" else 60)
    for moment, difference in zip(SET[zone], (-by, by), strict=True):
        start, end = edges("day", wall, moment, moment)
        assert end - start == timedelta(days=1) + difference
        assert start.astimezone(wall).time() == end.astimezone(wall).time() == datetime.min.time()
        hours = list(edges("hour", wall, start, end))
        assert hours[0] == start and hours[-1] == end and moment in hours
        assert {after - before for before, after in pairwise(hours)} <= {
            timedelta(hours=1),
            timedelta(minutes=30),
        }
        first, last = edges("week", wall, moment, moment)
        assert last - first == timedelta(days=7) + difference and first.astimezone(wall).weekday() == 0


def test_midnights_that_are_skipped_or_odd_lose_nothing() -> None:
    for zone, day in (
        ("America/Sao_Paulo", datetime(2018, 11, 4, 3, tzinfo=UTC)),
        ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
        ("America/St_Johns", datetime(2010, 11, 7, 2, tzinfo=UTC)),
        ("Asia/Kathmandu", datetime(2025, 1, 1, tzinfo=UTC)),
    ):
        for step in get_args(Step):
            found = list(edges(step, ZoneInfo(zone), day - timedelta(days=3), day + timedelta(days=3)))
            assert found == sorted(found)
            assert found[0] <= day - timedelta(days=3) and found[-1] >= day + timedelta(days=3)


@pytest.fixture
def berlin(start: Callable[..., Served]) -> Served:
    """A service in Berlin with visits of the night in which the clock is set back."""
    service = start(site={"name": "=cmd|' /C calc'!A0", "time_zone": "Europe/Berlin"})
    for number, (camera, time, mask) in enumerate(
        [
            ("door", "2025-10-26T00:30:00Z", "mask"),
            ("door", "2025-10-26T01:30:00Z", "no_mask"),
            ("gate", "2025-10-26T22:59:59Z", "unknown"),
            ("door", "2025-10-26T23:00:00Z", "mask"),
        ]
    ):
        push(service, camera, number, track_id=number, mask=mask, timestamp=time)
    push(service, "door", 9, track_id=3, sequence=2, mask="no_mask", timestamp="2025-10-26T23:10:00Z")
    return service


def test_report_counts_in_the_time_zone_of_the_site(berlin: Served) -> None:
    range_ = {"from": "2025-10-25T22:00:00Z", "to": "2025-10-27T23:00:00Z"}
    told = berlin.client.get("/v1/compliance", params=range_).json()
    assert (told["time_zone"], told["by"], told["count"]) == ("Europe/Berlin", "day", "visits")
    assert (told["start"], told["end"]) == ("2025-10-26T00:00:00+02:00", "2025-10-28T00:00:00+01:00")
    found = [(row["start"], row["end"], row["camera"], row["total"]) for row in told["rows"]]
    sunday, monday, tuesday = (
        "2025-10-26T00:00:00+02:00",
        "2025-10-27T00:00:00+01:00",
        "2025-10-28T00:00:00+01:00",
    )
    assert found == [
        (sunday, monday, "door", 2),
        (sunday, monday, "gate", 1),
        (monday, tuesday, "door", 1),
    ]
    assert [row["mask_rate"] for row in told["rows"]] == [0.5, None, 1.0]
    captures = berlin.client.get("/v1/compliance", params={**range_, "count": "captures"}).json()["rows"]
    assert [row["total"] for row in captures] == [2, 1, 2] and captures[2]["mask_rate"] == 0.5
    hours = berlin.client.get("/v1/compliance", params={**range_, "by": "hour", "camera": "door"}).json()
    assert [row["start"] for row in hours["rows"]] == [
        "2025-10-26T02:00:00+02:00",
        "2025-10-26T02:00:00+01:00",
        "2025-10-27T00:00:00+01:00",
    ]
    cut = {"from": "2025-10-26T01:00:00Z", "to": "2025-10-26T12:00:00Z", "by": "week"}
    [row] = berlin.client.get("/v1/compliance", params=cut).json()["rows"]
    assert (row["start"], row["end"]) == ("2025-10-26T02:00:00+01:00", "2025-10-26T13:00:00+01:00")
    assert row["no_mask"] == row["total"] == 1


def test_report_is_a_table_for_spreadsheets(berlin: Served) -> None:
    answer = berlin.client.get("/v1/compliance", params={"format": "csv", "to": "2025-10-26T23:00:00Z"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="compliance-2025-10-26-2025-10-26-by-day.csv"' in answer.headers["content-disposition"]
    [door, gate] = csv.DictReader(io.StringIO(answer.text))
    assert (door["camera"], door["mask"], door["no_mask"], door["mask_rate"]) == ("door", "1", "1", "0.5")
    assert (gate["unknown"], gate["mask_rate"]) == ("1", "")


def test_no_cell_is_taken_for_a_formula() -> None:
    text = spreadsheet.lines([["=1+1", "+1", "-1", "@x", "\tx", "大门", 'a"b,c', -1, None]])
    assert next(csv.reader([text])) == ["'=1+1", "'+1", "'-1", "'@x", "'\tx", "大门", 'a"b,c', "-1", ""]


def test_a_report_that_is_too_long_is_refused_with_advice(berlin: Served) -> None:
    years = {"from": "2001-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}
    answer = berlin.client.get("/v1/compliance", params={**years, "by": "hour"})
    assert (answer.status_code, answer.json()["code"]) == (422, "too_many_rows")
    assert "by=day" in answer.json()["detail"]
    assert berlin.client.get("/v1/compliance", params=years).status_code == 200
    for odd in ({"from": "9999-12-31T23:59:59Z"}, {"to": "0001-01-01T00:00:00Z"}):
        answer = berlin.client.get("/v1/compliance", params=odd)
        assert answer.status_code == 200 and answer.json()["rows"] == []
    assert berlin.client.get("/v1/compliance?by=month").status_code == 422


def test_an_empty_store_has_an_empty_report(service: Served) -> None:
    assert service.client.get("/v1/compliance").json()["rows"] == []
    assert service.client.get("/v1/compliance?format=csv").text.count("\n") == 1


def test_days_of_the_site_are_a_range(berlin: Served) -> None:
    def total(**query: Any) -> int:
        answer = berlin.client.get("/v1/compliance", params=query)
        assert answer.status_code == 200, answer.text
        return sum(row["total"] for row in answer.json()["rows"])

    assert total(first="2025-10-26", last="2025-10-26") == 3
    assert total(first="2025-10-27", last="2025-10-27") == 1
    assert total(first="0001-01-01", last="2026-12-31") == 4
    for wrong in (
        {"first": "2025-10-26", "from": "2025-10-26T00:00:00Z"},
        {"first": "2025-10-27", "last": "2025-10-26"},
        {"first": "2025-02-30"},
    ):
        assert berlin.client.get("/v1/compliance", params=wrong).status_code == 422
