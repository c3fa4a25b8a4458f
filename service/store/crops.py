"""Where the pictures of captures lie: in a folder or in the database, and after a change of mind in both.

New crops go where the settings say. A crop is read and removed wherever it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from sqlalchemy import Connection

from .crop_folder import SHARDS, CropFolder
from .crop_table import CropTable
from .database import Database
from .errors import StoreError


def crop_hash(png: bytes) -> str:
    """The name of a crop: SHA-256 of its file, 64 hexadecimal digits."""
    return hashlib.sha256(png).hexdigest()


class Crops:
    """Puts, reads and removes; which crops are needed is the database's to say."""

    def __init__(self, database: Database, folder: Path, *, in_database: bool) -> None:
        """`folder`: made only where crops go there.

        Raises:
            OSError: it cannot be made.
        """
        self._table = CropTable(database)
        self._folder = CropFolder(folder)
        self._in_database = in_database
        if not in_database:
            self._folder.make()

    def check(self) -> None:
        """Raises `StoreError` where the folder is wanted and gone."""
        if not self._in_database and not self._folder.folder.is_dir():
            raise StoreError(
                f"the folder of crops {self._folder.folder} is not there: mount it or make it again"
            )

    def prepare(self, crops: dict[str, bytes]) -> None:
        """Do what can be done before the transaction that puts crops, by their hashes.

        Raises:
            OSError: a file cannot be written; no part of it is left under its name.
        """
        if not self._in_database:
            self._folder.put(crops)

    def withdraw(self, names: Iterable[str]) -> None:
        """Undo `prepare`, where the transaction never came."""
        if not self._in_database:
            for name in names:
                self._folder.remove(name)

    def put(self, connection: Connection, name: str, png: bytes) -> None:
        """Have a crop, whose row is held, kept from the commit on.

        Raises:
            OSError: as `prepare`.
        """
        if self._in_database:
            self._table.put(connection, name, png)
        elif not self._folder.has(name, len(png)):
            self._folder.put({name: png})

    def read(self, name: str) -> bytes | None:
        """The PNG of a hash; None where it is nowhere.

        Raises:
            StoreError, OSError: it cannot be read.
        """
        if not self._in_database:
            return self._folder.read(name) or self._table.read(name)
        png = self._table.read(name)
        return self._folder.read(name) if png is None and self._folder_is_there else png

    def remove(self, connection: Connection, names: Iterable[str]) -> tuple[int, dict[str, OSError]]:
        """Remove crops, whose rows are held; how many there were, and those that could not be removed."""
        wanted = sorted(names)
        found = self._table.remove(connection, wanted)
        stuck = {}
        for name in wanted if self._folder_is_there else ():
            try:
                if self._folder.remove(name):
                    found.add(name)
            except OSError as error:
                stuck[name] = error
        return len(found - stuck.keys()), stuck

    def shards_of_files(self) -> Sequence[str]:
        """Parts of the folder that may hold files which no capture needs.

        With crops in the database the folder may be another store's, unless some of this one lie there.
        """
        if not self._in_database:
            return SHARDS
        if self._table.has_all():
            return ()
        return [shard for shard in SHARDS if (self._folder.folder / shard).is_dir()]

    def files_before(self, shard: str, moment: float, now: float) -> list[str]:
        """As `CropFolder.written_before`."""
        return self._folder.written_before(shard, moment, now)

    @property
    def _folder_is_there(self) -> bool:
        return not self._in_database or self._folder.folder.is_dir()
