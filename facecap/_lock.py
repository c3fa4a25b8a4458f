"""One process at a time where two would overwrite each other."""

from __future__ import annotations

import fcntl
import os
import socket
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from facecap.errors import FacecapError

_LONGEST_HOLDER = 512  # bytes


class ProcessLock:
    """A file that one process at a time holds; it says which, and goes away with `release`.

    The system lets go of it when the process ends, however it ends. Where a file system has no locks, nothing
    is held.
    """

    def __init__(
        self,
        path: Path,
        what: str,
        *,
        wait: Callable[[str], None] | None = None,
        made: Path | None = None,
    ) -> None:
        """Take the lock.

        Args:
            path: the file; its folder must be there.
            what: it guards, for messages.
            wait: called with who has the lock, which is then waited for.
            made: a folder that is removed in the end if it is empty.

        Raises:
            FacecapError: another process has it, where that is not waited for.
        """
        descriptor = _take(path, what, wait)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
        self.release = weakref.finalize(self, _release, path, descriptor, made, os.getpid())

    def __enter__(self) -> ProcessLock:
        return self

    def __exit__(self, *_: Any) -> None:
        self.release()


class FolderLock(ProcessLock):
    """Keeps a folder for one process at a time; it is made where it is missing, and goes if it is empty."""

    def __init__(self, folder: Path) -> None:
        """Take the folder.

        Raises:
            FacecapError: another process writes into it.
            OSError: it cannot be made or written to.
        """
        made = None if folder.exists() else folder
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(folder / ".lock", f"{folder}", made=made)


def _take(path: Path, what: str, wait: Callable[[str], None] | None) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, _LONGEST_HOLDER, 0).decode(errors="replace").strip()
            used = f"{what} is in use by {holder or 'another process'}"
            try:
                if wait is None:
                    raise FacecapError(f"{used}: wait for its end, or name another place") from None
                wait(f"{used}: waiting for its end")
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            except BaseException:
                os.close(descriptor)
                raise
        except OSError:
            return descriptor
        try:
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        except FileNotFoundError:
            pass
        os.close(descriptor)  # who had it has removed the file


def _release(path: Path, descriptor: int, made: Path | None, owner: int) -> None:
    if os.getpid() == owner:  # not in a child that was forked meanwhile
        path.unlink(missing_ok=True)
        if made is not None:
            with suppress(OSError):
                made.rmdir()
    os.close(descriptor)
