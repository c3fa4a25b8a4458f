"""The demo's two visits as a camera would send them to the service, in real time."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NoAnswer
from itertools import islice

import cv2

from facecap.addresses import shown_address
from facecap.client import Client
from facecap.client.camera import CameraPush, FrameAnswer
from facecap.demo import clip, portrait
from facecap.errors import FacecapError

PATIENCE = 15.0  # seconds


def push(address: str, camera: str, key: str | None, max_frames: int | None = None) -> int:
    """Push every frame to a camera of the service at `address`, end its visits, and count what was captured.

    Raises:
        FacecapError: the photograph is missing, or the service cannot be reached or refuses.
        ValueError: the address or the key is none.
    """
    person = portrait.load()
    try:
        with Client(address, key=key) as client:
            return _push(client.camera(camera), islice(clip.frames(person), max_frames))
    except (NoAnswer, TimeoutError):
        raise FacecapError(
            f"{shown_address(address)}: no answer in {PATIENCE:g} s: is `facecap serve` running there?"
        ) from None


def _push(door: CameraPush, pictures: Iterable[clip.Image]) -> int:
    answers: list[Future[FrameAnswer]] = []
    begin = time.time()
    for number, picture in enumerate(pictures):
        due = begin + number / clip.FPS
        time.sleep(max(0.0, due - time.time()))
        encoded = cv2.imencode(".jpg", picture)[1].tobytes()
        answers.append(door.push(encoded, timestamp=due, timeout=PATIENCE))
        answers[0].result(PATIENCE)  # a service that is away or refuses does so at once
    stored = sum(len(answer.result(PATIENCE).capture_ids) for answer in answers)
    return stored + len(door.flush())
