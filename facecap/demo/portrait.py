"""The photograph, the face in it and its silhouette."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap import Detector
from facecap.errors import FacecapError
from facecap.sources import decode_picture

_SEED = 1  # GrabCut starts from random colour clusters


@dataclass(frozen=True, slots=True)
class Portrait:
    """A person from hat to waist."""

    image: NDArray[np.uint8]
    """Height x width x 3, BGR."""
    cover: NDArray[np.float32]
    """Height x width, 1 where the person is, 0 elsewhere."""
    landmarks: NDArray[np.float32]
    """(5, 2) pixels."""


def photograph() -> NDArray[np.uint8]:
    """Matplotlib's sample photograph of Grace Hopper (US Navy, public domain), BGR.

    Raises:
        FacecapError: matplotlib is not installed.
    """
    try:
        from matplotlib.cbook import get_sample_data
    except ModuleNotFoundError:
        raise FacecapError("the photograph comes with matplotlib: pip install 'facecap[demo]'") from None
    with get_sample_data("grace_hopper.jpg") as stream:
        return decode_picture(stream.read())


def load() -> Portrait:
    """The person in the photograph.

    Raises:
        FacecapError: matplotlib is not installed, or no face is found.
    """
    image = photograph()
    detections = Detector().detect(image)
    if len(detections) == 0:
        raise FacecapError("the detector finds no face in the demo's photograph: see facecap models verify")
    return Portrait(image, _silhouette(image, detections.boxes[0]), detections.landmarks[0])


def _silhouette(image: NDArray[np.uint8], box: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut the person out by colour, starting from where head and shoulders must be around the face's box."""
    half = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    x1, y1, x2, y2 = box / 2
    center, width, height = (x1 + x2) / 2, x2 - x1, y2 - y1

    def ellipse(y: float, across: float, along: float, value: int) -> None:
        axes = (round(across * width), round(along * height))
        cv2.ellipse(labels, (round(center), round(y1 + y * height)), axes, 0, 0, 360, value, cv2.FILLED)

    def body(value: int, *right_edge: tuple[float, float]) -> None:
        edge = [*right_edge, *((-x, y) for x, y in reversed(right_edge))]
        points = np.array([[center + x * width, y1 + y * height] for x, y in edge]).round().astype(np.int32)
        cv2.fillPoly(labels, [points], value)

    labels = np.full(half.shape[:2], cv2.GC_BGD, np.uint8)
    ellipse(0.28, 0.80, 0.86, cv2.GC_PR_FGD)
    body(cv2.GC_PR_FGD, (0.48, 0.85), (0.55, 0.93), (1.30, 1.13), (1.42, 1.45), (1.50, 2.40))
    ellipse(0.50, 0.45, 0.50, cv2.GC_FGD)
    body(cv2.GC_FGD, (0.30, 0.90), (1.10, 1.40), (1.20, 2.40))

    cv2.setRNGSeed(_SEED)
    cv2.grabCut(half, labels, None, np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK)
    cover = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    _, parts, statistics, _ = cv2.connectedComponentsWithStats(cover)
    largest = 1 + int(np.argmax(statistics[1:, cv2.CC_STAT_AREA]))
    cover = (parts == largest).astype(np.uint8) * 255
    cover = cv2.morphologyEx(cover, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    cover = cv2.morphologyEx(cover, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9)))
    cover = cv2.resize(cover, image.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    soft = cv2.GaussianBlur(cv2.erode(cover, np.ones((3, 3), np.uint8)), (0, 0), 1.5)
    return soft.astype(np.float32) / np.float32(255)
