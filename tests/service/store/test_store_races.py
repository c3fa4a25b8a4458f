"""Several threads and processes at the same store."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from captures import capture, kept_crops, new, png, wherever_crops_lie

from facecap_service.store import CaptureQuery, NewCapture, Store
from facecap_service.store import journal as journal_module


def check_sound(store: Store, folder: Path) -> None:
    """Every row has its crop, whole."""
    rows = store.captures(CaptureQuery(limit=100_000)).captures
    for row in rows:
        assert store.crop(row.crop) is not None, "a row lacks its crop"
    assert kept_crops(store, folder) == sorted({row.crop for row in rows})


@wherever_crops_lie
def test_same_crop_is_added_deleted_and_removed_at_once(
    open_store: Callable[[], Store], tmp_path: Path
) -> None:
    crops = [png(n) for n in range(3)]

    def work(seed: int) -> None:
        chance, store = random.Random(seed), open_store()
        mine: list[str] = []
        for _ in range(40):
            if mine and chance.random() < 0.5:
                assert store.delete(mine.pop(chance.randrange(len(mine))))
            else:
                batch = [NewCapture(capture(), crop) for crop in chance.sample(crops, chance.randint(1, 3))]
                mine += [item.id for item in store.add("door", batch)]
            if chance.random() < 0.1:
                store.remove_old(grace=timedelta(0))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    store = open_store()
    store.remove_old(grace=timedelta(0))
    check_sound(store, tmp_path / "crops")


def test_a_disk_with_space_is_not_called_full_by_those_who_come_at_once(
    open_store: Callable[[], Store], tmp_path: Path
) -> None:
    stores = [open_store() for _ in range(4)]
    for _ in range(30):
        for reserve in tmp_path.glob("*-reserve"):
            reserve.unlink()
        together = threading.Barrier(4)

        def add(store: Store, together: threading.Barrier = together) -> None:
            together.wait()
            store.add("door", [new()])

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(add, stores))
    assert len(stores[0].captures(CaptureQuery(limit=1000)).captures) == 120


def test_capture_is_deleted_once_however_many_try(store: Store) -> None:
    [stored] = store.add("door", [new()])
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(store.delete, [stored.id] * 8)) == 1


def test_same_key_at_once_stores_once(open_store: Callable[[], Store]) -> None:
    stores = [open_store() for _ in range(6)]
    for key in map(str, range(5)):
        batch = [new(), new()]
        with ThreadPoolExecutor(6) as pool:
            answers = list(
                pool.map(lambda store, key=key, batch=batch: store.add("door", batch, key), stores)
            )
        assert len({tuple(item.id for item in answer) for answer in answers}) == 1
        assert sum(not answer[0].known for answer in answers) == 1
    assert len(stores[0].captures(CaptureQuery()).captures) == 10


@wherever_crops_lie
def test_rounds_of_retention_do_not_block_each_other(open_store: Callable[[], Store], tmp_path: Path) -> None:
    stores = [open_store() for _ in range(3)]
    for n in range(6):
        stores[0].add("door", [new(png(n % 2)) for _ in range(100)])
    with ThreadPoolExecutor(3) as pool:
        removed = sum(pool.map(lambda store: store.remove_old(timedelta(seconds=-1)).captures, stores))
    assert removed == 600
    check_sound(stores[0], tmp_path / "crops")


def test_reader_of_events_skips_none_that_is_written_at_once(open_store: Callable[[], Store]) -> None:
    writers, reader = [open_store() for _ in range(4)], open_store()
    noted: list[int] = []
    done = threading.Event()

    def write(store: Store) -> None:
        for n in range(50):
            if n % 3:
                noted.append(store.event("track.started", "door", {"n": n}))
            else:
                store.add("door", [new(b"a"), new(b"b")])

    def read() -> list[int]:
        seen: list[int] = []
        while True:
            last_time = done.is_set()
            events = reader.events_after(seen[-1] if seen else None, 7)
            seen += [event.id for event in events]
            if last_time and not events:
                return seen

    with ThreadPoolExecutor(5) as pool:
        reading = pool.submit(read)
        list(pool.map(write, writers))
        done.set()
        seen = reading.result()
    assert seen == list(range(1, len(seen) + 1))
    assert set(noted) <= set(seen) and len(seen) == reader.last_event_id()


def test_late_commit_holds_back_the_events_after_it(postgresql_url: str, tmp_path: Path) -> None:
    slow, quick, reader = (Store.open(postgresql_url, tmp_path / "crops") for _ in range(3))
    row = {"kind": "track.started", "camera": "door", "time": 0, "data": {}}
    with ThreadPoolExecutor(1) as pool:
        with slow._database.writing() as connection:
            late = journal_module.append(connection, [row])
            overtaking = pool.submit(quick.event, "track.ended", "door", {})
            # With ids of a sequence the later event would be there now, and the earlier one would be skipped.
            for _ in range(20):
                assert reader.events_after(None, 10) == []
        after = overtaking.result()
    assert [event.id for event in reader.events_after(None, 10)] == [late, after] and late < after
    for store in (slow, quick, reader):
        store.close()


def test_event_that_was_rolled_back_leaves_no_gap(store: Store) -> None:
    first = store.event("track.started", "door", {})
    try:
        with store._database.writing() as connection:
            journal_module.append(connection, [{"kind": "x", "camera": "door", "time": 0, "data": {}}])
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    assert store.event("track.ended", "door", {}) == first + 1
