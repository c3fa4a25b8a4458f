"""Captures as one file, made while it is sent and never whole in memory; of a zip only the names are."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import replace
from tempfile import SpooledTemporaryFile
from zoneinfo import ZoneInfo

from . import spreadsheet
from .store import CaptureQuery, Store, StoredCapture

_PAGE = 200
_CHUNK = 64 * 1024
_TABLE_IN_MEMORY = 8 * 1024 * 1024
_TAKEN = ("kind", "track_id", "sequence", "mask", "mask_prob", "incorrect_prob", "quality", "score")
_COLUMNS = ("id", "visit_id", "camera", "time", "received", *_TAKEN, "crop")


def table(store: Store, query: CaptureQuery, zone: ZoneInfo) -> Iterator[bytes]:
    """The captures of a query, its cursor and limit aside, as CSV, a page at a time.

    Raises:
        StoreError: the store failed; what came by then is no whole table.
    """
    yield spreadsheet.lines([_COLUMNS]).encode()
    for captures in _pages(store, query):
        yield spreadsheet.lines(
            _row(item, zone, f"/v1/captures/{item.id}/crop") for item in captures
        ).encode()


def archive(store: Store, query: CaptureQuery, zone: ZoneInfo) -> Iterator[bytes]:
    """The same as a zip: crops, and `captures.csv` with their names, which lists exactly the crops.

    Raises:
        StoreError: as `table`.
    """
    sink = _Sink()
    with (
        SpooledTemporaryFile(_TABLE_IN_MEMORY) as rows,
        zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as file,
    ):
        rows.write(spreadsheet.lines([_COLUMNS]).encode())
        for captures in _pages(store, query):
            for item in captures:
                crop = store.crop(item.crop)
                if crop is None:  # removed meanwhile
                    continue
                entry = _entry(item, zone)
                # A PNG becomes no smaller; deflated, as not every program reads a stored one of a stream.
                file.writestr(entry, crop, compresslevel=0)
                rows.write(spreadsheet.lines([_row(item, zone, entry.filename)]).encode())
                if sink.size >= _CHUNK:
                    yield sink.take()
        rows.seek(0)
        with file.open("captures.csv", "w", force_zip64=True) as out:
            while part := rows.read(_CHUNK):
                out.write(part)
                yield sink.take()
    yield sink.take()


class _Sink:
    """What a file writes to whose parts are taken away as they come; it cannot go back."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.size = 0

    def write(self, data: bytes) -> int:
        """Take more."""
        self._parts.append(bytes(data))
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """What was not taken stays to be."""

    def take(self) -> bytes:
        """All since the last time."""
        taken = b"".join(self._parts)
        self._parts.clear()
        self.size = 0
        return taken


def _pages(store: Store, query: CaptureQuery) -> Iterator[list[StoredCapture]]:
    """A page is read when it is wanted, and no transaction is open between two."""
    query = replace(query, limit=_PAGE, cursor=None)
    while True:
        page = store.captures(query)
        yield page.captures
        if page.next_cursor is None:
            return
        query = replace(query, cursor=page.next_cursor)


def _row(item: StoredCapture, zone: ZoneInfo, crop: str) -> tuple[object, ...]:
    times = (
        moment.astimezone(zone).isoformat(timespec="milliseconds") for moment in (item.time, item.received)
    )
    taken = (item.capture.get(name) for name in _TAKEN)
    return (item.id, item.visit, item.camera, *times, *taken, crop)


def _entry(item: StoredCapture, zone: ZoneInfo) -> zipfile.ZipInfo:
    time = item.time.astimezone(zone)
    entry = zipfile.ZipInfo(
        f"{item.camera}/{time:%Y-%m-%d}/{time:%H-%M-%S}-{item.id}.png", time.timetuple()[:6]
    )
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
