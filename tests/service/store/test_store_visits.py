"""Visits: which captures they have, and that their table agrees with those, whatever comes and goes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, get_args

import pytest
from alembic import command
from alembic.config import Config
from captures import capture, new, png
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from facecap import MaskAnswer
from facecap_service.store import CaptureQuery, Store, StoredCapture, Visit
from facecap_service.store import migrate as migrating
from facecap_service.store.database import Database
from facecap_service.store.ids import capture_ids
from facecap_service.store.schema import visits as table

MIDNIGHT = datetime(2026, 1, 31, tzinfo=timezone.utc)
CROP = png(0)
ALL = CaptureQuery(limit=10_000)
per_example = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
shots = st.fixed_dictionaries(
    {
        "track_id": st.integers(1, 2),
        "sequence": st.integers(1, 3),
        "minute": st.integers(0, 5),
        "mask": st.sampled_from(get_args(MaskAnswer)),
        "quality": st.none() | st.sampled_from([-0.2, 0.0, 0.5, 1.25]),
    }
)
batches = st.tuples(st.sampled_from(["door", "gate"]), st.lists(shots, min_size=1, max_size=4))
removals = st.tuples(st.sampled_from(["one", "visit", "oldest"]), st.integers(0, 9))


def shot(minute: int = 0, **changes: Any) -> Any:
    return new(CROP, timestamp=(MIDNIGHT + timedelta(minutes=minute)).isoformat(), **changes)


def listed(store: Store) -> list[Visit]:
    return store.visits(ALL).visits


def by_hand(captures: list[StoredCapture]) -> dict[str, dict[str, Any]]:
    """What visits must be, of the captures that there are."""
    found = {}
    for name in {item.visit for item in captures}:
        mine = sorted((item for item in captures if item.visit == name), key=lambda item: item.id)
        ranked = sorted(mine, key=better)
        answers = [item.capture["mask"] for item in ranked if item.capture["mask"] != "unknown"]
        found[name] = {
            "camera": mine[0].camera,
            "track_id": mine[0].capture["track_id"],
            "time": mine[0].time,
            "last": max(item.time for item in mine),
            "captures": len(mine),
            "best": ranked[0],
            "quality": ranked[0].capture["quality"],
            "mask": max(
                answers, key=answers.count, default="unknown"
            ),  # of equals the first: the best shot's
        }
    return found


def better(item: StoredCapture) -> tuple[bool, float, str]:
    quality = item.capture["quality"]
    return quality is None, -(quality or 0.0), item.id


def agrees(store: Store) -> None:
    there = {
        visit.id: {name: getattr(visit, name) for name in Visit.__dataclass_fields__ if name != "id"}
        for visit in listed(store)
    }
    assert there == by_hand(store.captures(ALL).captures)


def joined_by_hand(batches: list[tuple[str, list[StoredCapture]]]) -> dict[str, str]:
    """The visit of each capture by the rule, where none is ever removed and all come on one day."""
    latest: dict[tuple[str, int], tuple[str, int]] = {}
    visit_of = {}
    for camera, items in batches:
        for item in items:
            track, sequence = item.capture["track_id"], item.capture["sequence"]
            name, highest = latest.get((camera, track), ("", 0))
            if not name or sequence == 1 or sequence <= highest:
                name = item.id
            latest[camera, track] = name, sequence
            visit_of[item.id] = name
    return visit_of


def empty(store: Store) -> None:
    store.remove_old(timedelta(seconds=-10))
    assert not listed(store)


@per_example
@given(added=st.lists(batches, max_size=6))
def test_a_track_is_a_visit_and_one_that_begins_anew_another(store: Store, added: list[Any]) -> None:
    empty(store)
    stored = [(camera, store.add(camera, [shot(**one) for one in together])) for camera, together in added]
    assert {item.id: item.visit for _, items in stored for item in items} == joined_by_hand(stored)
    agrees(store)


@per_example
@given(changes=st.lists(batches | removals, max_size=12))
def test_visits_agree_with_captures_after_whatever_comes_and_goes(store: Store, changes: list[Any]) -> None:
    empty(store)
    for kind, what in changes:
        there = store.captures(ALL).captures
        if isinstance(what, list):
            store.add(kind, [shot(**one) for one in what])
        elif kind == "one" and there:
            store.delete(there[what % len(there)].id)
        elif kind == "visit" and there:
            gone = there[what % len(there)].visit
            assert gone is not None and store.delete_visit(gone, "me")
        elif kind == "oldest":
            store.remove_old(max_bytes=1 if what % 2 else None)
        agrees(store)


@per_example
@given(before=st.lists(batches, min_size=1, max_size=5), meanwhile=st.lists(batches, max_size=5))
def test_visits_that_come_and_grow_meanwhile_move_no_page(
    store: Store, before: list[Any], meanwhile: list[Any]
) -> None:
    empty(store)
    for camera, together in before:
        store.add(camera, [shot(**one) for one in together])
    there = [visit.id for visit in listed(store)]
    seen: list[str] = []
    query = CaptureQuery(limit=1)
    while True:
        page = store.visits(query)
        seen += [visit.id for visit in page.visits]
        if page.next_cursor is None:
            break
        if meanwhile:
            camera, together = meanwhile.pop()
            store.add(camera, [shot(**one) for one in together])
        query = replace(query, cursor=page.next_cursor)
    assert len(seen) == len(set(seen))
    assert [name for name in seen if name in there] == there


def test_a_visit_has_one_answer_and_its_best_shot(store: Store) -> None:
    for number, (mask, quality) in enumerate(
        [("mask", 0.5), ("no_mask", 0.9), ("unknown", 1.5), ("mask", 0.1)], 1
    ):
        store.add("door", [shot(number, sequence=number, mask=mask, quality=quality)])
    [visit] = listed(store)
    assert (visit.mask, visit.quality, visit.captures) == ("mask", 1.5, 4)
    assert visit.best.capture["sequence"] == 3
    found = store.visit(visit.id, 3)
    assert found is not None and found[0] == visit
    assert [item.capture["quality"] for item in found[1]] == [1.5, 0.9, 0.5]
    store.delete(found[1][2].id)  # one mask and one no_mask are left: the better shot says no_mask
    assert listed(store)[0].mask == "no_mask"


def test_filters_choose_visits_by_their_answer_and_best_shot(store: Store) -> None:
    store.add("door", [shot(1, sequence=1, mask="no_mask", quality=0.2)])
    store.add("door", [shot(9, sequence=2, mask="no_mask", quality=0.9)])
    store.add("gate", [shot(5, mask="mask", quality=0.5)])
    door, gate = sorted(listed(store), key=lambda visit: visit.camera)

    def found(**wanted: Any) -> list[Visit]:
        return store.visits(CaptureQuery(**wanted)).visits

    assert found() == [gate, door]
    assert found(camera="door") == found(mask="no_mask") == found(min_quality=0.6) == [door]
    assert found(time_from=MIDNIGHT + timedelta(minutes=2)) == [gate]
    assert found(visit=gate.id) == [gate] and found(max_quality=0.1) == []
    assert len(store.captures(CaptureQuery(visit=door.id)).captures) == 2
    assert store.statistics(CaptureQuery(), of_visits=True).total == {"mask": 1, "no_mask": 1}
    assert store.statistics(CaptureQuery(), of_visits=True).cameras == {"door": 1, "gate": 1}


def test_a_track_that_goes_on_the_next_day_is_another_visit(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add("door", [shot(sequence=1)])
    store.add("door", [shot(sequence=2)])
    later = datetime.now(timezone.utc) + timedelta(days=1, seconds=5)
    for sequence in (3, 4):
        moment = later + timedelta(seconds=sequence)
        monkeypatch.setattr("facecap_service.store.adding.now", lambda at=moment: at)
        store.add("door", [shot(sequence=sequence)])
    assert [visit.captures for visit in sorted(listed(store), key=lambda visit: visit.id)] == [2, 2]


def test_a_clock_set_back_joins_no_visit_of_the_future(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        ahead = datetime.now(timezone.utc) + timedelta(days=30)
        patched.setattr("facecap_service.store.adding.now", lambda: ahead)
        store.add("door", [shot(sequence=1)])
    store.add("door", [shot(sequence=1)])
    store.add("door", [shot(sequence=2)])
    assert sorted(visit.captures for visit in listed(store)) == [1, 2]
    agrees(store)


def test_the_same_push_is_of_the_same_visit(store: Store) -> None:
    first, _ = shot(sequence=1), store.add("door", [shot(track_id=5)])
    [stored] = store.add("door", [first], "key")
    [again] = store.add("door", [first], "key")
    assert again == replace(stored, known=True) and again.visit == stored.id
    assert len(listed(store)) == 2
    store.delete(stored.id)
    [gone] = store.add("door", [first], "key")
    assert gone.id == stored.id and gone.visit is None


def test_many_at_once_count_every_capture(open_store: Callable[[], Store]) -> None:
    stores = [open_store() for _ in range(4)]
    stores[0].add("door", [shot(sequence=1)])
    errors: list[BaseException] = []

    def work(store: Store, number: int) -> None:
        try:
            for step in range(8):
                sequences = {"sequence": 2 + 4 * step + number}
                [added] = store.add("door", [shot(step, quality=number / 10, **sequences)])
                if step % 3 == number % 3:
                    store.delete(added.id)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=pair) for pair in zip(stores, range(4), strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not errors
    agrees(stores[0])


@pytest.fixture
def first_version(url: str, tmp_path: Path) -> Iterator[Database]:
    """A database of the version before visits, without captures."""
    database = Database(url)
    config = Config()
    config.set_main_option("script_location", str(Path(migrating.__file__).parent / "migrations"))
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    yield database
    database.close()


def test_captures_of_the_version_before_become_visits(
    url: str, first_version: Database, tmp_path: Path
) -> None:
    long_ago = 1_600_000_000_000_000
    with first_version.writing() as connection:
        connection.execute(text("INSERT INTO crops VALUES ('00', 1)"))
        for number in range(2500):  # of five days: more than a batch, and tracks that begin anew every day
            received = long_ago + number * 173_000_000
            one = capture(
                track_id=number // 4 % 125,
                sequence=1 + number % 4 if number % 11 else 1,
                mask=get_args(MaskAnswer)[number % 3],
                quality=None if number % 7 == 0 else number % 13 / 10,
            )
            connection.execute(
                text("INSERT INTO captures VALUES (:id, :camera, :at, :at, :mask, :quality, :capture, '00')"),
                {
                    "id": capture_ids(received, 1)[0],
                    "camera": "door" if number % 500 < 250 else "gate",
                    "at": received,
                    "mask": one["mask"],
                    "quality": one["quality"],
                    "capture": json.dumps(one),
                },
            )
    store = Store.open(url, tmp_path / "crops")
    stored = sorted(store.captures(ALL).captures, key=lambda item: item.id)
    assert len(stored) == 2500
    assert {item.id: item.visit for item in stored} == joined_by_hand([(c.camera, [c]) for c in stored])
    agrees(store)
    # What the migration wrote is what coming and going works with.
    with store._database.reading() as connection:
        rows = connection.execute(select(table.c.answers, table.c.captures)).all()
        assert all(sum(number for number, *_ in row.answers.values()) == row.captures for row in rows)
    store.delete(stored[1].id)
    agrees(store)
    store.close()
