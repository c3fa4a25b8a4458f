"""How many captures a second a database takes from several processes at once."""

from __future__ import annotations

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from facecap import FacecapError, FaceCapture
from facecap.addresses import shown_address
from facecap.benchmark.pipeline import clip

_SECONDS = 3.0
_READY_SECONDS = 60.0
"""For all writers to have connected."""


def check_empty(url: str) -> None:
    """Raises `FacecapError` where the database has captures: a benchmark is not to be mixed with them."""
    from facecap_service.store import CaptureQuery

    store = _open(url)
    try:
        if store.captures(CaptureQuery(limit=1)).captures:
            shown = shown_address(url)
            raise FacecapError(f"{shown} has captures, wanted an empty database: name one of its own")
    finally:
        store.close()


def captures_a_second(url: str, writers: int) -> float:
    """With crops in the database, each capture in a transaction of its own, from so many processes.

    Raises:
        StoreError, BrokenBarrierError: one of them failed.
    """
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(writers, timeout=_READY_SECONDS)
    with ProcessPoolExecutor(writers, context, _share, (together,)) as pool:
        capture = _capture()
        rates = [pool.submit(_write, url, number, capture) for number in range(writers)]
        return sum(rate.result() for rate in rates)


_together: Any = None
"""The barrier of this process and the other writers."""


def _share(together: Any) -> None:
    global _together
    _together = together


def _capture() -> tuple[dict[str, Any], bytes]:
    """One as cameras make them, and its crop."""
    import cv2

    camera = FaceCapture()
    for index, frame in enumerate(clip()):
        camera.process(frame, frame_index=index, timestamp=index / 25)
    capture = camera.flush()[0]
    visit = {"shots": 1, "lost": {}}
    return {**capture.to_dict(), "visit": visit}, cv2.imencode(".png", capture.crop)[1].tobytes()


def _write(url: str, number: int, capture: tuple[dict[str, Any], bytes]) -> float:
    from facecap_service.store import NewCapture

    store = _open(url)
    data, png = capture
    _together.wait()
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < _SECONDS:
        # Another picture each time, as no two crops are the same.
        crop = png + f"{number} {count}".encode()
        store.add(f"writer{number}", [NewCapture({**data, "track_id": count}, crop)])
        count += 1
    rate = count / (time.perf_counter() - start)
    store.close()
    return rate


def _open(url: str) -> Any:
    from facecap_service.store import Store

    return Store.open(url, Path(), crops_in_database=True)
