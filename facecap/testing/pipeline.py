"""The whole pipeline on scripted models."""

from __future__ import annotations

from typing import Literal

from facecap import CaptureConfig, Detector, Embedder, FaceCapture, MaskClassifier, Refiner
from facecap.testing.models import ScriptedModel, classifier_model, detector_model


def scripted_pipeline(
    config: CaptureConfig | None = None,
    *,
    detector: ScriptedModel | None = None,
    classifier: ScriptedModel | None = None,
    refiner: ScriptedModel | Literal[False] = False,
    embedder: ScriptedModel | None = None,
    slots: int = 10,
) -> FaceCapture:
    """A `FaceCapture` that sees what `painted_frame` paints.

    Args:
        config: the defaults of `CaptureConfig` where None.
        detector: another than `detector_model()`.
        classifier: another than `classifier_model()`.
        refiner: such as `refiner_model()`; False for none.
        embedder: such as `embedder_model()`.
        slots: how many tracks may hold a shot at once, at least 1.

    Raises:
        ModelError: a model is not of its kind.
        ValueError, TypeError: an argument is out of range or of the wrong kind.
    """
    for name, part in (
        ("detector", detector),
        ("classifier", classifier),
        ("refiner", refiner or None),
        ("embedder", embedder),
    ):
        if not isinstance(part, ScriptedModel | None):
            raise TypeError(f"{name} is {type(part).__name__}, wanted a ScriptedModel such as {name}_model()")
    return FaceCapture(
        config,
        detector=Detector((detector or detector_model()).source),
        classifier=MaskClassifier((classifier or classifier_model()).source),
        refiner=Refiner(refiner.source) if refiner else False,
        embedder=Embedder(embedder.source) if embedder else None,
        slots=slots,
    )
