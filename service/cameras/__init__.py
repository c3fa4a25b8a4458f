"""Cameras: each with a pipeline of its own, its frames in order, many side by side."""

from .cameras import Cameras
from .frame import PushedFrame
from .order import Answer
from .taking import TakesFrames

__all__ = ["Answer", "Cameras", "PushedFrame", "TakesFrames"]
