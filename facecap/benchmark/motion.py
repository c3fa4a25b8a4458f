"""`facecap bench motion`: doors that nobody or somebody passes, with `motion` and without.

Frames are in memory, or JPEG, or `pulled`: JPEG that is read from a camera over HTTP.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap._config import CaptureConfig
from facecap._detector import Detector
from facecap._face_capture import FaceCapture
from facecap._mask_classifier import MaskClassifier
from facecap.benchmark.interleave import Turns, take_turns
from facecap.benchmark.pipeline import clip
from facecap.benchmark.prompted_camera import frames_of
from facecap.benchmark.report import machine, table
from facecap.sources import EncodedPicture, Frame

FRAMES_A_SECOND = 25
_NOISE = 3.0  # of 255, of a camera's pixels
_QUALITY = 85
_SCENES = 10
_BEFORE = 50  # frames until the first is skipped


@dataclass
class Measured:
    """CPU seconds of a second of frames; contenders are `off` and `auto`."""

    rows: dict[str, Turns]


def measure(turns: int, progress: Callable[[str], None]) -> Measured:
    """Takes turns of a second of video each, of an empty room and of a few people."""
    rows = {}
    for name, width, height in (("640x480", 640, 480), ("1920x1080", 1920, 1080)):
        progress(f"empty door, {name}")
        frames = [_noisy(_room(width, height), seed) for seed in range(_SCENES)]
        rows[f"empty, {name}, decoded"] = _turns(partial(_repeated, frames), turns, decoded)
        jpegs = [cv2.imencode(".jpg", f, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes() for f in frames]
        rows[f"empty, {name}, JPEG"] = _turns(partial(_repeated, jpegs), turns, encoded)
        rows[f"empty, {name}, pulled"] = _turns(partial(frames_of, jpegs), turns, pulled)
    progress("busy door")
    rows["busy, 640x480, decoded"] = _turns(partial(_repeated, clip()), turns, decoded)
    return Measured(rows)


def decoded(camera: FaceCapture, frame: Any, index: int) -> None:
    """A frame in memory."""
    camera.process(frame, frame_index=index, timestamp=index / FRAMES_A_SECOND)


def encoded(camera: FaceCapture, jpeg: bytes, index: int) -> None:
    """A JPEG, decoded as far as it is needed."""
    _look(camera, EncodedPicture(jpeg), index)


def pulled(camera: FaceCapture, frame: Frame, index: int) -> None:
    """The same of one that was read from a camera."""
    assert frame.encoded is not None
    _look(camera, frame.encoded, index)


def _look(camera: FaceCapture, picture: EncodedPicture, index: int) -> None:
    timestamp = index / FRAMES_A_SECOND
    if picture.skipped(camera, index, timestamp) is None:
        camera.process(picture.decode(), frame_index=index, timestamp=timestamp)


def _turns(
    door: Callable[[], AbstractContextManager[Iterator[Any]]],
    turns: int,
    work: Callable[[FaceCapture, Any, int], None],
) -> Turns:
    """Each contender has a door of its own, and its frames without end."""
    detector, classifier = Detector(), MaskClassifier()

    def second(motion: Literal["off", "auto"]) -> Callable[[], None]:
        config = CaptureConfig(motion=motion)
        camera = FaceCapture(config, detector=detector, classifier=classifier)
        numbered = enumerate(doors.enter_context(door()))

        def run(length: int = FRAMES_A_SECOND) -> None:
            for index, frame in itertools.islice(numbered, length):
                work(camera, frame, index)

        run(_BEFORE)
        return run

    with ExitStack() as doors:
        # A refresh falls on every other turn: an even number of them has its share.
        return take_turns({"off": second("off"), "auto": second("auto")}, 2 * turns, warm_up=1)


@contextmanager
def _repeated(frames: list[Any]) -> Iterator[Iterator[Any]]:
    yield itertools.cycle(frames)


def _room(width: int, height: int) -> NDArray[np.uint8]:
    """A picture with edges and surfaces, of boxes of all sizes, and no face."""
    random = np.random.default_rng(1)
    picture = np.full((height, width, 3), 128, np.uint8)
    for _ in range(60):
        x, y = random.integers(width), random.integers(height)
        corner = (int(x + random.integers(width // 4)), int(y + random.integers(height // 2)))
        cv2.rectangle(picture, (int(x), int(y)), corner, random.integers(40, 220, 3).tolist(), cv2.FILLED)
    return picture


def _noisy(picture: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).normal(0, _NOISE, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def _mean_ratio(turns: Turns) -> float:
    """Of the whole: a refresh costs a turn much and the next nothing."""
    return sum(turns.seconds["auto"]) / sum(turns.seconds["off"])


def report(result: Measured) -> str:
    """What `measure` found, as text."""
    rows = []
    for name, turns in result.rows.items():
        off, auto = (1000 * sum(turns.seconds[m]) / len(turns.seconds[m]) for m in ("off", "auto"))
        ratio = _mean_ratio(turns)
        per_frame = (f"{off / FRAMES_A_SECOND:.2f}", f"{auto / FRAMES_A_SECOND:.2f}")
        rows.append((name, *per_frame, f"{ratio:.3f}", f"{1 / ratio:.1f}"))
    header = ("door", "off, ms", "auto, ms", "auto / off", "cameras a core, x")
    return "\n".join((table(header, rows), "", "CPU of a frame at 25 a second", machine()["processor"]))


def to_json(result: Measured) -> dict[str, Any]:
    """The same for programs."""
    return {
        "machine": machine(),
        "rows": {
            name: {
                "off_ms": 1000 * sum(turns.seconds["off"]) / len(turns.seconds["off"]) / FRAMES_A_SECOND,
                "auto_ms": 1000 * sum(turns.seconds["auto"]) / len(turns.seconds["auto"]) / FRAMES_A_SECOND,
                "ratio": _mean_ratio(turns),
            }
            for name, turns in result.rows.items()
        },
    }
