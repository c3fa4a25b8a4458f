"""Encoded pictures: what may come, and what is said of those that cannot be used."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facecap.sources import EncodedPicture, Limits, PictureError, picture_kind

from ..problems import Problem

KINDS = ("jpeg", "png", "webp")
_FAULTS = {
    "too_large": (413, "picture_too_large", "The picture is too large"),
    "cut_short": (422, "truncated_picture", "The picture is cut short"),
    "damaged": (422, "damaged_picture", "The picture is damaged"),
    "foreign": (415, "unsupported_picture", "Not a picture that is read here"),
}


def decode(body: bytes, limits: Limits) -> NDArray[np.uint8]:
    """Height x width x 3 BGR, upright.

    Raises:
        Problem: as `checked` and `decoded`.
    """
    return decoded(checked(body, limits))


def checked(body: bytes, limits: Limits) -> EncodedPicture:
    """One picture whose structure is whole.

    Raises:
        Problem: 400 `empty_body`, 413 `picture_too_large`, 415 `unsupported_picture`, 422
            `truncated_picture`, `damaged_picture` or `several_pictures`.
    """
    if not body:
        raise Problem(
            400, "empty_body", "The body is empty", "no byte came: wanted a JPEG, PNG or WebP picture"
        )
    kind = picture_kind(body[:12])
    if kind not in KINDS:
        detail = f"the body begins with {body[:4].hex(' ')}: wanted a JPEG, PNG or WebP picture"
        raise Problem(*_FAULTS["foreign"], detail)
    try:
        picture = EncodedPicture(body, limits)
    except PictureError as error:
        raise refusal(error) from None
    if picture.is_followed:
        detail = (
            "another picture follows the first, as in Motion JPEG: send one a request, or one a message of "
            "the stream, or let the service read the camera by itself ([pullers])"
        )
        raise Problem(422, "several_pictures", "More than one picture came", detail)
    return picture


def decoded(picture: EncodedPicture) -> NDArray[np.uint8]:
    """Height x width x 3 BGR, upright.

    Raises:
        Problem: 422 `damaged_picture`.
    """
    try:
        return picture.decode()
    except PictureError as error:
        raise refusal(error) from None


def refusal(error: PictureError) -> Problem:
    """What is said of a picture, wherever it came from, that cannot be used."""
    return Problem(*_FAULTS[error.fault], f"the picture cannot be used: {error}")
