"""Why a frame or a command does not come to its camera, wherever that is at work."""

from __future__ import annotations

import re

from ..problems import Problem
from ..setting_kinds import CAMERA_NAME


def check_name(name: str) -> None:
    """Refuse what is no camera's name.

    Raises:
        Problem: 400 `invalid_camera`.
    """
    if not re.fullmatch(CAMERA_NAME, name):
        detail = "wanted 1 to 64 letters, digits, dots, hyphens or underscores, a letter or digit first"
        raise Problem(400, "invalid_camera", "Not a name for a camera", detail)


def camera_is_pulled(name: str) -> Problem:
    """A frame was pushed of a camera that is read."""
    detail = f"the service reads {name} by itself: choose another name"
    return Problem(409, "camera_is_pulled", "The camera is read by the service", detail)


def queue_full(name: str, queue: int) -> Problem:
    """As many frames of a camera wait as may."""
    detail = f"{queue} frames of {name} wait already: send the frame again later"
    return Problem(429, "queue_full", "The camera's queue is full", detail, {"Retry-After": "1"})


def too_many_cameras(pushed: int, pulled: int) -> Problem:
    """There is no place for another camera."""
    detail = (
        f"{pushed} cameras are at work, and no more are allowed besides the {pulled} "
        "that the service reads: DELETE one, or wait"
    )
    return Problem(503, "too_many_cameras", "Too many cameras", detail, {"Retry-After": "30"})


def unknown_camera(name: str) -> Problem:
    """Nothing is at work under a name."""
    return Problem(404, "unknown_camera", "No such camera", f"no camera {name} is at work")
