"""Pairs of aligned faces as insightface passes them on: a `.bin` with a pickle of a list of JPEG or PNG
codes, two a pair, and a list of whether each pair is one person.

A pickle can name any function to be called. Here it may build lists, tuples, bytes and numbers; for an array
of NumPy stand-ins hold what NumPy would be given; whatever else it names is refused before it is called.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecap.errors import FacecapError
from facecap.evaluation.embedder.lfw_pairs import Pair
from facecap.sources.picture import decode_picture
from facecap.sources.picture_header import PictureError

FOLDS = 10
SIDE = 112


def read_pickled(path: Path) -> tuple[list[Pair], NDArray[np.uint8]]:
    """The pairs, whose pictures are named by their numbers, in ten folds one after the other as insightface
    cuts them; and (2 * pairs, 112, 112, 3) BGR faces.

    Raises:
        FacecapError: the file is not of this form, names what it must not, or holds a picture that cannot be
            read or is not 112x112.
    """
    try:
        with path.open("rb") as stream:
            content = _Unpickler(stream, encoding="bytes").load()
    except OSError as error:
        raise FacecapError(f"{path}: {error.strerror}") from error
    except Exception as error:  # what a damaged pickle raises is not laid down
        raise FacecapError(f"{path}: no pickle of pictures and pairs: {error!r}") from error
    if not isinstance(content, list | tuple) or len(content) != 2:
        raise FacecapError(
            f"{path}: wanted a pickle of two lists, of pictures and of whether pairs are the same"
        )
    codes, same = _codes(path, content[0]), _labels(path, content[1])
    if len(codes) != 2 * len(same) or len(same) < FOLDS:
        raise FacecapError(
            f"{path}: found {len(codes)} pictures and {len(same)} pairs; wanted two pictures a pair and "
            f"{FOLDS} pairs at least"
        )
    folds = [fold for fold, part in enumerate(np.array_split(np.arange(len(same)), FOLDS)) for _ in part]
    pairs = [Pair(str(2 * i), str(2 * i + 1), same[i], folds[i]) for i in range(len(same))]
    return pairs, np.stack([_face(path, number, code) for number, code in enumerate(codes)])


class _Array:
    """Takes what a pickle says of an array, and builds none."""

    def __init__(self, *_arguments: object) -> None:
        self.state: Any = ()

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _DType:
    """Takes what a pickle says of the type of an array."""

    def __init__(self, name: object = "", *_flags: object) -> None:
        self.name = name.decode("latin1") if isinstance(name, bytes) else name

    def __setstate__(self, state: Any) -> None:
        pass


def _rebuilt(*_arguments: object) -> _Array:
    return _Array()


def _from_buffer(data: object, dtype: object, shape: object, *_order: object) -> _Array:
    """What protocol 5 calls."""
    array = _rebuilt()
    array.state = (1, shape, dtype, False, bytes(data) if isinstance(data, bytes | bytearray) else None)
    return array


def _scalar(dtype: object, data: object = b"") -> bool:
    if not isinstance(dtype, _DType) or dtype.name not in BOOLEAN or data not in (b"\0", b"\1"):
        raise pickle.UnpicklingError("a number of NumPy that is no bool")
    return data == b"\1"


def _encode(text: object, _encoding: object = "latin1") -> bytes:
    """What Python 3 writes for bytes in old protocols."""
    if not isinstance(text, str):
        raise pickle.UnpicklingError("bytes that are written in an unknown way")
    return text.encode("latin1")


BOOLEAN = ("b1", "bool", "?")
_CORES = ("core.multiarray", "core.numeric", "_core.multiarray", "_core.numeric")
_MODULES = ("numpy", *(f"numpy.{core}" for core in _CORES))
_ALLOWED: dict[str, Any] = {
    "_reconstruct": _rebuilt,
    "_frombuffer": _from_buffer,
    "ndarray": _Array,
    "dtype": _DType,
    "scalar": _scalar,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """The stand-in of what an array is made of."""
        if module in _MODULES and name in _ALLOWED:
            return _ALLOWED[name]
        if (module, name) == ("_codecs", "encode"):
            return _encode
        raise pickle.UnpicklingError(f"it names {module}.{name}, which is no part of pictures and pairs")


def _codes(path: Path, content: Any) -> list[bytes]:
    """The pictures: each as bytes, or as an array of them."""
    if not isinstance(content, list | tuple):
        raise FacecapError(f"{path}: wanted a list of pictures, found {type(content).__name__}")
    codes = [item.state[4] if isinstance(item, _Array) and len(item.state) == 5 else item for item in content]
    for number, code in enumerate(codes):
        if not isinstance(code, bytes):
            raise FacecapError(
                f"{path}: picture {number} is {type(code).__name__}, wanted bytes of a JPEG or PNG"
            )
    return codes


def _labels(path: Path, content: Any) -> list[bool]:
    """Whether each pair is one person, from a list or an array of bool."""
    if isinstance(content, _Array) and len(content.state) == 5:
        _, _, dtype, _, data = content.state
        if not isinstance(dtype, _DType) or dtype.name not in BOOLEAN or not isinstance(data, bytes):
            raise FacecapError(f"{path}: wanted an array of bool for the pairs")
        content = list(data)
    if not isinstance(content, list | tuple) or not all(_is_label(value) for value in content):
        raise FacecapError(f"{path}: wanted a list of True and False for the pairs")
    return [bool(value) for value in content]


def _is_label(value: object) -> bool:
    return isinstance(value, int) and value in (0, 1)


def _face(path: Path, number: int, code: bytes) -> NDArray[np.uint8]:
    try:
        image = decode_picture(code)
    except PictureError as error:
        raise FacecapError(f"{path}: picture {number}: {error}") from error
    if image.shape != (SIDE, SIDE, 3):
        raise FacecapError(
            f"{path}: picture {number} has {image.shape[1]}x{image.shape[0]} pixels; wanted aligned faces of "
            f"{SIDE}x{SIDE}"
        )
    return image
