"""The report's figures: float, int8 and what was chosen, on evaluation pictures through the code that a user
calls, the chip's files on the vendor's simulator."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from facecap.conversion.cvimodel.answers import FLOAT, Evaluation
from facecap.conversion.cvimodel.check_classes import check_classes, draw_labelled
from facecap.conversion.cvimodel.check_detections import check_detections, draw_pictures
from facecap.conversion.cvimodel.check_embeddings import check_embeddings, draw_aligned
from facecap.conversion.cvimodel.check_faces import check_faces, draw_faces
from facecap.conversion.cvimodel.network import Network
from facecap.conversion.cvimodel.steps import Steps
from facecap.conversion.cvimodel.variant import Deployed
from facecap.conversion.manifest import write_model
from facecap.conversion.vendor_wheel import runtime_files
from facecap.errors import FacecapError
from facecap.training.mask.class_folders import ClassFolders

Tell = Callable[[str], None]


class Check(NamedTuple):
    """How pictures for models of a task are drawn, how the models are measured on them, and the figure whose
    fall is their loss."""

    draw: Callable[[Mapping[str, Any], Path, int, ClassFolders], Any]
    run: Callable[[Steps, Mapping[str, Path], Any, Tell], Evaluation]
    measure: str


CHECKS = {
    "face_detection": Check(draw_pictures, check_detections, "AP"),
    "mask": Check(draw_faces, check_faces, "AP"),
    "classification": Check(draw_labelled, check_classes, "top-1"),
    "face_embedding": Check(draw_aligned, check_embeddings, "cosine"),
}


class Drawn(NamedTuple):
    """The evaluation pictures of a task, as its check takes them; or the `problem` that left none."""

    pictures: Any = None
    problem: str = ""


def draw_evaluation(manifest: Mapping[str, Any], data: Path, count: int, how: ClassFolders) -> Drawn:
    """Draw evaluation pictures, before any work that they are to judge.

    Args:
        manifest: of the float network.
        data: the folder of the task's data.
        count: pictures, drawn evenly from the evaluation parts.
        how: class folders of faces are read.
    """
    check = CHECKS.get(manifest["task"])
    if check is None:
        return Drawn(problem=f"no evaluation on the simulator for the task {manifest['task']}")
    try:
        return Drawn(check.draw(manifest, data, count, how))
    except FacecapError as error:
        return Drawn(problem=str(error))


def evaluate(
    steps: Steps,
    network: Network,
    models: Mapping[str, Deployed],
    manifest: Mapping[str, Any],
    drawn: Drawn,
    tell: Tell,
) -> Evaluation:
    """Measure the float network and the chip's models side by side.

    Args:
        steps: keeps what was measured.
        network: the float network.
        models: `.cvimodel` files by what the report calls them.
        manifest: of those files.
        drawn: the evaluation pictures.
        tell: called with what goes on, a line each.
    """
    if drawn.problem:
        return Evaluation(problem=drawn.problem)
    check = CHECKS[manifest["task"]]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = {FLOAT: folder / "float.onnx"}
        without = {key: value for key, value in network.manifest.items() if key not in ("schema", "file")}
        write_model(paths[FLOAT], network.graph.SerializeToString(), without)
        for called, deployed in models.items():
            paths[called] = folder / f"{called}.cvimodel"
            write_model(paths[called], deployed.path.read_bytes(), manifest)
        try:
            if not os.environ.get("FACECAP_CVIRUNTIME"):
                runtime_files()
            return replace(check.run(steps, paths, drawn.pictures, tell), measure=check.measure)
        except FacecapError as error:
            tell(f"not checked on the simulator: {error}")
            return Evaluation(problem=str(error))
