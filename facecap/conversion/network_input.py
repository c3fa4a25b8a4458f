"""What a network is fed with, in NumPy, by the `input` of its manifest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
NATIVE_CELLS = (5, 4)  # height and width of noise for a network of any size, in its smallest steps


def letterbox(image: NDArray[np.uint8], entry: Mapping[str, Any]) -> tuple[Floats, float, int, int]:
    """A BGR picture as (1, 3, height, width), and how it lies in there: scale, left and top margin."""
    height, width = image.shape[:2]
    scale = min(entry["width"] / width, entry["height"] / height)
    if entry["fit"] == "native":
        scale = min(scale, 1.0)
    size = (round(width * scale), round(height * scale))
    if entry["fit"] == "native":
        unit = entry["multiple"]
        full = (-(-size[0] // unit) * unit, -(-size[1] // unit) * unit)
    else:
        full = (entry["width"], entry["height"])
    left, top = (full[0] - size[0]) // 2, (full[1] - size[1]) // 2
    if size != (width, height):
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        image = np.asarray(cv2.resize(image, size, interpolation=method), np.uint8)
    blob = np.zeros((1, 3, full[1], full[0]), np.float32)  # the margin is 0, the mean pixel
    blob[:, :, top : top + size[1], left : left + size[0]] = normalized(image[None], entry)
    return blob, scale, left, top


def normalized(images: NDArray[np.uint8], entry: Mapping[str, Any]) -> Floats:
    """BGR pictures (N, height, width, 3) as planes (N, 3, height, width)."""
    planes = images[..., ::-1] if entry["color"] == "rgb" else images
    values = (planes.astype(np.float32) - np.float32(entry["mean"])) / np.float32(entry["std"])
    return np.ascontiguousarray(values.transpose(0, 3, 1, 2))


def noise(entry: Mapping[str, Any], count: int, seed: int = 0) -> Floats:
    """Random pictures of falling contrast as a network is fed with them, (count, 3, height, width)."""
    side = (entry["height"], entry["width"])
    if entry["fit"] == "native":
        side = (NATIVE_CELLS[0] * entry["multiple"], NATIVE_CELLS[1] * entry["multiple"])
    random = np.random.default_rng(seed)
    contrast = np.geomspace(1, 0.05, count).reshape(-1, 1, 1, 1)
    pixels = 127.5 + contrast * random.uniform(-127.5, 127.5, (count, *side, 3))
    return normalized(np.asarray(pixels.round(), np.uint8), entry)
