"""Find, follow and capture faces in camera frames, and say who wears a mask."""

from facecap._image import align_face, crop_face
from facecap.errors import FacecapError, ModelError

__all__ = ["FacecapError", "ModelError", "align_face", "crop_face"]
