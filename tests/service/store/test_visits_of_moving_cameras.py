"""Visits of a camera that moves between services on one database: each counts its tracks from 1."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from captures import new
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from served import Served

from facecap import Capture
from facecap_service.cameras.pending import Pending
from facecap_service.metrics import Metrics
from facecap_service.problems import Problem
from facecap_service.store import CaptureQuery, NewCapture, Store, StoredCapture, StoreError

ALL = CaptureQuery(limit=10_000)
SHOTS = {"shots": 1, "lost": {}}
steps = st.tuples(
    st.integers(0, 1), st.integers(1, 2), st.sampled_from(["goes on", "goes on", "anew", "removed"])
)


def named(visit: str | None, **changes: Any) -> NewCapture:
    return replace(new(**changes), visit=visit)


def shot(track_id: int = 1, sequence: int = 1, kind: Any = "periodic") -> Capture:
    """As a pipeline gives it."""
    box, points = np.zeros(4, np.float32), np.zeros((5, 2), np.float32)
    crop = np.zeros((112, 112, 3), np.uint8)
    pose = (0.0, 0.0, 0.0)
    return Capture(kind, track_id, sequence, 9, 9, None, box, points, 1.0, 1.0, pose, crop, 0.5, "unknown")


def kept(pending: Pending, *captures: Capture) -> tuple[str, ...]:
    return pending.keep(list(captures), [SHOTS] * len(captures), None)


def visits_of(store: Store) -> dict[str, str | None]:
    return {item.id: item.visit for item in store.captures(ALL).captures}


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(taken=st.lists(steps, max_size=20))
def test_everybody_has_one_visit_and_shares_it_with_nobody(store: Store, taken: list[Any]) -> None:
    store.remove_old(timedelta(seconds=-10))
    last: dict[tuple[int, int], StoredCapture] = {}
    person: dict[str, str] = {}
    """Of each capture, the first one of the same person."""
    for service, track, what in taken:
        before = last.get((service, track))
        if what == "removed" and before is not None:
            assert before.visit is not None and store.delete_visit(before.visit, "me")
        if what == "anew" or before is None:
            [item] = store.add("door", [new(track_id=track)])
            person[item.id] = item.id
        else:
            sequence = before.capture["sequence"] + 1
            [item] = store.add("door", [named(before.visit, track_id=track, sequence=sequence)])
            person[item.id] = person[before.id]
        last[service, track] = item
    found = visits_of(store)
    shared = {(visit, person[item]) for item, visit in found.items()}
    assert len(shared) == len(set(found.values())) == len({person[item] for item in found})
    assert {visit.id: visit.captures for visit in store.visits(ALL).visits} == Counter(found.values())


def test_a_capture_whose_visit_is_gone_begins_one(store: Store) -> None:
    [before] = store.add("door", [new()])
    [gone] = store.add("door", [new()])
    assert gone.visit is not None and store.delete_visit(gone.visit, "me")
    [alone] = store.add("door", [named(gone.visit, sequence=2)])
    assert alone.visit == alone.id
    assert visits_of(store) == {before.id: before.id, alone.id: alone.id}


def test_a_capture_joins_no_visit_of_another_camera_or_track(store: Store) -> None:
    [other] = store.add("gate", [new()])
    [track] = store.add("door", [new(track_id=2)])
    added = store.add("door", [named(other.visit, sequence=2), named(track.visit, track_id=3, sequence=2)])
    assert [item.visit for item in added] == [item.id for item in added]


def test_captures_of_any_number_of_tracks_find_their_visits(store: Store) -> None:
    mine = store.add("door", [new(b"", track_id=track) for track in range(1500)])
    store.add("door", [new(b"", track_id=track) for track in range(1500)])
    later = [named(item.visit, crop=b"", sequence=2, track_id=item.capture["track_id"]) for item in mine]
    assert [item.visit for item in store.add("door", later)] == [item.visit for item in mine]


def test_a_late_capture_stays_with_its_person_where_a_camera_moves(
    open_store: Callable[[], Store],
) -> None:
    here, there = (Pending("door", open_store(), Metrics()) for _ in range(2))
    x = kept(here, shot(1), shot(2))
    y = kept(there, shot(1), shot(2))
    x += kept(here, shot(2, 2, "flush"), shot(1, 2, "flush"))
    y += kept(there, shot(1, 2), shot(2, 2))
    x1, x2, later_x2, later_x1 = x
    y1, y2, later_y1, later_y2 = y
    mine = {x1: x1, later_x1: x1, x2: x2, later_x2: x2}
    assert visits_of(open_store()) == mine | {y1: y1, later_y1: y1, y2: y2, later_y2: y2}


def test_a_capture_that_was_removed_before_it_was_known_to_be_stored_leads_to_no_other_visit(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    pending = Pending("door", store, Metrics())
    [before] = kept(pending, shot())
    with monkeypatch.context() as broken:
        add = store.add

        def stored_and_failed(*args: Any) -> list[StoredCapture]:
            [removed] = add(*args)
            assert store.delete(removed.id)
            raise StoreError("the connection broke")

        broken.setattr(store, "add", stored_and_failed)
        with pytest.raises(Problem):
            kept(pending, shot())
    pending.store()
    [alone] = kept(pending, shot(sequence=2))
    assert visits_of(store) == {before: before, alone: alone}


def test_tracks_that_never_end_take_no_memory_without_end(open_store: Callable[[], Store]) -> None:
    here, there = (Pending("door", open_store(), Metrics()) for _ in range(2))
    tracks = range(1, 1203)
    first = dict(zip(tracks, kept(here, *map(shot, tracks)), strict=True))
    others = dict(zip((1, 1202), kept(there, shot(1), shot(1202)), strict=True))
    forgotten, remembered = kept(here, shot(1, 2), shot(1202, 2))
    visits = visits_of(open_store())
    assert visits[remembered] == first[1202] and visits[forgotten] == others[1]


def test_a_camera_that_comes_back_goes_on_with_the_visits_that_it_left(
    start: Callable[..., Served], face: bytes
) -> None:
    capture = {"mode": "fast", "min_hits": 2, "interval": 2, "miss_limit": 1000, "max_captures": 0}
    one, other = start(capture=capture), start(capture=capture)
    seen: dict[str, list[str]] = {"one": [], "other": []}
    for name, service, frames in [("one", one, 3), ("other", other, 3), ("one", one, 3), ("other", other, 3)]:
        for _ in range(frames):
            answer = service.push("door", face)
            seen[name] += filter(None, answer.headers.get("Facecap-Captures", "").split(","))
    captures = one.client.get("/v1/captures").json()["captures"]
    visits = {item["id"]: item["visit_id"] for item in captures}
    assert len(seen["one"]) > 1 and len(seen["other"]) > 1
    assert visits == {item: ids[0] for ids in seen.values() for item in ids}
