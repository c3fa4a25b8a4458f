"""RetinaFace, whose answers count from priors, as the detector's training sees it."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from facecap._files import write_atomic
from facecap.conversion.detector.import_checkpoint import export_network
from facecap.conversion.detector.priors import MEAN, VARIANCES, prior_boxes
from facecap.conversion.detector.published import open_published
from facecap.training.detector.augment import Canvas
from facecap.training.detector.data import DOUBTFUL
from facecap.training.detector.lesson import Batch, Lesson, images_of
from facecap.training.detector.loss import LossWeights, Rows, detection_loss, soft_loss, targets
from facecap.training.detector.recipe import Recipe
from facecap.training.execution import Execution
from facecap.training.folding import fold_norms
from facecap.training.networks.retinaface import Levels, RetinaFace, flatten
from facecap.training.quantisation import float_weights, prepare_qat
from facecap.training.run import TrainingError


class PriorLesson(Lesson):
    """A published RetinaFace, batch norms folded."""

    licence = "MIT"
    network: RetinaFace

    def __init__(self, start: Path, recipe: Recipe) -> None:
        """`start`: a `.pth` of either published layout; it must find faces."""
        published = open_published(start, say=partial(print, file=sys.stderr))
        if not isinstance(published.network, RetinaFace):
            raise TrainingError(
                f"{start}: {published.network.layout.name} does not train here: give a RetinaFace with "
                "mobilenet0.25 or ResNet-50, or the .onnx of a YuNet or SCRFD"
            )
        self._published, self._min_sizes = published.network, published.min_sizes
        self._leash, self._frozen = recipe.way.leash, recipe.frozen
        self._weights = LossWeights(start=recipe.start_share)
        self._priors = prior_boxes(recipe.side, recipe.side, self._min_sizes)
        self.name = self._published.layout.name
        self.network = fold_norms(self._published)

    def start(self) -> dict[str, Tensor]:
        return float_weights(fold_norms(self._published))

    def weights(self, average: nn.Module) -> dict[str, Tensor]:
        return {key: value.cpu() for key, value in float_weights(average).items()}

    def prepare(self, recipe: Recipe) -> None:
        if recipe.way.rounded:
            self.network = prepare_qat(
                self.network, not recipe.per_tensor
            ).train()  # ranges follow the inputs
        if self._frozen:
            body = self.network.body
            for layer in body.FINE:
                body.get_submodule(layer).requires_grad_(False)

    def batch(self, canvases: Sequence[Canvas]) -> Batch:
        """Besides the pictures, of the priors: the class (B, N), the regression targets (B, N, 14) and the
        belief in the face that each answers for (B, N)."""
        rows = [self._row(canvas) for canvas in canvases]
        return tuple(torch.from_numpy(np.stack(parts)) for parts in zip(*rows, strict=True))

    def _row(self, canvas: Canvas) -> tuple[np.ndarray[Any, Any], ...]:
        faces, asked, belief = canvas.faces, canvas.whole, canvas.belief
        if self._leash:
            seen = belief >= DOUBTFUL
            faces, asked, belief = faces[seen], canvas.certain[seen], belief[seen]
        labels, deltas, owner = targets(self._priors, faces, asked, VARIANCES)
        return canvas.image, labels, deltas, np.append(belief, np.float32(0))[owner]

    def loss(
        self, network: nn.Module, reference: nn.Module, batch: Batch, machine: Execution
    ) -> dict[str, Tensor]:
        pictures, labels, deltas, beliefs = batch
        images = images_of(pictures, torch.tensor(MEAN), torch.ones(3), rgb=False)
        assert isinstance(network, RetinaFace) and isinstance(reference, RetinaFace)
        with machine.autocast():
            with torch.set_grad_enabled(not self._frozen):
                fine = network.body.fine(images)
            answer = _rows(network.answer(network.body.coarser(fine)))
            with torch.no_grad():
                known = _rows(
                    reference.answer(reference.body.coarser(fine)) if self._frozen else reference(images)
                )
        if self._leash:
            return detection_loss(answer, known, labels, deltas, self._weights)
        return soft_loss(answer, known, labels, deltas, beliefs, self._weights)

    def keep(self, weights: Mapping[str, Tensor], folder: Path) -> None:
        buffer = io.BytesIO()
        torch.save(dict(weights), buffer)
        write_atomic(folder / "detector.pth", buffer.getvalue())

    def write(self, weights: Mapping[str, Tensor], out: Path, about: Mapping[str, Any]) -> None:
        candidate = RetinaFace(self._published.layout).eval()
        candidate.load_state_dict(dict(weights))
        export_network(candidate, out, about, min_sizes=self._min_sizes)


def _rows(levels: Levels) -> Rows:
    """The rows of `flatten` as float32."""
    boxes, logits, landmarks = flatten(levels)
    return boxes.float(), logits.float(), landmarks.float()
