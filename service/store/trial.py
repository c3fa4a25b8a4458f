"""Whether a capture could be stored: one is, and is taken back before anybody can see it."""

from __future__ import annotations

import os

from sqlalchemy import delete

from . import adding
from .crops import Crops
from .database import Database
from .records import NewCapture
from .schema import crops as crop_table

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
            # Only what is committed needs space. Nobody sees a crop without a capture; where the process dies
            # here, retention removes it.
            adding.put_crops(connection, batch.crops, crops)
        with database.writing() as connection:
            connection.execute(delete(crop_table).where(crop_table.c.hash.in_(batch.crops)))
    finally:
        crops.withdraw(batch.crops)
