"""Puts real cut-outs over the lower part of a face: a hand, a scarf, a bag, a sleeve, hair."""

from __future__ import annotations

import cv2
import numpy as np

from facecap.training.mask.data import Image, Points
from facecap.training.mask.draw import Affine, Floats, bring, median_colour, template_to
from facecap.training.mask.occluders import Occluder

Random = np.random.Generator
MOUTH = (56.0, 92.0)  # in the coordinates of the 112x112 five-point template


def occlude(image: Image, landmarks: Points, thing: Occluder, rng: Random, low: bool = False) -> None:
    """Lay the cut-out over mouth or chin, turned, scaled and lit like the face; changes the RGB image given.

    `low` keeps it to the chin and the edge of a cheek, so that a mask under it stays in sight.
    """
    height, width = thing.pixels.shape[:2]
    to_face = template_to(landmarks)
    span = rng.uniform(35, 60) if low else rng.uniform(55, 120)
    scale = span / max(min(width, height), 0.45 * max(width, height))
    angle = rng.uniform(0, 2 * np.pi)
    if low:
        centre = np.array([rng.choice([8.0, 56.0, 104.0]), 118.0]) + rng.normal(0, 6, 2)
    else:
        centre = np.array([MOUTH[0] + rng.uniform(-14, 14), MOUTH[1] + rng.uniform(-4, 0.22 * span)])
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    pivot = _thickest(thing) if not low else np.array([width / 2, height / 2])
    to_template = np.column_stack([turn, centre - turn @ pivot])
    matrix = to_face[:, :2] @ to_template
    matrix[:, 2] += to_face[:, 2]
    shape = (image.shape[1], image.shape[0])
    laid = cv2.warpAffine(thing.pixels, matrix, shape, flags=cv2.INTER_LINEAR)
    alpha = laid[..., 3:].astype(np.float32) / 255
    colours = laid[..., :3].astype(np.float32) * _light(image, thing, to_face, rng)
    image[:] = np.clip(image * (1 - alpha) + colours * alpha, 0, 255).astype(np.uint8)


def _thickest(thing: Occluder) -> Affine:
    """The point farthest from the cut-out's border, so that a bent arm covers what it is laid on."""
    solid = np.pad((thing.pixels[..., 3] > 127).astype(np.uint8), 1)
    _, _, _, (x, y) = cv2.minMaxLoc(cv2.distanceTransform(solid, cv2.DIST_L2, 3))
    return np.array([x - 1.0, y - 1.0])


def _light(image: Image, thing: Occluder, to_face: Affine, rng: Random) -> Floats:
    """Gain of each colour: skin takes most of the face's tone, other things some of its brightness."""
    face = median_colour(image, bring([(40, 44), (72, 44), (66, 70), (46, 70)], to_face))
    inside = thing.pixels[thing.pixels[..., 3] > 127][:, :3]
    own = np.maximum(np.median(inside, axis=0), 12.0)
    if thing.kind == "skin":
        gain = (np.maximum(face, 12.0) / own) ** rng.uniform(0.4, 1.0)
    else:
        gain = np.full(3, np.clip(face.mean() / 140.0, 0.25, 1.3) ** rng.uniform(0.3, 1.0))
    return np.asarray(np.clip(gain * rng.uniform(0.85, 1.15), 0.2, 2.5), np.float32)
