"""Painted frames for the scripted models: a face is where a frame has a white block."""

from __future__ import annotations

import cv2
import scripted

FACE = (37, 20)


def encoded(suffix: str, *cells: tuple[int, int]) -> bytes:
    """A painted frame with a face in each of these cells."""
    return cv2.imencode(suffix, scripted.frame(*cells))[1].tobytes()
