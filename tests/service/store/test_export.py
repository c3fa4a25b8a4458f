"""Captures of a filter as a file, made while a client takes it."""

from __future__ import annotations

import csv
import io
import socket
import zipfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
from captures import new, png, wherever_crops_lie
from pushing import push
from served import Served, eventually

from facecap_service import exporting
from facecap_service.settings import Site
from facecap_service.store import CaptureQuery, Store

ZONE = Site(time_zone="Asia/Shanghai").zone


def fill(store: Store, number: int) -> list[str]:
    """Captures whose crops together are far more than sockets hold."""
    added = store.add("door", [new(png(seed), track_id=seed) for seed in range(number)])
    return [item.id for item in added]


def rows_of(text: str) -> list[dict[str, Any]]:
    return list(csv.DictReader(io.StringIO(text)))


@wherever_crops_lie
def test_a_zip_has_the_crops_and_a_table_of_them(start: Callable[..., Served], url: str) -> None:
    service = start(url, site={"time_zone": "Asia/Shanghai"})
    first = push(service, "door", seed=1, mask="no_mask", timestamp="2026-01-31T20:00:00.250Z")
    push(service, "gate", seed=2, track_id=2, quality=None, timestamp="2026-01-31T21:00:00Z")
    last = push(service, "door", seed=3, track_id=3, timestamp="2026-02-01T12:00:00Z")
    answer = service.client.get("/v1/captures/export", params={"camera": "door", "format": "zip"})
    assert answer.headers["content-type"] == "application/zip"
    assert ".zip" in answer.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as file:
        assert file.testzip() is None
        rows = rows_of(file.read("captures.csv").decode())
        assert [(row["id"], row["mask"], row["time"]) for row in rows] == [
            (last, "mask", "2026-02-01T20:00:00.000+08:00"),
            (first, "no_mask", "2026-02-01T04:00:00.250+08:00"),
        ]
        assert rows[0]["crop"] == f"door/2026-02-01/20-00-00-{last}.png"
        assert [file.read(row["crop"]) for row in rows] == [png(3), png(1)]
        assert len(file.namelist()) == 3
    [entry] = service.client.get("/v1/audit?action=export").json()["entries"]
    assert entry["data"] == {"format": "zip", "filter": {"camera": "door"}, "captures": 2}


def test_a_table_has_every_capture(service: Served) -> None:
    ids = fill(service.services.store, 450)  # pages
    answer = service.client.get("/v1/captures/export")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = rows_of(answer.text)
    assert [row["id"] for row in rows] == ids[::-1]
    assert {row["visit_id"] for row in rows} == set(ids) and rows[0]["incorrect_prob"] == ""
    crop = rows[0]["crop"]
    assert service.client.get(crop).content == png(449)
    assert rows_of(service.client.get("/v1/captures/export?camera=gate").text) == []
    for wrong in ("format=pdf", "form=csv", "from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z"):
        assert service.client.get(f"/v1/captures/export?{wrong}").status_code == 422
    assert service.client.head("/v1/captures/export").status_code == 405


def test_what_is_removed_meanwhile_is_in_neither(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "_CHUNK", 1)
    ids = fill(store, 10)
    parts = exporting.archive(store, CaptureQuery(), ZONE)
    taken = [next(parts), next(parts)]  # the newest two
    for gone in ids[:5]:
        store.delete(gone)
    store.add("door", [new(png(99))])
    taken += parts
    with zipfile.ZipFile(io.BytesIO(b"".join(taken))) as file:
        assert file.testzip() is None
        rows = rows_of(file.read("captures.csv").decode())
        assert [row["id"] for row in rows] == ids[:4:-1]
        assert sorted(file.namelist()) == sorted(["captures.csv", *(row["crop"] for row in rows)])


def test_parts_stay_small_however_much_it_is(store: Store) -> None:
    fill(store, 60)
    parts = [len(part) for part in exporting.archive(store, CaptureQuery(), ZONE)]
    assert sum(parts) > 60 * len(png(0)) and max(parts) < 2 * 64 * 1024
    tables = [len(part) for part in exporting.table(store, replace(CaptureQuery(), camera="door"), ZONE)]
    assert max(tables) < 100_000


class Reads:
    """Counts how many crops are read."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.number = 0
        self._crop = store.crop
        monkeypatch.setattr(type(store), "crop", lambda _, name: self._read(name))

    def _read(self, name: str) -> bytes | None:
        self.number += 1
        return self._crop(name)


def exports_ended(service: Served) -> bool:
    figures = service.client.get("/metrics").text
    return any('route="/v1/captures/export"' in line for line in figures.splitlines())


def test_a_slow_client_keeps_no_frame_waiting_and_one_that_goes_ends_it(
    start: Callable[..., Served], face: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = start()
    fill(service.services.store, 600)
    reads = Reads(service.services.store, monkeypatch)
    host, port = service.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(b"GET /v1/captures/export?format=zip HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert client.recv(64).startswith(b"HTTP/1.1 200")
        # It takes no more; others are served, and captures are written and removed.
        for _ in range(12):
            assert service.push("hall", face).status_code == 200
        assert service.client.post("/v1/cameras/hall/flush").status_code == 200
        pushed = push(service, "gate")
        assert service.client.delete(f"/v1/captures/{pushed}").status_code == 204
        assert not exports_ended(service)
    eventually(lambda: exports_ended(service))
    assert 0 < reads.number < 600


def test_more_zips_at_once_than_a_few_are_asked_to_come_again(start: Callable[..., Served]) -> None:
    service = start()
    fill(service.services.store, 600)
    host, port = service.address.removeprefix("http://").split(":")
    with ExitStack() as stack:
        for _ in range(4):
            client = stack.enter_context(socket.create_connection((host, int(port))))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(b"GET /v1/captures/export?format=zip HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert client.recv(64).startswith(b"HTTP/1.1 200")
        refused = service.client.get("/v1/captures/export?format=zip")
        assert (refused.status_code, refused.json()["code"]) == (429, "export_busy")
        assert refused.headers["Retry-After"]
        assert service.client.get("/v1/captures/export").status_code == 200
    zips = [entry for entry in audited(service) if entry["data"]["format"] == "zip"]
    assert len(zips) == 4
    # Those who went have left their places.
    eventually(lambda: service.client.get("/v1/captures/export?format=zip&camera=gate").status_code == 200)


def audited(service: Served) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = service.client.get("/v1/audit?action=export").json()["entries"]
    return entries
