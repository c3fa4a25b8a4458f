"""Results of the toolchain's steps, kept by what they were made from, so that none is made twice."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

DONE = ".done"


class Steps:
    """A folder with one folder a result, named by its step and by a hash of all that went into it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder.resolve()

    def made(self, step: str, made_from: Mapping[str, Any], make: Callable[[Path], None]) -> Path:
        """The folder of a result; `make` fills it where it is not there yet.

        `made_from` is plain data; bytes stand in it by their hash (`hash_of`). What an interruption leaves
        is removed by the next try.
        """
        key = hash_of(json.dumps(made_from, sort_keys=True).encode())
        place = self.folder / f"{step}-{key[:20]}"
        if (place / DONE).exists():
            return place
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        make(place)
        (place / DONE).touch()
        return place


def hash_of(data: bytes) -> str:
    """sha256."""
    return hashlib.sha256(data).hexdigest()
