"""How many captures a second a database takes from several processes at once."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path
from typing import Any

from facecap import FacecapError, FaceCapture
from facecap.benchmark.pipeline import clip

_SECONDS = 3.0


def check_empty(url: str) -> None:
    """Raises `FacecapError` where the database has captures: a benchmark is not to be mixed with them."""
    from facecap_service.store import CaptureQuery

    store = _open(url)
    try:
        if store.captures(CaptureQuery(limit=1)).captures:
            raise FacecapError(f"{url} has captures, wanted an empty database: name one of its own")
    finally:
        store.close()


def captures_a_second(url: str, writers: int) -> float:
    """With crops in the database, each capture in a transaction of its own, from so many processes."""
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(writers)
    arguments = [(url, ready, number, _capture()) for number in range(writers)]
    found: Any = context.SimpleQueue()
    processes = [context.Process(target=_write, args=(*own, found)) for own in arguments]
    for process in processes:
        process.start()
    rates: list[float] = [found.get() for _ in processes]
    for process in processes:
        process.join()
    return sum(rates)


def _capture() -> tuple[dict[str, Any], bytes]:
    """One as cameras make them, and its crop."""
    import cv2

    camera = FaceCapture()
    for index, frame in enumerate(clip()):
        camera.process(frame, frame_index=index, timestamp=index / 25)
    capture = camera.flush()[0]
    visit = {"shots": 1, "lost": {}}
    return {**capture.to_dict(), "visit": visit}, cv2.imencode(".png", capture.crop)[1].tobytes()


def _write(url: str, ready: Any, number: int, capture: tuple[dict[str, Any], bytes], found: Any) -> None:
    from facecap_service.store import NewCapture

    store = _open(url)
    data, png = capture
    ready.wait()
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < _SECONDS:
        # Another picture each time, as no two crops are the same.
        crop = png + f"{number} {count}".encode()
        store.add(f"writer{number}", [NewCapture({**data, "track_id": count}, crop)])
        count += 1
    found.put(count / (time.perf_counter() - start))
    store.close()


def _open(url: str) -> Any:
    from facecap_service.store import Store

    return Store.open(url, Path(), crops_in_database=True)
