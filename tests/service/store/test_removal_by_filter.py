"""Captures that a filter chooses are removed, once somebody has said how many they are."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from captures import kept_crops, new, png, wherever_crops_lie
from pushing import push
from served import Served

from facecap_service.store import CaptureQuery, CountDiffers, PartlyRemoved, Store
from facecap_service.store.times import now


def remove(service: Served, **query: Any) -> tuple[int, dict[str, Any]]:
    answer = service.client.delete("/v1/captures", params=query)
    return answer.status_code, answer.json()


def listed(service: Served) -> list[str]:
    return [item["id"] for item in service.client.get("/v1/captures").json()["captures"]]


@wherever_crops_lie
def test_a_filter_is_removed_once_its_count_is_said(
    start: Callable[..., Served], url: str, tmp_path: Path
) -> None:
    service = start(url)
    for number in range(3):
        push(service, "door", seed=number, track_id=number, mask="no_mask")
    kept = [push(service, "gate", seed=9), push(service, "door", seed=8, track_id=8)]
    status, problem = remove(service, camera="door", mask="no_mask")
    assert (status, problem["code"], problem["count"]) == (428, "count_needed", 3)
    assert "expect=3" in problem["detail"]
    status, problem = remove(service, camera="door", mask="no_mask", expect=2)
    assert (status, problem["code"], problem["count"]) == (409, "count_differs", 3)
    assert len(listed(service)) == 5
    assert remove(service, camera="door", mask="no_mask", expect=3) == (200, {"removed": 3})
    assert sorted(listed(service)) == sorted(kept)
    assert len(kept_crops(service.services.store, tmp_path / "crops")) == 2
    assert len(service.client.get("/v1/visits").json()["visits"]) == 2
    [entry, *_] = service.client.get("/v1/audit?action=delete_captures").json()["entries"]
    assert entry["data"] == {"filter": {"camera": "door", "mask": "no_mask"}, "captures": 3}
    assert remove(service, camera="door", mask="no_mask", expect=0) == (200, {"removed": 0})


def test_everything_is_removed_only_when_it_is_said(service: Served) -> None:
    push(service)
    for query in ({"expect": 1}, {"all": "true", "camera": "door", "expect": 1}, {"all": "false"}):
        status, problem = remove(service, **query)
        assert (status, problem["code"]) == (422, "no_filter")
    assert remove(service, form="2026-01-01T00:00:00Z", expect=1)[0] == 422
    assert len(listed(service)) == 1
    assert remove(service, all="true", expect=1) == (200, {"removed": 1})
    assert listed(service) == []


def test_removed_captures_leave_the_events_too(service: Served) -> None:
    store = service.services.store
    before = store.last_event_id()
    push(service, "door")
    push(service, "gate", seed=1)
    assert remove(service, camera="door", expect=1)[0] == 200
    assert [event.camera for event in store.events_after(before, 10)] == ["gate"]


def add(store: Store, camera: str, count: int) -> list[str]:
    added = store.add(camera, [new(png(0), track_id=number) for number in range(count)])
    return [item.id for item in added]


def test_what_comes_meanwhile_stays(open_store: Callable[[], Store], monkeypatch: pytest.MonkeyPatch) -> None:
    store, other = open_store(), open_store()
    monkeypatch.setattr("facecap_service.store.removing._BATCH", 10)
    came = add(store, "door", 45)
    stop = threading.Event()

    def come() -> None:
        while not stop.is_set():
            came.extend(add(other, "door", 1))

    coming = threading.Thread(target=come)
    coming.start()
    try:
        count = store.count(CaptureQuery(camera="door"))
        with pytest.raises(CountDiffers):
            store.delete_captures(CaptureQuery(camera="door"), 10_000, "me", {})
        while True:
            count = store.count(CaptureQuery(camera="door"))
            try:
                assert store.delete_captures(CaptureQuery(camera="door"), count, "me", {}) == count
                break
            except CountDiffers as error:
                assert error.count > count
    finally:
        stop.set()
        coming.join(60)
    left = store.captures(CaptureQuery(limit=10_000)).captures
    assert {item.id for item in left} == set(came[count:])
    assert len(store.visits(CaptureQuery(limit=10_000)).visits) == len(left)


def test_what_comes_by_a_clock_set_back_stays_and_what_was_chosen_goes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facecap_service.store.removing._BATCH", 2)
    add(store, "door", 6)
    came = []

    def come() -> bool:
        with monkeypatch.context() as patched:
            patched.setattr("facecap_service.store.adding.now", lambda: now() - timedelta(days=1))
            came.extend(add(store, "door", 1))
        return False

    assert store.delete_captures(CaptureQuery(), 6, "me", {}, come) == 6
    assert {item.id for item in store.captures(CaptureQuery()).captures} == set(came)


def test_what_is_interrupted_says_how_many_are_gone(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facecap_service.store.removing._BATCH", 10)
    add(store, "door", 35)
    asked = iter([False, False, True])
    with pytest.raises(PartlyRemoved, match="the service ends") as error:
        store.delete_captures(CaptureQuery(camera="door"), 35, "me", {}, lambda: next(asked))
    assert error.value.removed == 20 and store.count(CaptureQuery()) == 15
    folder = tmp_path / "crops"
    [file] = folder.rglob("*.png")
    shard = file.parent.rename(tmp_path / "aside")
    file.parent.write_text("no folder")
    with pytest.raises(PartlyRemoved, match="folder of crops") as error:
        store.delete_captures(CaptureQuery(camera="door"), 15, "me", {})
    assert error.value.removed == 15 and store.count(CaptureQuery()) == 0
    file.parent.unlink()
    shard.rename(file.parent)
