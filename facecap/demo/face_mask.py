"""Draws a surgical mask on a frontal face: cloth with pleats, shaded like the face below, and ear loops."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap.demo.face_plane import FacePlane

Floats = NDArray[np.float32]

_CLOTH = np.array([214, 196, 150], np.float32)  # BGR
_LOOP = np.array([191, 189, 183], np.float32)
_OVERSAMPLE = 2
_FRACTION_BITS = 4
_PLEATS = (0.36, 0.54, 0.72)  # from the upper edge to the chin


def put_on_mask(image: NDArray[np.uint8], landmarks: Floats) -> NDArray[np.uint8]:
    """The picture with a mask over nose, mouth and chin.

    Args:
        image: height x width x 3, BGR.
        landmarks: (5, 2) pixels of a frontal face.
    """
    plane = FacePlane.of(landmarks)
    top, chin = 0.42 * plane.mouth, 1.78 * plane.mouth
    half = [
        (0.32, top * 1.12),
        (0.80, top * 1.62),
        (0.92, top * 1.90),
        (0.80, chin * 0.80),
        (0.52, chin * 0.97),
    ]
    outline = [(0.0, top * 0.93), *half, (0.0, chin * 1.03), *((-u, v) for u, v in reversed(half))]
    height, width = image.shape[:2]
    cover = _drawn(
        height, width, _spline([plane.point(u, v) for u, v in outline], closed=True), thickness=None
    )

    drawn = image.astype(np.float32)
    halo = cv2.GaussianBlur(cover, (0, 0), plane.eye_distance * 0.06)
    drawn *= 1 - 0.30 * (halo * (1 - cover))[..., None]  # shadow around the rim
    for side in (-1, 1):
        ear = (side * 1.22, 0.25 * plane.mouth)
        upper = [(side * 0.86, top * 1.66), (side * 1.05, top), ear]
        lower = [(side * 0.82, chin * 0.80), (side * 1.12, chin * 0.62), ear]
        for strand in (upper, lower):
            curve = _spline([plane.point(u, v) for u, v in strand], closed=False)
            line = _drawn(height, width, curve, max(2, round(plane.eye_distance * 0.05)))
            drawn = _blend(drawn, _LOOP, 0.9 * line)
    cloth = _CLOTH * _shade(image, landmarks[2], cover, plane, top, chin)[..., None]
    return np.clip(_blend(drawn, cloth, cover), 0, 255).astype(np.uint8)


def _shade(
    image: NDArray[np.uint8], nose: Floats, cover: Floats, plane: FacePlane, top: float, chin: float
) -> Floats:
    """Brightness of the cloth at every pixel, 1 where it faces the light."""
    u, v = plane.coordinates(*image.shape[:2])
    s = np.asarray((v - top) / (chin - top), np.float32)
    shade = np.asarray(0.60 + 0.42 * np.sqrt(np.clip(1 - (u / 1.05) ** 2, 0, 1)))  # the cheeks turn away
    shade *= 1.03 - 0.20 * np.clip(s, 0, 1) ** 2  # and so does the chin
    shade += 0.07 * _bump(u, 0.16) * _bump(s - 0.25, 0.2)  # ridge of the nose
    for place in _PLEATS:
        fold = np.asarray(s - place - 0.05 * u * u, np.float32)
        shade *= 1 - 0.16 * _bump(fold, 0.016) + 0.06 * _bump(fold + 0.035, 0.02)
    inside = cv2.distanceTransform((cover > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    shade *= 1 - 0.10 * _bump(np.asarray(inside / plane.eye_distance - 0.045, np.float32), 0.012)  # hem
    light = cv2.GaussianBlur(image.mean(axis=2).astype(np.float32), (0, 0), plane.eye_distance * 0.22)
    shade *= 0.75 + 0.25 * np.clip(light / light[int(nose[1]), int(nose[0])], 0.5, 1.2)
    shade += np.random.default_rng(0).normal(0, 0.012, shade.shape)
    return shade.astype(np.float32)


def _bump(x: Floats, width: float) -> Floats:
    return np.asarray(np.exp(-np.square(x / width)), np.float32)


def _blend(under: Floats, over: Floats, share: Floats) -> Floats:
    return np.asarray(under + (over - under) * share[..., None], np.float32)


def _drawn(height: int, width: int, curve: Floats, thickness: int | None) -> Floats:
    """Share of each pixel that a filled curve (thickness None) or a line covers."""
    layer = np.zeros((height * _OVERSAMPLE, width * _OVERSAMPLE), np.uint8)
    unit = 1 << _FRACTION_BITS
    points = np.round(((curve + 0.5) * _OVERSAMPLE - 0.5) * unit).astype(np.int32)
    if thickness is None:
        cv2.fillPoly(layer, [points], 255, cv2.LINE_AA, _FRACTION_BITS)
    else:
        cv2.polylines(layer, [points], False, 255, thickness, cv2.LINE_AA, _FRACTION_BITS)
    small = cv2.resize(layer, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small, (0, 0), 0.6) / 255.0, np.float32)


def _spline(points: list[Floats], *, closed: bool, steps: int = 24) -> Floats:
    """Catmull-Rom curve through the points."""
    p = np.array(points, np.float32)
    t = np.linspace(0, 1, steps, endpoint=False, dtype=np.float32)[:, None]
    pieces = []
    for i in range(len(p) if closed else len(p) - 1):
        places = [i - 1, i, i + 1, i + 2]
        a, b, c, d = p[np.mod(places, len(p)) if closed else np.clip(places, 0, len(p) - 1)]
        pieces.append(
            (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3) / 2
        )
    return np.concatenate(pieces).astype(np.float32)
