"""Painted frames for the scripted models: a face is where a frame has a white block."""

from __future__ import annotations

import cv2
import scripted

FACE = (37, 20)


def encoded(suffix: str, cell: tuple[int, int] | None = FACE) -> bytes:
    """A painted frame, with one face or none."""
    return cv2.imencode(suffix, scripted.frame(*([cell] if cell else [])))[1].tobytes()
