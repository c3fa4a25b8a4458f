"""Checks of arguments. Each names what came and what is wanted; nothing is cast or copied in silence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facecap import _core

LARGEST_OUTPUT = 4096  # pixels a side of a crop
LARGEST_INPUT = 8192  # pixels a side of what a network gets
LARGEST_PICTURE = 2**20  # pixels a side; the core counts a row's bytes in 32 bits
MOST_SLOTS = 2**20
MOST_THREADS = 256
LAST_FRAME = 2**63 - 2  # in 64 bits with one behind it


def check_color(color: str) -> _core.ColorOrder:
    """The order of the channels, "bgr" or "rgb"."""
    if color == "bgr":
        return _core.ColorOrder.bgr
    if color == "rgb":
        return _core.ColorOrder.rgb
    raise ValueError(f'color is {color!r}, wanted "bgr" or "rgb"')


def check_picture(image: object) -> NDArray[np.uint8]:
    """An image whose colour order does not matter: height x width x 3, uint8, C-contiguous, not empty."""
    array = _uint8_array(image, "image", "height x width x 3")
    if array.ndim != 3 or array.shape[2] != 3:
        raise ValueError(f"image has shape {array.shape}, wanted height x width x 3{_channel_hint(array)}")
    _check_filled_and_packed(array, "image")
    if max(array.shape) > LARGEST_PICTURE:
        raise ValueError(f"image has shape {array.shape}, wanted at most {LARGEST_PICTURE} pixels a side")
    return array


def check_luma(luma: object) -> NDArray[np.uint8]:
    """A plane of luma: height x width, uint8, C-contiguous, not empty."""
    array = _uint8_array(luma, "luma", "height x width")
    if array.ndim != 2:
        raise ValueError(f"luma has shape {array.shape}, wanted height x width")
    _check_filled_and_packed(array, "luma")
    if max(array.shape) > LARGEST_PICTURE:
        raise ValueError(f"luma has shape {array.shape}, wanted at most {LARGEST_PICTURE} pixels a side")
    return array


def check_image(image: object, color: str) -> tuple[NDArray[np.uint8], _core.ColorOrder]:
    """An image and the order of its channels."""
    return check_picture(image), check_color(color)


def check_crops(
    crops: object, color: str, size: tuple[int, int]
) -> tuple[NDArray[np.uint8], _core.ColorOrder]:
    """N crops of `size` (width, height) in one array, and the order of their channels; N may be 0."""
    wanted = f"N x {size[1]} x {size[0]} x 3"
    array = _uint8_array(crops, "crops", wanted)
    if array.ndim != 4 or array.shape[1:] != (size[1], size[0], 3):
        hint = "; one crop is crops[None]" if array.shape == (size[1], size[0], 3) else ""
        raise ValueError(f"crops have shape {array.shape}, wanted {wanted}{hint}")
    if array.size:
        _check_filled_and_packed(array, "crops")
    return array, check_color(color)


def check_box(box: ArrayLike) -> NDArray[np.float32]:
    """Four finite numbers x1, y1, x2, y2 in pixels with x1 < x2 and y1 < y2."""
    array = _numbers(box, "box", (4,))
    if not (array[0] < array[2] and array[1] < array[3]):
        raise ValueError(f"box is {array.tolist()}, wanted x1, y1, x2, y2 with x1 < x2 and y1 < y2")
    return array


def check_boxes(boxes: ArrayLike) -> NDArray[np.float32]:
    """N boxes as `check_box` wants one; N may be 0."""
    array = check_floats(boxes, "boxes", ("N", 4))
    wrong = ~(np.isfinite(array).all(1) & (array[:, 0] < array[:, 2]) & (array[:, 1] < array[:, 3]))
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(
            f"boxes[{row}] is {array[row].tolist()}, wanted finite x1, y1, x2, y2 with x1 < x2 and y1 < y2"
        )
    return array


def check_landmarks(landmarks: ArrayLike) -> NDArray[np.float32]:
    """Five finite points in pixels, (5, 2)."""
    return _numbers(landmarks, "landmarks", (5, 2))


def check_output_size(size: int) -> int:
    """Pixels a side of a square picture that is made."""
    return check_whole("size", size, 1, LARGEST_OUTPUT)


def check_input_size(size: tuple[int, int]) -> tuple[int, int]:
    """Width and height in pixels of a network's input."""
    if isinstance(size, str) or not isinstance(size, Sequence) or len(size) != 2:
        raise TypeError(f"input_size is {size!r}, wanted (width, height) in pixels")
    width, height = size
    return (
        check_whole("input_size width", width, 1, LARGEST_INPUT),
        check_whole("input_size height", height, 1, LARGEST_INPUT),
    )


def check_whole(name: str, value: object, low: int, high: int) -> int:
    """A whole number from `low` to `high`, both included."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} is {value!r}, wanted a whole number from {low} to {high}")
    if not low <= value <= high:
        raise ValueError(f"{name} is {value}, wanted {low} to {high}")
    return int(value)


def check_fraction(name: str, value: float, low: float, high: float) -> float:
    """A number from `low` to `high`, both included."""
    number = check_number(name, value, f"a number from {low:g} to {high:g}")
    if not low <= number <= high:
        raise ValueError(f"{name} is {value}, wanted {low:g} to {high:g}")
    return number


def check_number(name: str, value: object, wanted: str = "a number") -> float:
    """A number of any size, NaN and infinities too."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{name} is {value!r}, wanted {wanted}")
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{name} is beyond all floating-point numbers, wanted {wanted}") from None


def check_floats(value: object, name: str, shape: tuple[int | str, ...]) -> NDArray[np.float32]:
    """Numbers, not finite ones too, of a shape where a word stands for any length."""
    array = np.asarray(value)
    wanted = f"({', '.join(map(str, shape))})"
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{name} has dtype {array.dtype}, wanted numbers of shape {wanted}")
    if array.ndim != len(shape) or any(
        isinstance(side, int) and side != found for side, found in zip(shape, array.shape, strict=True)
    ):
        raise ValueError(f"{name} has shape {array.shape}, wanted {wanted}")
    return np.ascontiguousarray(array, dtype=np.float32)


def _uint8_array(value: object, name: str, wanted: str) -> NDArray[Any]:
    if not isinstance(value, np.ndarray):
        hint = ": was the picture read?" if value is None else ""
        raise ValueError(f"{name} is {type(value).__name__}, wanted a uint8 array {wanted}{hint}")
    if value.dtype != np.uint8:
        raise ValueError(f"{name} has dtype {value.dtype}, wanted uint8 with values 0 to 255")
    return value


def _channel_hint(array: NDArray[Any]) -> str:
    if array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 1):
        return "; cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) makes three channels of grey"
    if array.ndim == 3 and array.shape[2] == 4:
        return "; numpy.ascontiguousarray(image[:, :, :3]) drops the alpha channel"
    return ""


def _check_filled_and_packed(array: NDArray[Any], name: str) -> None:
    if array.size == 0:
        raise ValueError(f"{name} of shape {array.shape} is empty")
    if not array.flags.c_contiguous:
        raise ValueError(
            f"{name} has strides {array.strides}, wanted C-contiguous: see numpy.ascontiguousarray"
        )


def _numbers(value: ArrayLike, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    array = np.asarray(value)
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{name} has dtype {array.dtype}, wanted numbers of shape {shape}")
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, wanted {shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} is {array.tolist()}, wanted finite numbers")
    return np.ascontiguousarray(array, dtype=np.float32)
