"""The photograph, the face in it and its silhouette."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap import Detector
from facecap.demo.face_plane import FacePlane
from facecap.errors import FacecapError
from facecap.sources import read_picture

_SEED = 1  # GrabCut starts from random colour clusters
# Right edges of symmetric outlines in this photograph, in eye distances from between the eyes.
_CROWN = ((0.0, -2.12), (0.3, -2.05), (0.6, -1.86), (1.0, -1.68), (1.2, -1.30))
_BRIM = ((1.2, -1.45), (1.45, -1.2), (1.45, -0.2), (1.3, 0.9), (1.1, 1.4))
_BODY = ((1.0, 1.3), (1.16, 1.52), (2.74, 2.07), (3.0, 2.95), (3.17, 6.0))
_FACE = ((0.7, -0.6), (0.95, 0.3), (0.9, 1.0), (0.5, 1.6))
_CHEST = ((0.63, 1.4), (2.3, 2.8), (2.5, 6.0))
_POSSIBLE = (_CROWN, _BRIM, _BODY)
_CERTAIN = (_FACE, _CHEST)


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
    return read_picture(Path(str(get_sample_data("grace_hopper.jpg", asfileobj=False))))


def load() -> Portrait:
    """The person in the photograph.

    Raises:
        FacecapError: matplotlib is not installed, or no face is found.
    """
    image = photograph()
    detections = Detector().detect(image)
    if len(detections) == 0:
        raise FacecapError("the detector finds no face in the demo's photograph: see facecap models verify")
    landmarks = detections.landmarks[0]
    return Portrait(image, _silhouette(image, landmarks), landmarks)


def _silhouette(image: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut the person out by colour, starting from where hat, head and shoulders lie around the eyes."""
    half = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    plane = FacePlane.of(landmarks / np.float32(2))
    labels = np.full(half.shape[:2], cv2.GC_BGD, np.uint8)
    for value, shape in ((cv2.GC_PR_FGD, _POSSIBLE), (cv2.GC_FGD, _CERTAIN)):
        for right_edge in shape:
            outline = [*right_edge, *((-u, v) for u, v in reversed(right_edge))]
            points = np.array([plane.point(u, v) for u, v in outline]).round().astype(np.int32)
            cv2.fillPoly(labels, [points], value)

    cv2.setRNGSeed(_SEED)
    clusters = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(half, labels, (0, 0, 0, 0), *clusters, 4, cv2.GC_INIT_WITH_MASK)
    cover = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    _, parts, statistics, _ = cv2.connectedComponentsWithStats(cover)
    largest = 1 + int(np.argmax(statistics[1:, cv2.CC_STAT_AREA]))
    cover = (parts == largest).astype(np.uint8) * 255
    closed = cv2.morphologyEx(cover, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    smooth = cv2.morphologyEx(closed, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9)))
    full = cv2.resize(smooth, image.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    soft = cv2.GaussianBlur(cv2.erode(full, np.ones((3, 3), np.uint8)), (0, 0), 1.5)
    return np.asarray(soft / 255.0, np.float32)
