"""Find, follow and capture faces in camera frames, and say who wears a mask."""

from facecap.errors import FacecapError, ModelError

__all__ = ["FacecapError", "ModelError"]
