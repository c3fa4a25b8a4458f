"""Find, follow and capture faces in camera frames, and say who wears a mask."""

import os

# ONNX Runtime 1.29 and newer else reports each model it opens to its maker, and leaves an identifier of the
# machine in the home folder. It looks once, when its library starts.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

try:
    from facecap import _core as _core
except ImportError as error:
    if "sub-interpreter" in str(error):
        raise
    raise ImportError(
        f"the compiled core of facecap does not load ({error}): pip install facecap, or, to import it from a "
        "source folder, pip install -e that folder"
    ) from error

from facecap._areas import Areas
from facecap._config import CaptureConfig
from facecap._detector import Detections, Detector
from facecap._embedder import Embedder
from facecap._face_capture import FaceCapture
from facecap._gate import Candidate, CaptureEvent, CaptureGate, GateStep
from facecap._image import align_face, crop_face, crop_rect
from facecap._mask_classifier import MaskAnswer, MaskAnswers, MaskClassifier
from facecap._quality import face_pose, face_quality
from facecap._refiner import Refinements, Refiner
from facecap._results import Capture, Faces, FrameResult
from facecap._tracker import Tracker, Tracks
from facecap.errors import FacecapError, ModelError

__all__ = [
    "Areas",
    "Candidate",
    "Capture",
    "CaptureConfig",
    "CaptureEvent",
    "CaptureGate",
    "Detections",
    "Detector",
    "Embedder",
    "FaceCapture",
    "FacecapError",
    "Faces",
    "FrameResult",
    "GateStep",
    "MaskAnswer",
    "MaskAnswers",
    "MaskClassifier",
    "ModelError",
    "Refinements",
    "Refiner",
    "Tracker",
    "Tracks",
    "align_face",
    "crop_face",
    "crop_rect",
    "face_pose",
    "face_quality",
]
