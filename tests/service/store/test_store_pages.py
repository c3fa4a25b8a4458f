"""Queries and cursor pages, against the same done by hand."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any, get_args

import pytest
from captures import new, png
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facecap import MaskAnswer
from facecap_service.store import CaptureQuery, InvalidCursor, Store, StoredCapture
from facecap_service.store.cursors import Position, decode, encode

MIDNIGHT = datetime(2026, 1, 31, tzinfo=timezone.utc)
CROP = png(0)
per_example = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
shots = st.fixed_dictionaries(
    {
        "camera": st.sampled_from(["door", "gate"]),
        "minute": st.none() | st.integers(0, 5),  # few, so that many shots have the same time
        "mask": st.sampled_from(get_args(MaskAnswer)),
        "quality": st.none() | st.sampled_from([-0.2, 0.0, 0.5, 1.25]),
    }
)


def add(store: Store, shot: dict[str, Any]) -> StoredCapture:
    moment = None if shot["minute"] is None else MIDNIGHT + timedelta(minutes=shot["minute"])
    timestamp = moment and moment.isoformat()
    return store.add(
        shot["camera"], [new(CROP, timestamp=timestamp, mask=shot["mask"], quality=shot["quality"])]
    )[0]


def pages(store: Store, query: CaptureQuery) -> Iterator[list[StoredCapture]]:
    while True:
        page = store.captures(query)
        yield page.captures
        if page.next_cursor is None:
            return
        query = replace(query, cursor=page.next_cursor)


def empty(store: Store) -> None:
    for capture in store.captures(CaptureQuery(limit=10_000)).captures:
        store.delete(capture.id)


def by_hand(query: CaptureQuery, captures: list[StoredCapture]) -> list[StoredCapture]:
    def fits(item: StoredCapture) -> bool:
        quality = item.capture["quality"]
        return (
            query.camera in (None, item.camera)
            and query.mask in (None, item.capture["mask"])
            and (query.time_from is None or item.time >= query.time_from)
            and (query.time_to is None or item.time < query.time_to)
            and (query.min_quality is None or (quality is not None and quality >= query.min_quality))
            and (query.max_quality is None or (quality is not None and quality <= query.max_quality))
        )

    return sorted(filter(fits, captures), key=lambda item: (item.time, item.id), reverse=True)


queries = st.builds(
    CaptureQuery,
    camera=st.none() | st.sampled_from(["door", "gate", "nobody"]),
    time_from=st.none() | st.integers(-1, 6).map(lambda minute: MIDNIGHT + timedelta(minutes=minute)),
    time_to=st.none() | st.integers(-1, 6).map(lambda minute: MIDNIGHT + timedelta(minutes=minute)),
    mask=st.none() | st.sampled_from(get_args(MaskAnswer)),
    min_quality=st.none() | st.sampled_from([-1.0, 0.0, 0.6]),
    max_quality=st.none() | st.sampled_from([-1.0, 0.5, 2.0]),
    limit=st.integers(1, 7),
)


@per_example
@given(added=st.lists(shots, max_size=12), wanted=st.lists(queries, min_size=1, max_size=5))
def test_pages_have_every_capture_that_fits_once_newest_first(
    store: Store, added: list[dict[str, Any]], wanted: list[CaptureQuery]
) -> None:
    empty(store)
    stored = [add(store, shot) for shot in added]
    for query in wanted:
        found = list(pages(store, query))
        assert [item for page in found for item in page] == by_hand(query, stored)
        assert all(len(page) == query.limit for page in found[:-1])


@per_example
@given(
    before=st.lists(shots, min_size=1, max_size=10),
    meanwhile=st.lists(st.one_of(shots, st.integers(0, 9)), max_size=12),
    limit=st.integers(1, 3),
)
def test_what_comes_and_goes_meanwhile_moves_no_page(
    store: Store, before: list[dict[str, Any]], meanwhile: list[dict[str, Any] | int], limit: int
) -> None:
    empty(store)
    stored = [add(store, shot) for shot in before]
    deleted: set[str] = set()
    seen: list[StoredCapture] = []
    for page in pages(store, CaptureQuery(limit=limit)):
        seen += page
        if meanwhile:
            change = meanwhile.pop()
            if isinstance(change, int):
                gone = stored[change % len(stored)].id
                deleted.add(gone)
                store.delete(gone)
            else:
                add(store, change)
    assert len({item.id for item in seen}) == len(seen)
    assert seen == sorted(seen, key=lambda item: (item.time, item.id), reverse=True)
    assert {item.id for item in stored} - deleted <= {item.id for item in seen}


@given(st.integers(-(2**63), 2**63 - 1), st.from_regex(r"[0-9a-f]{26}", fullmatch=True))
def test_cursor_leads_back_to_its_position(time: int, identity: str) -> None:
    cursor = encode(Position(time, identity))
    assert decode(cursor) == Position(time, identity)
    assert cursor.isascii() and not set(cursor) & set("+/=&?#% ")


@given(
    st.text(max_size=80)
    | st.binary(min_size=35, max_size=35).map(lambda raw: base64.urlsafe_b64encode(raw).decode())
)
def test_any_other_text_is_no_cursor(text: str) -> None:
    try:
        position = decode(text)
    except InvalidCursor as error:
        assert "start again without one" in str(error)
    else:
        assert encode(position) == text


def test_store_refuses_a_cursor_that_it_did_not_give(store: Store) -> None:
    add(store, {"camera": "door", "minute": 1, "mask": "mask", "quality": 0.5})
    with pytest.raises(InvalidCursor):
        store.captures(CaptureQuery(cursor="AAAA"))
