"""Cameras that are remembered: which are online, and since when others are not.

Frames only leave a note in memory; one thread writes it to the database every few seconds. A camera is
offline when nobody, this process or another on the same database, has noted a frame for so long by the
watcher's own clock: it does not matter how the clocks of machines differ or are set, and a service that has
just started waits as long as any other. A board, which sends when somebody comes, has a limit of hours: of it
the moment in the database counts too, through restarts.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import partial
from typing import Any

from .. import logs
from ..camera_settings import Cameras as CameraSettings
from ..store import CameraTable, RememberedCamera, Sighting, StoreError
from ..store.camera_table import Source
from .hours import Hours

_log = logging.getLogger("facecap.service.cameras")
_ROUND = 2.0
"""Seconds between two looks at the database."""


@dataclass(slots=True)
class _Entry:
    source: Source
    seen: float = math.nan
    """When it sent last to this process, in seconds since 1970."""
    alive: float = -math.inf
    """When it was noticed last that it sends, to any process, by `time.monotonic`."""
    noted: bool = True
    """Whether the database knows `seen`."""
    written: datetime | None = None
    """The moment that this process wrote last: another one in the database is of another process."""
    row: RememberedCamera | None = None
    changed: float = 0.0
    """When `row` was found to be seen again, by `time.monotonic`."""


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether a camera is there."""

    source: Source
    online: bool
    since: datetime | None
    """Since when it is online or offline; None where it never sent."""
    last_seen: datetime | None


