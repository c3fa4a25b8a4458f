"""Helpers for tests of programs that use facecap: a pipeline that needs no weights, frames that are painted
for it, and captures compared with a golden file."""

from facecap.testing.faces import PaintedFace, face_landmarks, walk
from facecap.testing.golden import CaptureLike, Tolerance, assert_captures_match, capture_differences
from facecap.testing.models import (
    ScriptedModel,
    classifier_model,
    detector_model,
    embedder_model,
    refiner_model,
)
from facecap.testing.painting import painted_frame, painted_frames
from facecap.testing.pipeline import scripted_pipeline

__all__ = [
    "CaptureLike",
    "PaintedFace",
    "ScriptedModel",
    "Tolerance",
    "assert_captures_match",
    "capture_differences",
    "classifier_model",
    "detector_model",
    "embedder_model",
    "face_landmarks",
    "painted_frame",
    "painted_frames",
    "refiner_model",
    "scripted_pipeline",
    "walk",
]
