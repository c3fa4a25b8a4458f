"""Captures as facecap gives them out, by hand."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from sqlalchemy import select

from facecap_service.store import NewCapture, Store
from facecap_service.store.schema import crop_files

_numbers = itertools.count()

wherever_crops_lie = pytest.mark.parametrize(
    ("url", "crops"),
    [("sqlite", "folder"), ("postgresql", "folder"), ("postgresql", "database")],
    indirect=["url"],
)
"""For tests of `url`, `store`, `open_store` and `start`: every database and place that there is."""


def png(seed: int) -> bytes:
    """A crop, another for every seed."""
    pixels = np.random.default_rng(seed).integers(0, 256, (112, 112, 3), np.uint8)
    ok, encoded = cv2.imencode(".png", pixels)
    assert ok
    return encoded.tobytes()


def capture(**changes: Any) -> dict[str, Any]:
    """`Capture.to_dict()`, with changes."""
    return {
        "kind": "first",
        "track_id": 1,
        "sequence": 1,
        "frame": 12,
        "shot_frame": 12,
        "timestamp": None,
        "box": [10.0, 20.0, 110.0, 140.0],
        "landmarks": [[30.0, 50.0], [80.0, 50.0], [55.0, 80.0], [35.0, 110.0], [75.0, 110.0]],
        "score": 0.99,
        "quality": 0.8,
        "pose": {"yaw": 1.0, "pitch": -2.0, "roll": 0.5},
        "mask_prob": 0.98,
        "mask": "mask",
        **changes,
    }


def new(crop: bytes | None = None, **changes: Any) -> NewCapture:
    """A capture with a crop of its own."""
    return NewCapture(capture(**changes), png(next(_numbers)) if crop is None else crop)


def kept_crops(store: Store, folder: Path) -> list[str]:
    """Hashes of all crops, of those in the folder and of those in the database, sorted."""
    with store._database.reading() as connection:
        in_database = list(connection.execute(select(crop_files.c.hash)).scalars())
    return sorted([path.stem for path in folder.rglob("*.png")] + in_database)


def files(folder: Path) -> set[str]:
    """Names of all files under a folder of crops."""
    return {path.name for path in folder.rglob("*") if path.is_file()}
