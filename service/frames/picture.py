"""Encoded pictures: what may come, and what is said of those that cannot be used."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facecap.sources import Limits, PictureError, decode_picture, picture_kind

from ..problems import Problem

KINDS = ("jpeg", "png", "webp")
_FAULTS = {
    "too_large": (413, "picture_too_large", "The picture is too large"),
    "cut_short": (422, "truncated_picture", "The picture is cut short"),
    "damaged": (422, "damaged_picture", "The picture is damaged"),
}


def decode(body: bytes, limits: Limits) -> NDArray[np.uint8]:
    """Height x width x 3 BGR, upright; the whole picture, decoded once.

    Raises:
        Problem: 400 `empty_body`, 413 `picture_too_large`, 415 `unsupported_picture`, 422 `truncated_picture`
            or `damaged_picture`.
    """
    if not body:
        raise Problem(
            400, "empty_body", "The body is empty", "no byte came: wanted a JPEG, PNG or WebP picture"
        )
    if picture_kind(body[:12]) not in KINDS:
        detail = f"the body begins with {body[:4].hex(' ')}: wanted a JPEG, PNG or WebP picture"
        raise Problem(415, "unsupported_picture", "Not a picture that is read here", detail)
    try:
        return decode_picture(body, limits)
    except PictureError as error:
        raise Problem(*_FAULTS[error.fault], f"the picture cannot be used: {error}") from None
