"""How captures come into the database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, insert, select

from . import crop_rows, journal, visiting
from .crops import Crops, crop_hash
from .database import upsert
from .errors import KeyReused
from .ids import capture_ids
from .records import NewCapture, StoredCapture
from .schema import captures, pushes
from .times import from_microseconds, now, shot_time, to_microseconds

_OURS = frozenset({"id", "camera", "received", "time", "visit_id", "crop"})


@dataclass(frozen=True, slots=True)
class Batch:
    """Captures that are stored together or not at all."""

    stored: list[StoredCapture]
    crops: dict[str, bytes]
    """By hash."""
    key: str | None
    fingerprint: str

    @classmethod
    def of(cls, camera: str, new: Sequence[NewCapture], key: str | None) -> Batch:
        """Of captures that come now.

        Raises:
            ValueError, TypeError: a capture lacks `mask` or `quality`, has a timestamp that is not RFC 3339,
                or what JSON does not know.
        """
        for item in new:
            if lacking := {"mask", "quality"} - item.capture.keys():
                raise ValueError(f"the capture lacks {' and '.join(sorted(lacking))}")
        # By microseconds and back, so that what `add` answers is what queries will answer.
        received_us = to_microseconds(now())
        received = from_microseconds(received_us)
        files = {crop_hash(item.crop_png): item.crop_png for item in new}
        content = json.dumps(
            [[item.capture, crop_hash(item.crop_png)] for item in new], sort_keys=True, allow_nan=False
        )
        stored = [
            StoredCapture(
                identity,
                camera,
                received,
                shot_time(item.capture.get("timestamp"), received),
                {name: value for name, value in item.capture.items() if name not in _OURS},
                crop_hash(item.crop_png),
                item.visit,
            )
            for identity, item in zip(capture_ids(received_us, len(new)), new, strict=True)
        ]
        return cls(stored, files, key, hashlib.sha256(content.encode()).hexdigest())


def add(connection: Connection, camera: str, batch: Batch, crops: Crops) -> list[StoredCapture]:
    """Write the rows of captures that are not there under their key; returns them with their visits."""
    # In one order for all who lock several.
    for name, png in sorted(batch.crops.items()):
        crop_rows.hold(connection, name, len(png))
        crops.put(connection, name, png)
    joined = visiting.join(connection, camera, batch.stored)
    stored = [replace(item, visit=visit) for item, visit in zip(batch.stored, joined, strict=True)]
    received = to_microseconds(stored[0].received)
    connection.execute(
        insert(captures),
        [
            {
                "id": item.id,
                "camera": camera,
                "received": received,
                "time": to_microseconds(item.time),
                "mask": item.capture["mask"],
                "quality": item.capture["quality"],
                "capture": item.capture,
                "crop": item.crop,
                "visit": item.visit,
            }
            for item in stored
        ],
    )
    about = {"kind": "capture", "camera": camera, "time": received}
    journal.append(connection, [{**about, "capture": item.id} for item in stored])
    return stored


def take_key(connection: Connection, camera: str, batch: Batch) -> bool:
    """Whether the batch's key is new; then it is taken, and others who come with it wait for the commit."""
    row = {
        "camera": camera,
        "key": batch.key,
        "received": to_microseconds(batch.stored[0].received),
        "fingerprint": batch.fingerprint,
        "captures": [item.id for item in batch.stored],
    }
    insertion = upsert(connection, pushes).values(row).on_conflict_do_nothing()
    return connection.execute(insertion.returning(pushes.c.key)).one_or_none() is not None


def earlier(connection: Connection, camera: str, batch: Batch) -> list[StoredCapture] | None:
    """The same captures as they came with the batch's key before, `known`; None where the key is new.

    Raises:
        KeyReused: they were others.
    """
    where = (pushes.c.camera == camera, pushes.c.key == batch.key)
    push = connection.execute(select(pushes).where(*where)).one_or_none()
    if push is None:
        return None
    if push.fingerprint != batch.fingerprint:
        raise KeyReused(
            f"the idempotency key {batch.key!r} of camera {camera!r} came before with other captures: "
            "take a new key for new captures"
        )
    received = from_microseconds(push.received)
    joined = select(captures.c.id, captures.c.visit).where(
        captures.c.camera == camera, captures.c.id.between(push.captures[0], push.captures[-1])
    )
    visit_of = {row.id: row.visit for row in connection.execute(joined)}
    return [
        replace(
            item,
            id=identity,
            received=received,
            time=shot_time(item.capture.get("timestamp"), received),
            visit=visit_of.get(identity),
            known=True,
        )
        for identity, item in zip(push.captures, batch.stored, strict=True)
    ]
