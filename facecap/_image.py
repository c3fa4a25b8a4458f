"""Face pictures cut from a frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facecap import _core
from facecap._checks import (
    LARGEST_PICTURE,
    check_box,
    check_fraction,
    check_landmarks,
    check_output_size,
    check_picture,
    check_whole,
)


def crop_face(
    image: NDArray[np.uint8], box: ArrayLike, size: int = 112, border: float = 0.15
) -> NDArray[np.uint8]:
    """Cuts a face out and resizes it to a square; the aspect is not kept.

    The box grows by `border` of its width and height on each side about its centre, is cut to whole pixels
    and clipped to the frame. Shrinks by area, enlarges bilinearly.

    Args:
        image: (height, width, 3) uint8, C-contiguous, in either colour order.
        box: x1, y1, x2, y2 in pixels of the image, origin top left.
        size: pixels a side of the crop.
        border: share of the box added on each side, 0 to 4.

    Returns:
        (size, size, 3) uint8 in the colour order of the image.

    Raises:
        ValueError: an argument is not as above, or the box covers no pixel of the image.
    """
    return _core.crop_face(
        check_picture(image), check_box(box), check_output_size(size), check_fraction("border", border, 0, 4)
    )


def crop_rect(box: ArrayLike, image_size: tuple[int, int], border: float = 0.15) -> tuple[int, int, int, int]:
    """The rectangle that `crop_face` cuts, so that points of a crop can be given in pixels of the image.

    A point at the fractions u, v of the crop, 0 at its left and top edge and 1 at its right and bottom edge,
    lies at `x1 + u * (x2 - x1)`, `y1 + v * (y2 - y1)` in the image.

    Args:
        box: x1, y1, x2, y2 in pixels of the image, origin top left.
        image_size: width and height of the image in pixels.
        border: share of the box added on each side, 0 to 4.

    Returns:
        x1, y1, x2, y2 in whole pixels; the last column and row lie before x2 and y2. It need not be square,
        and at the edge of the image it is the box's other part that is left.

    Raises:
        ValueError: an argument is not as above, or the box covers no pixel of the image.
    """
    width, height = image_size
    return _core.crop_rect(
        check_box(box),
        check_whole("image_size[0]", width, 1, LARGEST_PICTURE),
        check_whole("image_size[1]", height, 1, LARGEST_PICTURE),
        check_fraction("border", border, 0, 4),
    )


def align_face(image: NDArray[np.uint8], landmarks: ArrayLike, size: int = 112) -> NDArray[np.uint8]:
    """Turns, scales and shifts a face so that its five points come to lie on the 112x112 template.

    The transform is the least-squares similarity without reflection (Umeyama 1991), bilinear, black outside
    of the image.

    Args:
        image: (height, width, 3) uint8, C-contiguous, in either colour order.
        landmarks: (5, 2) pixels of the image: eye at image left, eye at image right, nose tip, mouth
            corner at image left, mouth corner at image right.
        size: pixels a side of the picture; the template is scaled along.

    Returns:
        (size, size, 3) uint8 in the colour order of the image.

    Raises:
        ValueError: an argument is not as above, or the points coincide.
    """
    return _core.align_face(check_picture(image), check_landmarks(landmarks), check_output_size(size))
