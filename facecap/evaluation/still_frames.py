"""Whether `motion` changes any capture: clips between long empty stretches, as cameras would show them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap import Capture, CaptureConfig, Detector, FacecapError, FaceCapture, MaskClassifier, Refiner
from facecap.evaluation.report import aligned
from facecap.sources import open_source

Picture = NDArray[np.uint8]
Condition = Callable[[Picture, float, int, np.random.Generator], Picture]
"""Of a picture, its place in the clip (0 to 1) and its number."""
FPS = 25
_EMPTY = 120  # frames before, between and after
_LONGEST_SIDE = 960
_MOST_FRAMES = 200
_TRIES = 12


def _noise(sigma: float) -> Condition:
    def noisy(picture: Picture, place: float, number: int, random: np.random.Generator) -> Picture:
        return _bytes(picture + random.normal(0, sigma, picture.shape))

    return noisy


def _jpeg(quality: int) -> Condition:
    def coded(picture: Picture, place: float, number: int, random: np.random.Generator) -> Picture:
        code = cv2.imencode(".jpg", _noise(3)(picture, place, number, random), [1, quality])[1]
        return np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR), np.uint8)

    return coded


def _exposure(picture: Picture, place: float, number: int, random: np.random.Generator) -> Picture:
    """Steps every 40 frames."""
    return _noise(2)(_bytes(picture * (1, 0.8, 1.15, 0.9)[number // 40 % 4]), place, number, random)


def _dusk(picture: Picture, place: float, number: int, random: np.random.Generator) -> Picture:
    """Less light and more noise from the first frame to the last."""
    return _noise(2 + 4 * place)(_bytes(picture * (1 - 0.7 * place)), place, number, random)


def _rain(picture: Picture, place: float, number: int, random: np.random.Generator) -> Picture:
    """Bright streaks at other places in every frame."""
    picture = picture.copy()
    height, width = picture.shape[:2]
    for x, y in zip(random.integers(width, size=150), random.integers(height - 12, size=150), strict=True):
        picture[y : y + 12, x] = _bytes(picture[y : y + 12, x].astype(np.int16) + 60)
    return picture


CONDITIONS: dict[str, Condition] = {
    "as it is": lambda picture, place, number, random: picture,
    **{f"noise {sigma}": _noise(sigma) for sigma in (2, 5, 10)},
    **{f"JPEG {quality}": _jpeg(quality) for quality in (40, 60, 90)},
    "exposure": _exposure,
    "dusk": _dusk,
    "rain": _rain,
}


@dataclass(frozen=True, slots=True)
class Row:
    """One clip under one condition."""

    clip: str
    condition: str
    frames: int
    skipped: int
    captures: int
    differing: int
    """Captures that only one of both has."""
    overlooked: int
    """Skipped frames in which a detection would have found something."""


def compare(clip: str, frames: list[Picture], condition: str, detector: Detector) -> Row:
    """Captures of the same frames with `motion` off and auto."""
    classifier, refiner = MaskClassifier(), Refiner.chosen(None)

    def camera(motion: Literal["off", "auto"]) -> FaceCapture:
        config = CaptureConfig(motion=motion, min_hits=3, interval=10)
        return FaceCapture(config, detector=detector, classifier=classifier, refiner=refiner or False)

    off, auto = camera("off"), camera("auto")
    random = np.random.default_rng(0)
    captures: tuple[list[Capture], list[Capture]] = ([], [])
    skipped = overlooked = 0
    for number, picture in enumerate(frames):
        shown = CONDITIONS[condition](picture, number / len(frames), number, random)
        results = [one.process(shown, timestamp=number / FPS) for one in (off, auto)]
        for found, result in zip(captures, results, strict=True):
            found.extend(result.captures)
        skipped += results[1].skipped
        overlooked += results[1].skipped and len(results[0].faces) > 0
    keys = [
        {_key(c) for c in [*found, *one.flush()]} for found, one in zip(captures, (off, auto), strict=True)
    ]
    return Row(clip, condition, len(frames), skipped, len(keys[0]), len(keys[0] ^ keys[1]), overlooked)


def stretched(frames: list[Picture], detector: Detector) -> list[Picture]:
    """A clip forwards and backwards between stretches of its background without people."""
    empty = [_background(frames, detector)] * _EMPTY
    return [*empty, *frames, *empty, *frames[::-1], *empty]


def read(address: str) -> list[Picture]:
    """Up to 200 frames, at most 960 pixels wide."""
    frames = []
    for frame in open_source(address).frames():
        height, width = frame.image.shape[:2]
        scale = min(1.0, _LONGEST_SIDE / max(height, width))
        size = (round(scale * width), round(scale * height))
        frames.append(np.asarray(cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA), np.uint8))
        if len(frames) == _MOST_FRAMES:
            break
    return frames


def _background(frames: list[Picture], detector: Detector) -> Picture:
    """The median of the frames; what is still taken for a face is blurred away."""
    median = np.median(np.stack(frames[:: max(1, len(frames) // 15)]), axis=0)
    empty: Picture = np.asarray(median, np.uint8)
    height, width = empty.shape[:2]
    for _ in range(_TRIES):
        for x1, y1, x2, y2 in detector.detect(empty).boxes:
            border = 0.35 * (x2 - x1)
            left, top = max(0, int(x1 - border)), max(0, int(y1 - border))
            part = (slice(top, min(height, int(y2 + border))), slice(left, min(width, int(x2 + border))))
            blurred = cv2.GaussianBlur(empty, (0, 0), max(8, (x2 - x1) / 3))
            empty[part] = blurred[part]
    return empty


def _bytes(values: NDArray[Any]) -> Picture:
    return np.asarray(np.clip(values, 0, 255), np.uint8)


def _key(capture: Capture) -> tuple[Any, ...]:
    fields = {name: value for name, value in capture.to_dict().items() if name != "track_id"}
    return json.dumps(fields, sort_keys=True), capture.crop.tobytes()


def main(args: argparse.Namespace) -> int:
    """Compare and print; returns 1 where captures differ."""
    conditions = args.condition or list(CONDITIONS)
    if unknown := set(conditions) - CONDITIONS.keys():
        raise FacecapError(f"--condition {unknown.pop()}: wanted one of {', '.join(CONDITIONS)}")
    rows = list(_rows(args.clips, conditions))
    if args.json:
        for row in rows:
            print(json.dumps(asdict(row)))
    else:
        header = ("clip", "condition", "frames", "skipped", "captures", "differing", "overlooked")
        print(aligned([header, *(tuple(map(str, asdict(row).values())) for row in rows)], left=2))
    return int(any(row.differing for row in rows))


def _rows(clips: list[str], conditions: list[str]) -> Iterator[Row]:
    detector = Detector()
    for clip in clips:
        frames = stretched(read(clip), detector)
        for condition in conditions:
            print(f"{Path(clip).name}, {condition}", file=sys.stderr)
            yield compare(Path(clip).name, frames, condition, detector)
