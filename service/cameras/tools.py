"""What all cameras share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from facecap import Areas, FaceCapture
from facecap.sources import Limits

from ..metrics import Metrics
from ..recordings import Recordings
from ..store import Store
from ..store.camera_table import Source
from .hours import Hours


@dataclass(frozen=True, slots=True)
class Tools:
    """Each is one object for all of them."""

    new_capture: Callable[[str], FaceCapture]
    """A pipeline for the camera of a name."""
    store: Store
    recordings: Recordings
    seen: Callable[[str, Source], object]
    """Called when a camera sent something that could be taken."""
    hours: Mapping[str, Hours]
    """Of the cameras that are not always at work."""
    areas: Callable[[str], Areas]
    """Where faces are captured; the same object until that changes."""
    metrics: Metrics
    limits: Limits
    answers: int
    """Answers that a camera keeps for frames that come again."""
    keep_frame: bool
    """Whether the last frame is kept to be shown."""
