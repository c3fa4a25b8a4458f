"""Opens a classifier of any classes, or a mask classifier, and gives its logits for whole pictures."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap import models
from facecap._model import open_model
from facecap.conversion.network_input import normalized
from facecap.errors import ModelError
from facecap.evaluation.classifier.image_folder import Image, centre_crop

TASKS = ("classification", "mask")
BATCH = 64  # where the model leaves it free


class ClassifierModel:
    """A model with one logit a class, of which a mask classifier's may be left out."""

    def __init__(
        self, model: str | os.PathLike[str], *, runtime: str = "auto", threads: int = 1, provider: str = "cpu"
    ) -> None:
        """`model`: a path or a registry name; the others as of `Detector`.

        Raises:
            ModelError: it cannot be used, or is of another task.
        """
        self.task = _task_of(model)
        if self.task not in TASKS:
            raise ModelError(f"{model}: a model of the task {self.task}, wanted {' or '.join(TASKS)}")
        self._model, self.info = open_model(
            model, self.task, runtime=runtime, threads=threads, provider=provider
        )
        manifest = self.info["manifest"]
        self.classes: list[str] = manifest["classifier"]["classes"]
        self.size: tuple[int, int] = self.info["input_size"]
        self._one_logit = manifest["classifier"]["output"] == "sigmoid"
        self._input: dict[str, Any] = manifest["input"]
        self._output = self._model.find_output("logits")
        batch = self._model.inputs[0][2][0]
        self.batch = batch if batch > 0 else BATCH

    def logits(self, pictures: Image) -> NDArray[np.float32]:
        """Of up to `batch` pictures.

        Args:
            pictures: (N, height, width, 3) uint8 RGB of the input's size.

        Returns:
            (N, classes) float32.
        """
        tensor = normalized(pictures[..., ::-1], self._input)
        missing = self.batch - len(tensor) if self._model.inputs[0][2][0] > 0 else 0
        padded = np.concatenate([tensor, np.zeros((missing, *tensor.shape[1:]), np.float32)])
        answers = self._model.run([np.ascontiguousarray(padded)])[self._output][: len(pictures)]
        if self._one_logit:  # it speaks for the last class, against 0 for the first
            answers = np.concatenate([np.zeros_like(answers), answers], axis=1)
        return np.asarray(answers, np.float32)

    def probable(self, picture: Image, count: int) -> list[tuple[str, float]]:
        """The most probable classes of one picture with their probabilities, up to `count`, the best first.

        Args:
            picture: (height, width, 3) uint8 BGR of any size: its centre is classified, of a mask classifier
                the whole, as it is the crop of a face.
            count: from 1.
        """
        cut = centre_crop(picture, *self.size) if self.task == "classification" else self._whole(picture)
        [logits] = self.logits(np.ascontiguousarray(cut[None, ..., ::-1])).astype(np.float64)
        chances = np.exp(logits - logits.max())
        chances /= chances.sum()
        best = np.argsort(-chances, kind="stable")[:count]
        return [(self.classes[place], float(chances[place])) for place in best]

    def _whole(self, picture: Image) -> Image:
        """Resized, where it has another size, as the pipeline resizes what it has cut out."""
        smaller = self.size[0] < picture.shape[1] and self.size[1] < picture.shape[0]
        way = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        same = picture.shape[1::-1] == self.size
        return picture if same else np.asarray(cv2.resize(picture, self.size, interpolation=way), np.uint8)


def _task_of(model: str | os.PathLike[str]) -> str:
    path = Path(model)
    if not path.is_file() and isinstance(model, str) and path.suffix not in models.SUFFIXES:
        path = models.find(model).path
    try:
        return str(json.loads(models.manifest_text(path))["task"])
    except (ValueError, LookupError, TypeError) as error:
        raise ModelError(f"{path.with_suffix('.json')}: no manifest of a model: {error!r}") from error
