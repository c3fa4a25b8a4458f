"""Cameras: each with a pipeline of its own, its frames in order, many side by side."""

from .camera import PushedFrame
from .cameras import Cameras
from .order import Answer

__all__ = ["Answer", "Cameras", "PushedFrame"]
