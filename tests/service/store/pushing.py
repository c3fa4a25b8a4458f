"""Captures that a board pushes."""

from __future__ import annotations

import base64
from typing import Any

from captures import capture, png
from served import Served


def pushed(seed: int = 0, **changes: Any) -> dict[str, Any]:
    """The body: a capture with changes, and a crop that is another for every seed."""
    return {"capture": capture(**changes), "crop": base64.b64encode(png(seed)).decode()}


def push(service: Served, camera: str = "door", seed: int = 0, **changes: Any) -> str:
    """Push one; its id."""
    answer = service.client.post(f"/v1/cameras/{camera}/captures", json=pushed(seed, **changes))
    assert answer.status_code == 201, answer.text
    return answer.headers["facecap-captures"]
