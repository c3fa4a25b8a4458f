"""Whether a capture could be stored: one is, and is taken back before anybody can see it."""

from __future__ import annotations

import os

from sqlalchemy import update

from . import adding
from .crops import Crops
from .database import Database
from .records import NewCapture
from .schema import journal

_CROP_BYTES = 16 * 1024
_CAPTURE = {"mask": "unknown", "quality": None}


def store(database: Database, crops: Crops) -> None:
    """Go the way of a capture.

    Raises:
        StoreError, OSError: the way is blocked.
    """
    batch = adding.Batch.of("trial", [NewCapture(_CAPTURE, os.urandom(_CROP_BYTES))], None)
    try:
        crops.prepare(batch.crops)
        with database.writing() as connection:
            with connection.begin_nested() as nested:
                adding.add(connection, "trial", batch, crops)
                nested.rollback()
            # Only what is committed needs space.
            connection.execute(update(journal).values(last_event=journal.c.last_event))
    finally:
        crops.withdraw(batch.crops)
