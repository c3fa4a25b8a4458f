"""YuNet and SCRFD, one answer a cell, as the detector's training sees them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import Tensor, nn

from facecap.conversion.batch import with_batch
from facecap.conversion.detector.families import family_of
from facecap.conversion.manifest import write_model
from facecap.conversion.model_source import as_model
from facecap.training.detector.augment import Canvas
from facecap.training.detector.data import DOUBTFUL
from facecap.training.detector.lesson import Batch, Lesson, images_of, padded
from facecap.training.detector.point_loss import PointWeights, Targets, point_loss, targets
from facecap.training.detector.points import Answer, answer_of, cells_of, check_family
from facecap.training.detector.recipe import Recipe
from facecap.training.execution import Execution
from facecap.training.networks.graph import GraphNetwork
from facecap.training.run import TrainingError


class PointLesson(Lesson):
    """A detector in the form `levels` that is its ONNX graph."""

    def __init__(self, start: Path, recipe: Recipe) -> None:
        """`start`: a public file that `facecap models import` takes, or one that it or a run wrote."""
        if recipe.way.rounded:
            raise TrainingError(
                f"--preset {recipe.preset} trains RetinaFace alone; {start} is of another kind"
            )
        model, manifest = _open(start)
        self.name, self.licence = manifest["architecture"], manifest["licence"]
        self._manifest = {
            key: manifest[key] for key in ("task", "architecture", "input", "outputs", "detector")
        }
        detector, given = manifest["detector"], manifest["input"]
        self._family = family_of(manifest)
        check_family(self._family)
        self._cells = cells_of(detector["strides"], detector.get("anchors", 1), recipe.side, recipe.side)
        self._mean, self._std = (torch.tensor(given[key], dtype=torch.float32) for key in ("mean", "std"))
        self._rgb = given["color"] == "rgb"
        self._weights = PointWeights(start=recipe.start_share, faults_only=recipe.way.leash)
        self._frozen = recipe.frozen
        self.network = GraphNetwork(model)
        self._start = {key: value.clone() for key, value in self.network.state_dict().items()}

    def prepare(self, recipe: Recipe) -> None:
        if self._frozen:
            assert isinstance(self.network, GraphNetwork)
            self.network.freeze_fine()

    def start(self) -> dict[str, Tensor]:
        return self._start

    def weights(self, average: nn.Module) -> dict[str, Tensor]:
        return {key: value.cpu() for key, value in average.state_dict().items()}

    def batch(self, canvases: Sequence[Canvas]) -> Batch:
        """Beside the pictures, the faces (B, M, 14), nan where there is none, and which are certain."""
        pictures = torch.stack([torch.from_numpy(canvas.image) for canvas in canvases])
        kept = [canvas.belief >= DOUBTFUL for canvas in canvases]
        faces = [torch.from_numpy(c.faces[k]) for c, k in zip(canvases, kept, strict=True)]
        certain = [torch.from_numpy(c.certain[k]) for c, k in zip(canvases, kept, strict=True)]
        belief = [torch.from_numpy(c.belief[k]) for c, k in zip(canvases, kept, strict=True)]
        return pictures, padded(faces), padded(certain), padded(belief)

    def loss(
        self, network: nn.Module, reference: nn.Module, batch: Batch, machine: Execution
    ) -> dict[str, Tensor]:
        pictures, faces, certain, belief = batch
        images = images_of(pictures, self._mean, self._std, self._rgb)
        assert isinstance(network, GraphNetwork) and isinstance(reference, GraphNetwork)
        with machine.autocast():
            with torch.set_grad_enabled(not self._frozen):
                fine = network.fine(images)
            levels = network.coarser(fine)
            with torch.no_grad():
                known = reference.coarser(fine) if self._frozen else reference(images)
        answer, start = (answer_of(self._family, each, self._cells) for each in (levels, known))
        return point_loss(answer, start, self._targets(answer, faces, certain, belief), self._weights)

    def _targets(self, answer: Answer, faces: Tensor, certain: Tensor, belief: Tensor) -> Targets:
        score, boxes = answer.score().detach(), answer.boxes.detach()
        each = []
        for place in range(len(faces)):
            there = ~faces[place, :, 0].isnan()
            known = faces[place, there], certain[place, there], belief[place, there]
            each.append(targets(score[place], boxes[place], *known, self._cells))
        return Targets(
            torch.stack([one.labels for one in each]),
            torch.stack([one.belief for one in each]),
            torch.stack([one.boxes for one in each]),
            torch.stack([one.points for one in each]),
        )

    def write(self, weights: Mapping[str, Tensor], out: Path, about: Mapping[str, Any]) -> None:
        network = self.network
        assert isinstance(network, GraphNetwork)
        out.parent.mkdir(parents=True, exist_ok=True)
        write_model(out, network.model(weights).SerializeToString(), {**self._manifest, **about})


def _open(path: Path) -> tuple[onnx.ModelProto, dict[str, Any]]:
    """The graph, for any number of pictures at once, and its manifest; a public file is imported first."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(str(as_model(path, Path(folder))))
        manifest = json.loads(written.with_suffix(".json").read_text(encoding="utf-8"))
        return with_batch(onnx.load(written), None, manifest["input"]), manifest