class Remembered:
    """Methods may be called from any thread; those that change what is kept wait for the database.

    Args:
        table: where cameras are kept.
        settings: after how long each is offline.
        hours: of the cameras that are not always at work; outside of them a camera is left as it is.
    """

    def __init__(self, table: CameraTable, settings: CameraSettings, hours: Mapping[str, Hours]) -> None:
        self._table = table
        self._settings = settings
        self._hours = hours
        self._entries: dict[str, _Entry] = {}
        self._read_at = -math.inf
        """When the database was read last, by `time.monotonic`."""
        self._end: Callable[[str, Callable[[], object]], object] = lambda name, ended: ended()
        self._ending: set[str] = set()
        """Cameras that are gone from the database, and at work here until the frames that wait are done."""
        self._changing = threading.Lock()
        self._asking = threading.Lock()
        """Held from asking the database until what it said is taken: nothing older comes after it."""
        self._wake = threading.Event()
        self._stopping = False
        self._seldom = logs.Seldom(_log)
        self._pause = min(_ROUND, settings.offline_seconds / 4)
        self._thread = threading.Thread(target=self._run, name="facecap remembered cameras", daemon=True)

    def when_gone(self, end: Callable[[str, Callable[[], object]], object]) -> None:
        """Have `end` called, from any thread, for each camera that is gone from the database.

        Another process removed it, or too many are remembered. `end` gets its name, and what to call when its
        work here has ended: what it sends until then does not bring it back.
        """
        self._end = end

    def start(self) -> None:
        """Read what earlier processes left, and begin to watch.

        Raises:
            StoreError: the database fails.
        """
        self._read()
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Write what is noted and end; a database that hangs is waited for no longer than that."""
        self._stopping = True
        self._wake.set()
        self._thread.join(seconds)

    def seen(self, name: str, source: Source) -> None:
        """A camera sent something that could be taken; costs nothing but a note."""
        if name in self._ending:
            return
        entry, seen, alive = self._entries.get(name), time.time(), time.monotonic()
        if entry is None:
            with self._changing:
                # Whole from the start: one without a note is taken for one that was removed.
                entry = self._entries.setdefault(name, _Entry(source, seen, alive, noted=False))
            self._wake.set()
        entry.source, entry.seen, entry.alive = source, seen, alive
        if entry.noted:
            entry.noted = False
            if entry.row is None or not entry.row.online:
                self._wake.set()

    @property
    def age(self) -> float:
        """Seconds since the database was read for what is known here."""
        return time.monotonic() - self._read_at

    def names(self) -> list[str]:
        """Of all cameras that ever sent or have settings."""
        with self._changing:
            return list(self._entries)

    def presence(self, name: str) -> Presence | None:
        """Whether a camera is there; None where it never was."""
        entry = self._entries.get(name)
        if entry is None:
            return None
        row = entry.row
        online = time.monotonic() - entry.alive < self._limit(entry.source)
        own = None if math.isnan(entry.seen) else datetime.fromtimestamp(entry.seen, timezone.utc)
        kept = row.last_seen if row is not None else None
        last_seen = max(own, kept) if own is not None and kept is not None else own or kept
        came = row.since if row is not None and row.online else own
        return Presence(entry.source, online, came if online else last_seen, last_seen)

    def settings(self, name: str) -> dict[str, Any] | None:
        """That were made at run time; the same object while they are the same."""
        entry = self._entries.get(name)
        return entry.row.settings if entry is not None and entry.row is not None else None

    def change_settings(self, name: str, source: Source, settings: dict[str, Any], who: str) -> bool:
        """Keep settings of a camera, here at once, in other processes within seconds.

        Returns:
            False where nothing was kept: another process has just removed the camera.

        Raises:
            StoreError: the database fails; nothing has changed then.
        """
        entry = self._entries.get(name)
        is_known = entry is not None and entry.row is not None
        is_kept = self._table.change_settings(name, source, settings, who, is_known=is_known)
        self._read()
        return is_kept

    def remove(self, name: str, who: str) -> bool:
        """Forget a camera until it sends again; whether it was remembered.

        Raises:
            StoreError: the database fails; nothing has changed then.
        """
        with self._asking:
            was_there = self._table.remove(name, who)
            with self._changing:
                return self._entries.pop(name, None) is not None or was_there

    def _run(self) -> None:
        while True:
            self._wake.wait(self._pause)
            self._wake.clear()
            ends = self._stopping
            try:
                self._round(ends)
            except StoreError as error:
                self._seldom.error("remembered", "which cameras are online is not kept: %s", error)
            except Exception:
                _log.exception("which cameras are online is not kept")
            if ends:
                return

    def _round(self, ends: bool) -> None:
        self._write()
        if ends:
            return
        self._read()
        for name, entry in self._items():
            row, now = entry.row, time.monotonic()
            if row is None or not row.online or not entry.noted:
                continue
            hours = self._hours.get(name)
            if hours is not None and not hours.open:
                if now - entry.alive < self._limit(entry.source):
                    entry.alive = now
                entry.changed = now
            elif now - entry.changed >= self._limit(row.source) and self._table.lose(row):
                with self._changing:
                    if entry.row is row:  # else it was read anew meanwhile
                        entry.row = replace(row, online=False, since=row.last_seen)

    def _write(self) -> None:
        """Note in the database what was seen since the last time."""
        with self._asking:
            fresh = [(name, entry) for name, entry in self._items() if not entry.noted]
            if not fresh:
                return
            sightings = [self._sighting(name, entry) for name, entry in fresh]
            try:
                self._table.see(sightings)
            except BaseException:
                for _, entry in fresh:
                    entry.noted = False
                raise

    def _sighting(self, name: str, entry: _Entry) -> Sighting:
        """A camera's note; what comes from now on is another."""
        entry.noted = True  # before the moment is read: a frame that comes meanwhile is noted again
        entry.written = datetime.fromtimestamp(entry.seen, timezone.utc)
        # Either clock may stand still, or be set.
        ago = max(time.time() - entry.seen, time.monotonic() - entry.alive)
        is_known, is_late = entry.row is not None, ago >= self._limit(entry.source)
        return Sighting(name, entry.source, entry.written, is_known, is_late)

    def _read(self) -> None:
        """Take what the database says now."""
        gone = []
        with self._asking:
            began, rows = time.monotonic(), self._table.all()
            with self._changing:
                for name, row in rows.items():
                    _take(self._entries.setdefault(name, _Entry(row.source)), row)
                for name, entry in [*self._entries.items()]:
                    if name in rows:
                        continue
                    if entry.row is not None:
                        gone.append(name)
                        self._ending.add(name)
                    if entry.row is not None or entry.noted:
                        del self._entries[name]
            self._read_at = began
        for name in gone:
            self._end(name, partial(self._ending.discard, name))

    def _items(self) -> list[tuple[str, _Entry]]:
        with self._changing:
            return list(self._entries.items())

    def _limit(self, source: Source) -> float:
        return self._settings.board_offline_seconds if source == "board" else self._settings.offline_seconds


def _take(entry: _Entry, row: RememberedCamera) -> None:
    """What the database says of a camera."""
    before, now = entry.row, time.monotonic()
    if before is not None and before.settings == row.settings:
        row = replace(row, settings=before.settings)
    entry.row = row
    if row.last_seen is None or (before is not None and before.last_seen == row.last_seen):
        return
    if row.last_seen == entry.written:
        entry.changed = entry.alive
    elif before is not None and row.online:
        entry.changed, entry.alive, entry.source = now, now, row.source
    elif row.source == "board" and row.online:
        entry.changed = now - max(time.time() - row.last_seen.timestamp(), 0.0)
        entry.alive = max(entry.alive, entry.changed)
    else:
        entry.changed = now
