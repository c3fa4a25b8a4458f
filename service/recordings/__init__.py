"""What cameras found in every frame, kept for replays with other settings; never a picture."""

from .reading import Kept, TooMuch
from .recordings import Recordings

__all__ = ["Kept", "Recordings", "TooMuch"]
