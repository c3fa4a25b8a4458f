"""The tasks of a batch in processes of this machine, one file at a time each."""

from __future__ import annotations

import os
import pickle
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable
from multiprocessing.connection import Connection, wait
from typing import Any

from facecap.batch import worker
from facecap.batch.task import Failure, Heard, Result, Work
from facecap.errors import FacecapError

_LOOK = 0.2  # seconds from one look for a stop to the next
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def in_processes(
    count: int, files: Iterable[str], work: Work, stopped: Callable[[], bool]
) -> Generator[Heard, None, None]:
    """Work on the files in `count` processes; gives how far each is and what came of it, as it comes.

    A process that dies costs the file that it worked on. Where `stopped` says so, all end at once.

    Raises:
        FacecapError: no process can be started.
    """
    waiting = deque(files)
    workers: list[_Worker] = []
    try:
        while not stopped():
            workers = [each for each in workers if not each.ended]
            while len(workers) < min(count, len(waiting) + sum(each.file is not None for each in workers)):
                workers.append(_Worker(work))
            busy = [each for each in workers if each.file is not None or not each.ready]
            if not busy and not waiting:
                return
            heard = wait([each.connection for each in busy], _LOOK)
            if not heard:
                yield None
            for each in busy:
                if each.connection in heard:
                    yield each.hear()
            for each in workers:
                if waiting and each.ready and each.file is None and not each.ended:
                    each.give(waiting.popleft())
    finally:
        for each in workers:
            each.kill()


class _Worker:
    """One process, and the file that it works on."""

    def __init__(self, work: Work) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            # It outlives Ctrl-C and SIGTERM, which come to it too: who started it ends it. What is blocked
            # here stays so in the child.
            signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", worker.__name__, str(theirs.fileno())],
                    env={
                        **os.environ,
                        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                        "PYTHONSAFEPATH": "1",
                    },
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                )
            finally:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        self.connection = Connection(ours.detach())
        self.file: str | None = None
        self.ready = False
        self.ended = False
        self._send(pickle.dumps(work))

    def give(self, file: str) -> None:
        """Let it work on a file."""
        self.file = file
        self._send(pickle.dumps(file))

    def hear(self) -> Heard:
        """What it says."""
        try:
            said: Any = self.connection.recv()
        except (EOFError, OSError):
            return self._gone()
        if said == worker.READY:
            self.ready = True
            return None
        if isinstance(said, Result | Failure):
            self.file = None
        answer: Heard = said
        return answer

    def kill(self) -> None:
        """End it; it keeps nothing."""
        self.ended = True
        self.connection.close()
        self._process.kill()
        self._process.wait()

    def _gone(self) -> Failure:
        file, self.file = self.file, None
        self.ended = True
        self.connection.close()
        how = _words(self._process.wait())
        if file is None:
            raise FacecapError(f"a process of the batch {how} before it began to work")
        return Failure(file, f"the process that worked on it {how}")

    def _send(self, data: bytes) -> None:
        try:
            self.connection.send_bytes(data)
        except OSError:
            return  # it is gone, and so its end of the connection: hear says it


def _words(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"was ended by {name}" + (": did memory run out?" if name == "SIGKILL" else "")
