"""The lock of a crop: its row."""

from __future__ import annotations

from sqlalchemy import Connection

from .database import upsert
from .schema import crops


def hold(connection: Connection, name: str, size: int | None = None) -> None:
    """Lock the row of a crop until the end of the transaction, making one where there is none.

    Args:
        connection: in a transaction that writes.
        name: hash of the crop.
        size: bytes of its file; None leaves what is known.
    """
    row = upsert(connection, crops).values(hash=name, size=size or 0)
    kept = crops.c.size if size is None else size
    connection.execute(row.on_conflict_do_update(index_elements=["hash"], set_={"size": kept}))
