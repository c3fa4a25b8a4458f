"""Captures for a page to show, put into the store as a camera would."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import cv2
import numpy as np
from served import Served

from facecap_service.store import NewCapture

LOST = {"not_better": 41, "track_unconfirmed": 9, "superseded": 3}


def picture(seed: int) -> bytes:
    """A crop, another for every seed."""
    pixels = np.full((112, 112, 3), (40 + 37 * seed % 180, 90, 200 - 23 * seed % 150), np.uint8)
    cv2.circle(pixels, (56, 56), 12 + seed % 30, (220, 220, 220), -1)
    return cv2.imencode(".png", pixels)[1].tobytes()


def add(service: Served, camera: str = "door", *, ago: float = 0.0, seed: int = 0, **changes: Any) -> str:
    """A capture of `ago` seconds before now; its id."""
    [stored] = service.services.store.add(camera, [new(ago, seed, **changes)])
    return stored.id


def new(ago: float = 0.0, seed: int = 0, **changes: Any) -> NewCapture:
    """A capture of `ago` seconds before now."""
    moment = datetime.now(timezone.utc) - timedelta(seconds=ago)
    capture = {
        "kind": "lost",
        "track_id": 7,
        "sequence": 1,
        "frame": 1492,
        "shot_frame": 1458,
        "timestamp": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "box": [10.0, 20.0, 110.0, 140.0],
        "landmarks": [[30.0, 50.0], [80.0, 50.0], [55.0, 80.0], [35.0, 110.0], [75.0, 110.0]],
        "score": 0.99,
        "quality": 0.8,
        "pose": {"yaw": 12.4, "pitch": -2.0, "roll": None},
        "mask_prob": 0.02,
        "mask": "no_mask",
        "visit": {"shots": 54, "lost": LOST},
    }
    return NewCapture(capture | changes, picture(seed))
