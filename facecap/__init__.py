"""Find, follow and capture faces in camera frames, and say who wears a mask."""

from facecap._config import CaptureConfig
from facecap._detector import Detections, Detector
from facecap._gate import Candidate, CaptureEvent, CaptureGate, GateStep
from facecap._image import align_face, crop_face
from facecap._quality import face_pose, face_quality
from facecap._tracker import Tracker, Tracks
from facecap.errors import FacecapError, ModelError

__all__ = [
    "Candidate",
    "CaptureConfig",
    "CaptureEvent",
    "CaptureGate",
    "Detections",
    "Detector",
    "FacecapError",
    "GateStep",
    "ModelError",
    "Tracker",
    "Tracks",
    "align_face",
    "crop_face",
    "face_pose",
    "face_quality",
]
