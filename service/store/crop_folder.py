"""Crops as files, named by the hash of their content, in 256 folders."""

from __future__ import annotations

import errno
import logging
import os
import re
import tempfile
from pathlib import Path

from .errors import StoreError

SHARDS = tuple(f"{number:02x}" for number in range(256))
_NAME = re.compile(r"([0-9a-f]{64})\.png")
_TEMPORARY = ".tmp-"
_ABANDONED_SECONDS = 3600
_NO_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})
"""How file systems say that they do not sync folders, such as network shares and mounts of containers."""
_log = logging.getLogger("facecap.service")


class CropFolder:
    """Writes and removes the files; which of them are needed is the database's to say."""

    def __init__(self, folder: Path) -> None:
        """`folder`: where the crops lie; until something is put into it, it need not be there."""
        self.folder = folder
        self._unsynced = False

    def make(self) -> None:
        """Make the folders.

        Raises:
            StoreError: a file is there in the place of one.
            OSError: they cannot be made.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for shard in SHARDS:
                (self.folder / shard).mkdir(exist_ok=True)
        except FileExistsError as error:
            raise StoreError(
                f"the folder of crops: {error.filename} is a file, wanted a folder: set store.folder"
            ) from None
        self._sync(self.folder)
        self._sync(self.folder.parent)

    def path(self, name: str) -> Path:
        """Where the crop of a hash lies, or would lie."""
        return self.folder / name[:2] / f"{name}.png"

    def put(self, crops: dict[str, bytes]) -> None:
        """Have crops, by their hashes, on the disk, names included; one that is there is not written again.

        Raises:
            OSError: a file cannot be written; no part of it is left under its name.
        """
        for name, png in crops.items():
            if not self.has(name, len(png)):
                self._write(self.path(name), png)
        # Also of crops that were there: who wrote them may not have come this far.
        for shard in {name[:2] for name in crops}:
            self._sync(self.folder / shard)

    def has(self, name: str, size: int) -> bool:
        """Whether the crop is there with all its bytes."""
        try:
            return self.path(name).stat().st_size == size
        except FileNotFoundError:
            return False

    def read(self, name: str) -> bytes | None:
        """A crop; None where it is not there."""
        try:
            return self.path(name).read_bytes()
        except FileNotFoundError:
            return None

    def remove(self, name: str) -> bool:
        """Remove a crop; whether there was one."""
        path = self.path(name)
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            if error.errno == errno.EROFS and not path.exists():  # which is said first
                return False
            raise
        return True

    def written_before(self, shard: str, moment: float, now: float) -> list[str]:
        """Hashes of the crops of a shard that were written before `moment`; both in seconds since 1970.

        Files that a process began an hour before `now` or earlier and never completed are removed on the way.
        """
        abandoned = now - _ABANDONED_SECONDS
        found = []
        for entry in os.scandir(self.folder / shard):
            try:
                written = entry.stat(follow_symlinks=False).st_mtime
                if entry.name.startswith(_TEMPORARY) and written < abandoned:
                    Path(entry.path).unlink()
            except FileNotFoundError:
                continue
            match = _NAME.fullmatch(entry.name)
            if match and written < moment:
                found.append(match[1])
        return found

    def _sync(self, folder: Path) -> None:
        """Have the names of a folder on the disk, where its file system can."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in _NO_SYNC:
                raise
            if not self._unsynced:
                self._unsynced = True
                text = (
                    "the file system of %s cannot sync folders (%s): a loss of power may take the last crops"
                )
                _log.warning(text, folder, error.strerror)
        finally:
            os.close(descriptor)

    def _write(self, path: Path, data: bytes) -> None:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=_TEMPORARY)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
