"""The demo's two visits as a camera would send them to the service, in real time."""

from __future__ import annotations

import time
from concurrent.futures import Future
from itertools import islice

import cv2

from facecap.client import Client
from facecap.client.camera import FrameAnswer
from facecap.demo import clip, portrait


def push(address: str, camera: str, key: str | None, max_frames: int | None = None) -> int:
    """Push every frame to a camera of the service at `address`, end its visits, and count what was captured.

    Raises:
        FacecapError: the photograph is missing, or the service cannot be reached or refuses.
        ValueError: the address or the key is none.
    """
    person = portrait.load()
    answers: list[Future[FrameAnswer]] = []
    with Client(address, key=key) as client:
        door = client.camera(camera)
        begin = time.time()
        for number, picture in enumerate(islice(clip.frames(person), max_frames)):
            due = begin + number / clip.FPS
            time.sleep(max(0.0, due - time.time()))
            encoded = cv2.imencode(".jpg", picture)[1].tobytes()
            answers.append(door.push(encoded, timestamp=due, timeout=60.0))
            if answers[0].done():
                answers[0].result()  # a service that refuses the first frame refuses all
        captures = len(door.flush())
        return captures + sum(len(answer.result().capture_ids) for answer in answers)
