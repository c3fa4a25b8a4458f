"""The pipeline that the options of models and captures ask for."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from facecap.cli import UsageError, options

if TYPE_CHECKING:
    from facecap import Detector, Embedder, FaceCapture, MaskClassifier, Refiner


@dataclass(frozen=True, slots=True)
class Models:
    """The models of a pipeline; several may share them."""

    detector: Detector
    classifier: MaskClassifier
    refiner: Refiner | None
    embedder: Embedder | None

    @classmethod
    def of(cls, args: argparse.Namespace) -> Models:
        """Open those that the options ask for."""
        return cls(
            options.detector_of(args),
            options.classifier_of(args),
            options.refiner_of(args),
            options.embedder_of(args),
        )


def face_capture(
    args: argparse.Namespace, models: Models, *, length: int | None = None, timed: bool = True
) -> FaceCapture:
    """A pipeline for the `length` frames of a source; `timed`: whether they have timestamps.

    Raises:
        UsageError: options do not fit together, or not to the source.
    """
    from facecap import FaceCapture

    fallbacks: dict[str, Any] = {}
    if length == 1:
        # The one picture is the whole visit: nothing could ever confirm its tracks.
        fallbacks["min_hits"] = 1
    config = options.capture_config(args, fallbacks)
    if config.interval_seconds is not None and not timed:
        raise UsageError("--interval-seconds needs a clock, and pictures have none: give --fps")
    try:
        return FaceCapture(
            config,
            detector=models.detector,
            classifier=models.classifier,
            refiner=models.refiner or False,
            embedder=models.embedder,
            slots=args.slots,
            areas=options.areas_of(args),
        )
    except ValueError as error:
        raise UsageError(str(error)) from None
