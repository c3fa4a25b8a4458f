"""Reading, detecting and writing side by side: each on a thread, frames in their order."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any, TypeVar

T = TypeVar("T")
AHEAD = 4
"""Frames that are read, or wait to be written, at once: decoded ones are large."""


@contextmanager
def read_ahead(items: Generator[T, None, None]) -> Iterator[Iterator[T]]:
    """The items, made on a thread of their own while earlier ones are worked on.

    What the generator raises comes where its next item would have come. It is closed at the end of the block.
    """
    ready: queue.Queue[tuple[bool, Any]] = queue.Queue(AHEAD)
    ended = threading.Event()

    def put(more: bool, item: Any) -> None:
        while not ended.is_set():
            try:
                ready.put((more, item), timeout=0.1)
                return
            except queue.Full:
                pass

    def read() -> None:
        fault: BaseException | None = None
        try:
            with closing(items):
                for item in items:
                    put(True, item)
                    if ended.is_set():
                        return
        except BaseException as error:
            fault = error
        put(False, fault)

    def made() -> Iterator[T]:
        while True:
            more, item = ready.get()
            if more:
                yield item
            elif item is not None:
                raise item
            else:
                return

    reader = threading.Thread(target=read, name="facecap reader", daemon=True)
    reader.start()
    try:
        yield made()
    finally:
        ended.set()
        reader.join()


@contextmanager
def write_behind() -> Iterator[Callable[[Callable[[], None]], None]]:
    """Gives a function that has writes done on a thread of their own, in order.

    What a write raises comes with a later call, or at the end of the block, where all are done; those behind
    it are left out.
    """
    waiting: list[Future[None]] = []
    failed = threading.Event()

    def attempt(write: Callable[[], None]) -> None:
        if failed.is_set():
            return
        try:
            write()
        except BaseException:
            failed.set()
            raise

    with ThreadPoolExecutor(1, thread_name_prefix="facecap writer") as pool:

        def do(write: Callable[[], None]) -> None:
            waiting.append(pool.submit(attempt, write))
            while len(waiting) > AHEAD or waiting[0].done():
                waiting.pop(0).result()
                if not waiting:
                    return

        try:
            yield do
        finally:
            for write in waiting:
                write.result()
