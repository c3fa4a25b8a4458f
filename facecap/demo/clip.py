"""Two walks through a corridor: bare-faced, then, after a pause, with a mask."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap._files import PendingFile
from facecap._video_file import video_name
from facecap.demo import portrait
from facecap.demo.face_mask import put_on_mask
from facecap.errors import FacecapError

Image = NDArray[np.uint8]

WIDTH, HEIGHT, FPS = 640, 480, 25.0
_WALK = 88  # frames
_PAUSE = 56  # frames: longer than a lost track lives by default
_CODECS = {"clip.mp4": "mp4v", "clip.avi": "MJPG"}
NAMES = tuple(_CODECS)
"""Of the clip's file: the first, or the second where no MPEG-4 encoder is."""


def make(folder: Path) -> Path:
    """Write the clip into `folder`, under one of `NAMES`, and return its path.

    Raises:
        FacecapError: the photograph or an encoder is missing.
    """
    person = portrait.load()
    folder.mkdir(parents=True, exist_ok=True)
    for name, codec in _CODECS.items():
        pending = PendingFile(folder / name)
        try:
            if _write(pending.temporary, codec, frames(person)):
                pending.commit()
                return pending.path
        finally:
            pending.discard()  # where no encoder is, or the user interrupts
    raise FacecapError(
        f"{folder}: no clip can be written: not a writable folder, or OpenCV has no video encoder"
    )


def _write(path: Path, codec: str, pictures: Iterator[Image]) -> bool:
    """Whether there is an encoder; writes the clip where there is."""
    with video_name(path) as name:
        writer = cv2.VideoWriter(name, cv2.VideoWriter.fourcc(*codec), FPS, (WIDTH, HEIGHT))
    try:
        if not writer.isOpened():
            return False
        for picture in pictures:
            writer.write(picture)
        return True
    finally:
        writer.release()


def frames(person: portrait.Portrait) -> Iterator[Image]:
    """The frames of the clip, 480 x 640 x 3, BGR."""
    place = _corridor()
    masked = put_on_mask(person.image, person.landmarks)
    yield from _walk(place, person.image, person.cover)
    yield from (place.copy() for _ in range(_PAUSE))
    yield from _walk(place, masked, person.cover)


def _walk(place: Image, image: Image, cover: NDArray[np.float32]) -> Iterator[Image]:
    """From the left to the right, slower in the middle, nodding a little at every step."""
    height, width = image.shape[:2]
    for step in range(_WALK):
        t = step / (_WALK - 1)
        scale = 0.66 + 0.10 * t
        eased = t + 0.11 * np.sin(2 * np.pi * t)
        x = -0.45 * width * scale + eased * (WIDTH + 0.9 * width * scale)
        angle = 1.5 * np.sin(0.35 * step)
        turn = cv2.getRotationMatrix2D((width / 2, height), angle, scale)
        turn[:, 2] += (x - width / 2, HEIGHT + 12 + 4 * np.cos(0.7 * step) - height)
        over = cv2.warpAffine(
            image, turn, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        share = cv2.warpAffine(cover, turn, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)[..., None]
        yield np.round(place + (over.astype(np.float32) - place) * share).astype(np.uint8)


def _corridor() -> Image:
    """A wall with two doors, a floor and light from above, out of focus."""
    y = np.linspace(0, 1, HEIGHT, dtype=np.float32)[:, None, None]
    picture = np.broadcast_to(
        (1.06 - 0.22 * y) * np.array([196, 206, 212], np.float32), (HEIGHT, WIDTH, 3)
    ).copy()
    for left in (60, 430):
        cv2.rectangle(picture, (left - 10, 60), (left + 140, 400), (150, 162, 170), cv2.FILLED)
        cv2.rectangle(picture, (left, 70), (left + 130, 400), (96, 122, 148), cv2.FILLED)
        for top in (90, 250):
            cv2.rectangle(picture, (left + 18, top), (left + 112, top + 130), (84, 108, 134), cv2.FILLED)
        cv2.circle(picture, (left + 118, 240), 6, (190, 200, 205), cv2.FILLED)
    picture[400:] = np.array([104, 112, 118], np.float32) * (1.15 - 0.3 * (y[400:] - y[400]) / (1 - y[400]))
    picture[396:404] = (126, 134, 140)
    grain = np.random.default_rng(0).normal(0, 2.0, picture.shape)
    return np.asarray(np.clip(cv2.GaussianBlur(picture, (0, 0), 5) + grain, 0, 255), np.uint8)
