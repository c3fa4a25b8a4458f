"""How many captures there are, over time."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from captures import new

from facecap_service.store import CaptureQuery, Statistics, Store

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)


def add(store: Store, camera: str, after: timedelta, **changes: object) -> None:
    store.add(camera, [new(timestamp=(NOON + after).isoformat(), **changes)])


def by_time(statistics: Statistics) -> dict[str, dict[str, int]]:
    return {f"{step.start:%H:%M}": step.masks for step in statistics.steps if step.masks}


def test_captures_are_counted_where_they_lie(store: Store) -> None:
    add(store, "door", timedelta(0), mask="mask")
    add(store, "door", timedelta(minutes=29, seconds=59), mask="mask")
    add(store, "hall", timedelta(minutes=30), mask="no_mask")
    add(store, "door", 5 * HOUR, mask="unknown", quality=None)
    add(store, "door", 6 * HOUR, mask="incorrect", incorrect_prob=0.91)
    day = CaptureQuery(time_from=NOON - 12 * HOUR, time_to=NOON + 12 * HOUR)
    statistics = store.statistics(day)
    assert statistics.step == 1800 and len(statistics.steps) == 48
    assert statistics.steps[0].start == statistics.time_from == day.time_from
    assert by_time(statistics) == {
        "12:00": {"mask": 2},
        "12:30": {"no_mask": 1},
        "17:00": {"unknown": 1},
        "18:00": {"incorrect": 1},
    }
    assert statistics.total == {"mask": 2, "no_mask": 1, "unknown": 1, "incorrect": 1}
    assert list(statistics.cameras.items()) == [("door", 4), ("hall", 1)]


def test_a_query_counts_what_it_lists_and_names_every_camera(store: Store) -> None:
    add(store, "door", timedelta(0), quality=0.3)
    add(store, "door", timedelta(0), quality=0.9)
    add(store, "hall", timedelta(0), quality=0.9)
    query = CaptureQuery(camera="door", min_quality=0.5, limit=1)
    statistics = store.statistics(query)
    assert sum(statistics.total.values()) == len(store.captures(query).captures) == 1
    assert statistics.cameras == {"door": 1, "hall": 1}
    assert statistics.time_from == NOON


def test_no_time_asks_for_too_much(store: Store) -> None:
    first = datetime(1, 1, 1, tzinfo=timezone.utc)
    last = datetime(9999, 12, 31, tzinfo=timezone.utc)
    add(store, "door", timedelta(0))
    for query in (
        CaptureQuery(),
        CaptureQuery(time_from=first, time_to=last),
        CaptureQuery(time_from=first),
        CaptureQuery(time_to=last),
    ):
        statistics = store.statistics(query)
        assert statistics.total == {"mask": 1} and 1 <= len(statistics.steps) <= 61
        assert statistics.time_to <= datetime.now(timezone.utc)
    for query in (
        CaptureQuery(time_from=last),
        CaptureQuery(time_to=first),
        CaptureQuery(time_from=last, time_to=first),
    ):
        statistics = store.statistics(query)
        assert statistics.total == {} and len(statistics.steps) == 1
