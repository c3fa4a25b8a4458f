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
from facecap.conversion.cvimodel.check_classes import check_classes
from facecap.conversion.cvimodel.check_detections import check_detections
from facecap.conversion.cvimodel.check_embeddings import check_embeddings
from facecap.conversion.cvimodel.check_faces import check_faces
from facecap.conversion.cvimodel.network import Network
from facecap.conversion.cvimodel.steps import Steps
from facecap.conversion.cvimodel.variant import Deployed
from facecap.conversion.manifest import write_model
from facecap.conversion.vendor_wheel import runtime_files
from facecap.errors import FacecapError

Tell = Callable[[str], None]


class Check(NamedTuple):
    """How models of a task are measured, and the figure whose fall is their loss."""

    run: Callable[[Steps, Mapping[str, Path], Path, int, Tell], Evaluation]
    measure: str


CHECKS = {
    "face_detection": Check(check_detections, "AP"),
    "mask": Check(check_faces, "AP"),
    "classification": Check(check_classes, "top-1"),
    "face_embedding": Check(check_embeddings, "cosine"),
}


def evaluate(
    steps: Steps,
    network: Network,
    models: Mapping[str, Deployed],
    manifest: Mapping[str, Any],
    data: Path,
    count: int,
    tell: Tell,
) -> Evaluation:
    """Measure the float network and the chip's models side by side.

    Args:
        steps: keeps what was measured.
        network: the float network.
        models: `.cvimodel` files by what the report calls them.
        manifest: of those files.
        data: the folder of the task's data.
        count: pictures, drawn evenly from the evaluation parts.
        tell: called with what goes on, a line each.
    """
    check = CHECKS.get(manifest["task"])
    if check is None:
        return Evaluation(problem=f"no evaluation on the simulator for the task {manifest['task']}")
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
            return replace(check.run(steps, paths, data, count, tell), measure=check.measure)
        except FacecapError as error:
            tell(f"not checked on the simulator: {error}")
            return Evaluation(problem=str(error))
