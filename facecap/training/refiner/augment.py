"""From the surroundings of a face, or of what is none, to a crop as the pipeline cuts it, and what a refiner
is to answer."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from facecap import crop_face, crop_rect
from facecap.training.detector.teacher import Floats
from facecap.training.mask.augment import cut_out, light, smear
from facecap.training.refiner.data import Crop, Image

Random = np.random.Generator

SIDE = 112
BORDER = 0.25
MIRRORED = (1, 0, 2, 4, 3)  # the points of a mirrored face
BLURRED = 4.0  # px of a crop: deviation of a Gaussian from which a face counts as wholly blurred
ENLARGED = 0.45  # deviation of the Gaussian that resembles an enlargement, in px of the small picture
PART = 0.07  # share of what is no face that is a part of one


@dataclass(frozen=True)
class Example:
    """A crop (112, 112, 3) RGB and the wanted answers, nan where they are not known; points (5, 2) as shares
    of the crop."""

    image: Image
    face: bool
    points: Floats
    blur: float


def plain(crop: Crop) -> Example | None:
    """In the box of a detector, as it is; None where the box covers no pixel."""
    return _cut(crop, crop.boxes[-1], 0.0)


def draw(crop: Crop, cover: Image, rng: Random) -> Example | None:
    """One way in which a camera may show it; `cover` is what may hide some of it."""
    box = crop.boxes[int(rng.integers(len(crop.boxes)))]
    if not crop.face and rng.random() < 0.3:  # of these there are few, and no way up
        crop = _turned(crop, box, float(rng.uniform(-180, 180)))
    elif rng.random() < 0.6:
        crop = _turned(crop, box, float(rng.normal(0, 10 if rng.random() < 0.85 else 25)))
    if rng.random() < 0.5:
        crop, box = _mirrored(crop, box)
    side = float((box[2:] - box[:2]).max())
    deviation = 0.0
    if rng.random() < 0.3:
        small = math.exp(rng.uniform(math.log(14), math.log(60)))
        if small < side:
            crop, box = _smaller(crop, box, small / side)
            deviation = ENLARGED * SIDE / ((1 + 2 * BORDER) * small)
    example = _cut(crop, _jittered(box, rng), deviation)
    return None if example is None else _spoilt(example, deviation, cover, rng)


def draw_part(crop: Crop, cover: Image, rng: Random) -> Example | None:
    """Some of a face that is no face: less than a fifth of its box."""
    x1, y1, x2, y2 = crop.boxes[0]
    share = rng.uniform(0.22, 0.42)
    width, height = share * (x2 - x1), share * (y2 - y1)
    left, top = rng.uniform(x1, x2 - width), rng.uniform(y1, y2 - height)
    box = np.array([left, top, left + width, top + height], np.float32)
    example = _cut(replace(crop, face=False, points=None, sharp=False), box, 0.0)
    return None if example is None else _spoilt(example, 0.0, cover, rng)


def _cut(crop: Crop, box: Floats, deviation: float) -> Example | None:
    height, width = crop.image.shape[:2]
    if (box[:2] >= (width, height)).any() or (box[2:] <= 0).any():  # pushed out of the picture
        return None
    left, top, right, bottom = crop_rect(box, (width, height), BORDER)
    if right - left < 2 or bottom - top < 2:
        return None
    image = crop_face(crop.image, box, SIDE, BORDER)
    points = np.full((5, 2), np.nan, np.float32)
    if crop.points is not None:
        points = ((crop.points - (left, top)) / (right - left, bottom - top)).astype(np.float32)
    return Example(image, crop.face, points, _blur(deviation) if crop.sharp else math.nan)


def _blur(deviation: float) -> float:
    """0 to 1, of a Gaussian's deviation in px of the crop."""
    return min(1.0, deviation / BLURRED)


def _turned(crop: Crop, box: Floats, degrees: float) -> Crop:
    centre = (float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2)
    matrix = cv2.getRotationMatrix2D(centre, degrees, 1.0)
    size = (crop.image.shape[1], crop.image.shape[0])
    image = cv2.warpAffine(crop.image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    points = crop.points
    if points is not None:
        points = (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
    return replace(crop, image=np.asarray(image, np.uint8), points=points)


def _mirrored(crop: Crop, box: Floats) -> tuple[Crop, Floats]:
    last = crop.image.shape[1] - 1
    points = crop.points
    if points is not None:
        points = points[list(MIRRORED)]
        points = np.stack([last - points[:, 0], points[:, 1]], 1)
    image = np.ascontiguousarray(crop.image[:, ::-1])
    moved = np.array([last - box[2], box[1], last - box[0], box[3]], np.float32)
    return replace(crop, image=image, points=points), moved


def _smaller(crop: Crop, box: Floats, scale: float) -> tuple[Crop, Floats]:
    size = tuple(max(4, round(length * scale)) for length in crop.image.shape[1::-1])
    image = np.asarray(cv2.resize(crop.image, size, interpolation=cv2.INTER_AREA), np.uint8)
    return replace(
        crop, image=image, points=None if crop.points is None else crop.points * scale
    ), box * scale


def _jittered(box: Floats, rng: Random) -> Floats:
    """Moved and scaled by what detectors differ in, more than once in a while."""
    amount = 1.0 if rng.random() < 0.8 else 2.0
    size = box[2:] - box[:2]
    centre = (box[:2] + box[2:]) / 2 + amount * rng.normal(0, 0.04, 2) * size
    half = size / 2 * np.exp(amount * rng.normal(0, 0.07)) * np.exp(amount * rng.normal(0, 0.03, 2))
    return np.concatenate([centre - half, centre + half]).astype(np.float32)


def _spoilt(example: Example, deviation: float, cover: Image, rng: Random) -> Example:
    """Hidden in part, blurred, lit, noisy, compressed."""
    image = example.image
    way = rng.random()
    if way < 0.05:
        image = cut_out(image, rng)
    elif way < 0.12:
        image = _covered(image, cover, rng)
    if rng.random() < 0.25:
        added = float(rng.uniform(0.5, 4.5))
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), added), np.uint8)
        deviation = math.hypot(deviation, added)
    elif rng.random() < 0.1:
        length = int(rng.integers(3, 15))
        image = smear(image, length, float(rng.uniform(0, math.pi)))
        deviation = math.hypot(deviation, length / math.sqrt(12))
    image = light(image, rng)
    if rng.random() < 0.15:
        noise = rng.standard_normal(image.shape, np.float32) * rng.uniform(3, 16)
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        _, code = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(20, 90))])
        image = np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR), np.uint8)
    blur = example.blur if math.isnan(example.blur) else _blur(deviation)
    return replace(example, image=np.ascontiguousarray(image), blur=blur)


def _covered(image: Image, cover: Image, rng: Random) -> Image:
    """A rectangle of another picture over a third of the crop at most, from an edge."""
    reach = int(SIDE * rng.uniform(0.12, 0.35))
    edge = int(rng.integers(3))
    window = (np.s_[SIDE - reach :, :], np.s_[:, :reach], np.s_[:, SIDE - reach :])[edge]
    hidden: Image = image.copy()
    part = hidden[window]
    part[:] = cv2.resize(cover, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_AREA)
    return hidden
