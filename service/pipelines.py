"""The models, opened once: pipelines for cameras and detectors for single pictures share their weights."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecap import Detector, Embedder, FacecapError, FaceCapture, MaskClassifier, Refiner
from facecap.picture_faces import faces_of

from .camera_settings import CameraSettings
from .settings import Settings


class Pipelines:
    """Opens the models of the settings.

    Args:
        settings: which models, and when shots are kept.
        capture_factory: makes any camera's pipeline in place of those settings.

    Raises:
        FacecapError: a model cannot be used, or a setting does not fit it.
    """

    def __init__(self, settings: Settings, capture_factory: Callable[[], FaceCapture] | None = None) -> None:
        self._settings = settings
        self._factory = capture_factory
        self._single = threading.local()
        self._own_detectors: dict[str, Detector] = {}
        try:
            self._detector, self._classifier = self._new_detector(), self._new_classifier()
            self._refiner = self._new_refiner()
            name = settings.pipeline.embedder
            self._embedder = Embedder(name, **self._execution) if name else None
            self.new_capture("")  # fails here where a setting does not fit
        except (ValueError, TypeError) as error:
            raise FacecapError(f"pipeline: {error}") from None
        for name, own in settings.cameras.named.items():
            self._open_own(name, own)

    @property
    def models(self) -> dict[str, dict[str, Any]]:
        """Task -> what is at work: name, precision, runtime, its version, providers and input size."""
        found = {"detector": _summary(self._detector.info), "classifier": _summary(self._classifier.info)}
        optional = {"refiner": self._refiner, "embedder": self._embedder}
        return found | {task: _summary(part.info) for task, part in optional.items() if part is not None}

    def new_capture(self, camera: str) -> FaceCapture:
        """The pipeline of a camera."""
        if self._factory is not None:
            return self._factory()
        settings, own = self._settings, self._settings.cameras.named.get(camera)
        return FaceCapture(
            settings.capture.config(None if own is None else own.capture),
            detector=self._own_detectors.get(camera, self._detector),
            classifier=self._classifier,
            refiner=self._refiner or False,
            embedder=self._embedder,
            slots=settings.pipeline.slots,
        )

    def detect(self, image: NDArray[np.uint8]) -> list[dict[str, Any]]:
        """Every face of one picture in plain JSON types; every thread has buffers of its own."""
        local = self._single
        if not hasattr(local, "detector"):
            local.detector, local.classifier = self._new_detector(), self._new_classifier()
            local.refiner = self._new_refiner()
        return faces_of(image, local.detector.detect(image), local.classifier, local.refiner)

    @property
    def _execution(self) -> dict[str, Any]:
        wanted = self._settings.pipeline
        return {"threads": wanted.threads, "provider": wanted.provider}

    def _new_detector(self, own: CameraSettings | None = None) -> Detector:
        wanted = self._settings.pipeline
        size, score = wanted.input_size, wanted.score_threshold
        if own is not None:
            size = own.input_size or size
            score = score if own.score_threshold is None else own.score_threshold
        options = {"input_size": size, "precision": wanted.precision, **self._execution}
        if score is not None:
            options["score_threshold"] = score
        return Detector(wanted.detector, **options)

    def _open_own(self, name: str, own: CameraSettings) -> None:
        """Open what a camera has of its own; weights are those of all."""
        try:
            if own.input_size is not None or own.score_threshold is not None:
                self._own_detectors[name] = self._new_detector(own)
            self.new_capture(name)
        except (ValueError, TypeError) as error:
            raise FacecapError(f"cameras.{name}: {error}") from None

    def _new_classifier(self) -> MaskClassifier:
        return MaskClassifier(self._settings.pipeline.classifier, **self._execution)

    def _new_refiner(self) -> Refiner | None:
        return Refiner.chosen(self._settings.pipeline.refiner, **self._execution)


def _summary(info: Any) -> dict[str, Any]:
    width, height = info["input_size"]
    return {
        "name": info["manifest"]["name"],
        "precision": info["precision"],
        "runtime": info["runtime"],
        "runtime_version": info["runtime_version"],
        "providers": ",".join(info["providers"]),
        "input_size": f"{width}x{height}",
    }
