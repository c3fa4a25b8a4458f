"""Space that is kept for removing: on a full disk even a removal has to be written down first."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

BYTES = 1024 * 1024
_BESIDES = 64 * 1024
"""What must be free besides before the space is taken."""


class Reserve:
    """A file that takes up space beside a database until the disk is full, and is removed then.

    Args:
        file: where it lies.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def whole(self) -> bool:
        """Whether the space is kept."""
        with suppress(OSError):
            return self._file.stat().st_size == BYTES
        return False

    def take(self) -> bool:
        """Keep the space again where the disk has it; whether it is kept."""
        if self.whole:
            return True
        with suppress(OSError):
            if shutil.disk_usage(self._file.parent).free >= BYTES + _BESIDES:
                self._write()
        return self.whole  # or another process or thread took it meanwhile

    def _write(self) -> None:
        descriptor, begun = tempfile.mkstemp(dir=self._file.parent, prefix=f"{self._file.name}.")
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(os.urandom(BYTES))  # a file system that compresses would keep no space for zeros
                stream.flush()
                os.fsync(stream.fileno())
            Path(begun).replace(self._file)
        except BaseException:
            Path(begun).unlink(missing_ok=True)
            raise

    def give_up(self) -> bool:
        """Let the space be used; whether there was any."""
        try:
            self._file.unlink()
        except OSError:
            return False
        return True
