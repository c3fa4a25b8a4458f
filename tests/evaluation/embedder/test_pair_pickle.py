"""insightface's `.bin` of pairs: what is read, what is refused, and that nothing in it is called."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from facecap.errors import FacecapError
from facecap.evaluation.embedder.pair_pickle import read_pickled

PAIRS = 12


def code(shade: int, side: int = 112) -> bytes:
    return cv2.imencode(".png", np.full((side, side, 3), shade, np.uint8))[1].tobytes()


CODES = [code(shade) for shade in range(2 * PAIRS)]
SAME = [place % 3 == 0 for place in range(PAIRS)]


def written(tmp_path: Path, content: Any, protocol: int | None = None) -> Path:
    path = tmp_path / "pairs.bin"
    path.write_bytes(pickle.dumps(content, protocol))
    return path


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "content",
    [
        (CODES, SAME),
        [CODES, np.array(SAME)],
        ([np.frombuffer(item, np.uint8) for item in CODES], [np.bool_(value) for value in SAME]),
    ],
    ids=["lists", "array of bool", "arrays of bytes"],
)
def test_pairs_and_faces_come_in_the_order_of_the_file(tmp_path: Path, protocol: int, content: Any) -> None:
    pairs, faces = read_pickled(written(tmp_path, content, protocol))
    assert [pair.same for pair in pairs] == SAME
    assert [(pair.first, pair.second) for pair in pairs[:2]] == [("0", "1"), ("2", "3")]
    assert [pair.fold for pair in pairs] == [0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert faces.shape == (2 * PAIRS, 112, 112, 3)
    assert faces[:, 0, 0, 0].tolist() == list(range(2 * PAIRS))


def test_what_python_2_wrote_is_read(tmp_path: Path) -> None:
    """Its str of bytes is an opcode that Python 3 never writes."""
    path = tmp_path / "pairs.bin"
    codes = b"".join(b"T" + len(item).to_bytes(4, "little") + item for item in CODES)
    same = b"".join(b"\x88" if value else b"\x89" for value in SAME)
    path.write_bytes(b"\x80\x02](" + codes + b"e](" + same + b"e\x86.")
    pairs, faces = read_pickled(path)
    assert [pair.same for pair in pairs] == SAME and len(faces) == 2 * PAIRS


class Harmful:
    def __init__(self, marker: Path) -> None:
        self._marker = marker

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self._marker),)


def test_nothing_that_a_file_names_is_called(tmp_path: Path) -> None:
    marker = tmp_path / "called"
    with pytest.raises(FacecapError, match=r"it names posix.mkdir, which is no part of pictures and pairs"):
        read_pickled(written(tmp_path, (CODES, [Harmful(marker)])))
    assert not marker.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (CODES, "wanted a pickle of two lists"),
        ((CODES[:-1], SAME), f"found {2 * PAIRS - 1} pictures and {PAIRS} pairs"),
        ((CODES[:4], SAME[:2]), "10 pairs at least"),
        ((["a"] * 24, SAME), "picture 0 is str, wanted bytes of a JPEG or PNG"),
        ((CODES, ["yes"] * PAIRS), "wanted a list of True and False"),
        ((CODES, np.arange(PAIRS)), "wanted an array of bool"),
        (([code(0, 96), *CODES[1:]], SAME), "picture 0 has 96x96 pixels; wanted aligned faces of 112x112"),
        (([b"nothing", *CODES[1:]], SAME), "picture 0: it is no JPEG, PNG"),
    ],
)
def test_another_content_is_refused_with_what_was_found(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(FacecapError, match=message):
        read_pickled(written(tmp_path, content))


@pytest.mark.parametrize("cut", [0, 1, 100, -1])
def test_a_damaged_file_is_refused(tmp_path: Path, cut: int) -> None:
    path = written(tmp_path, (CODES, SAME))
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(FacecapError, match="no pickle of pictures and pairs"):
        read_pickled(path)
