"""The one way in which the package writes a file: a temporary name in the same folder, sync, rename."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any


class PendingFile:
    """A file under a temporary name (`temporary`) until `commit` puts it in the place of `path`.

    A reader of `path` sees the old content or the new one, never a part.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.temporary = path.with_name(f".{os.getpid()}.{path.name}")

    def commit(self) -> None:
        """Sync and rename."""
        with self.temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        self.temporary.replace(self.path)

    def discard(self) -> None:
        """Remove what was written; `path` stays as it was."""
        self.temporary.unlink(missing_ok=True)


def write_atomic(path: Path, data: bytes) -> None:
    """Write a whole file.

    Raises:
        OSError: it names `path`. Nothing is left behind, nor where the user interrupts.
    """
    pending = PendingFile(path)
    try:
        pending.temporary.write_bytes(data)
        pending.commit()
    except BaseException as error:
        pending.discard()
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, str(path)) from None
        raise


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a CSV file with a line of column names; what a row lacks, or is None, stays empty.

    Raises:
        OSError: it names `path`.
        ValueError: a row has another column.
    """
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomic(path, text.getvalue().encode(errors="surrogateescape"))
