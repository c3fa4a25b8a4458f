"""Threads that work on many lanes: one job of a lane at a time and in order, lanes side by side."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from functools import partial

Job = Callable[[], None]
_log = logging.getLogger("facecap.service")


class Lane:
    """Jobs that must not overtake each other, such as those of one camera."""

    __slots__ = ("jobs",)

    def __init__(self) -> None:
        self.jobs: deque[Job] = deque()

    @property
    def depth(self) -> int:
        """Jobs that wait, the one at work included."""
        return len(self.jobs)


class Workers:
    """A fixed number of threads. After each job its lane goes to the end of the line: none is starved.

    Of the threads that have nothing to do, the one that was at work last is woken: its caches are warm.
    """

    def __init__(self, threads: int) -> None:
        self._changing = threading.Lock()
        self._ready: deque[Lane] = deque()
        self._idle: list[threading.Lock] = []
        """A lock that each thread with nothing to do waits for."""
        self._closing = False
        self._threads = [
            threading.Thread(target=self._work, name=f"facecap worker {number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, lane: Lane, job: Job, limit: int | None = None) -> bool:
        """Put a job at the end of a lane; False, and nothing is put, where it has `limit` jobs already.

        It runs in the caller's context: what it logs has the request's id.
        """
        with self._changing:
            if limit is not None and len(lane.jobs) >= limit:
                return False
            lane.jobs.append(partial(copy_context().run, job))
            if len(lane.jobs) == 1:
                self._ready.append(lane)
                if self._idle:
                    self._idle.pop().release()
            return True

    def close(self) -> None:
        """Do every job that was put, then end the threads."""
        with self._changing:
            self._closing = True
            while self._idle:
                self._idle.pop().release()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        woken = threading.Lock()
        woken.acquire()
        while True:
            with self._changing:
                lane = self._ready.popleft() if self._ready else None
                if lane is None:
                    if self._closing:
                        return
                    self._idle.append(woken)
            if lane is None:
                woken.acquire()
                continue
            try:
                lane.jobs[0]()
            except Exception:
                _log.exception("a job failed")
            with self._changing:
                lane.jobs.popleft()
                if lane.jobs:
                    self._ready.append(lane)  # this thread takes the first that is ready: nobody is woken
