"""Crops as rows of the database, which come and go in the transactions of their captures."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, delete, exists, select

from .database import Database, upsert
from .schema import crop_files, crops


class CropTable:
    """Writes and removes the rows; who does holds the row of `crops`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, connection: Connection, name: str, png: bytes) -> None:
        """Have a crop, by its hash, in the table; one that is there is not written again."""
        row = upsert(connection, crop_files).values(hash=name, bytes=png)
        connection.execute(row.on_conflict_do_nothing())

    def read(self, name: str) -> bytes | None:
        """A crop; None where it is not there."""
        with self._database.reading() as connection:
            query = select(crop_files.c.bytes).where(crop_files.c.hash == name)
            return connection.execute(query).scalar_one_or_none()

    def remove(self, connection: Connection, names: Iterable[str]) -> set[str]:
        """Remove crops; the hashes of those that there were."""
        removal = delete(crop_files).where(crop_files.c.hash.in_(names)).returning(crop_files.c.hash)
        return set(connection.execute(removal).scalars())

    def has_all(self) -> bool:
        """Whether no crop lies elsewhere."""
        elsewhere = ~exists().where(crop_files.c.hash == crops.c.hash)
        with self._database.reading() as connection:
            return connection.execute(select(crops.c.hash).where(elsewhere).limit(1)).first() is None
