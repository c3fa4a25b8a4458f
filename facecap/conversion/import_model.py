"""Turns what others trained, or an earlier run, into a model file with a manifest: by what the file holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from facecap.conversion.checkpoint import CheckpointError, read_checkpoint, read_onnx, weights_in
from facecap.conversion.detector.import_checkpoint import Form, import_checkpoint

if TYPE_CHECKING:
    from facecap.conversion.equality import Difference

DETECTOR_HEAD = "BboxHead."
SAME_PERSON = 0.3  # cosine


def import_model(
    path: Path,
    out: Path,
    *,
    form: Form = "levels",
    min_sizes: Sequence[Sequence[int]] | None = None,
    slope: float = 0.0,
    same_person: float | None = None,
    name: str | None = None,
    licence: str | None = None,
    origin: str | None = None,
) -> Difference | None:
    """Convert `path` into `out` (`.onnx`) and the manifest beside it; returns how far a detector's outputs
    differ.

    Args:
        path: a RetinaFace `.pth` in the published layout, YuNet or SCRFD with points as `.onnx`, the
            `best.pt` of a training run, or MobileFaceNet as `.onnx` or as a state_dict.
        out: file to write.
        form: of a RetinaFace; with `min_sizes` and `slope` see `import_checkpoint`.
        same_person: of an embedder, the cosine from which two faces count as one person.
        name: in the registry; the stem of `out`, or what the run said, when not given.
        licence: of the weights; "unknown", or what the run said, when not given.
        origin: where the weights come from.

    Raises:
        CheckpointError: the file is none of these; the text says what it is.
        ConversionError: the converted model does not answer like the network; nothing is written.
    """
    from facecap.conversion import embedder
    from facecap.conversion.detector.import_onnx import import_detector
    from facecap.conversion.export_run import export_run, is_run
    from facecap.training.networks.registry import recognise

    choices = {"name": name, "licence": licence, "origin": origin}
    given = {key: value for key, value in choices.items() if value is not None}
    about = {"name": out.stem, "licence": "unknown", "origin": f"converted from {path.name}", **given}
    threshold = SAME_PERSON if same_person is None else same_person
    if path.suffix == ".onnx":
        model = read_onnx(path)
        if len(model.graph.output) > 1:
            return import_detector(model, path, out, about)
        embedder.export(embedder.from_onnx(model, path), out, threshold, about)
        return None
    checkpoint = read_checkpoint(path)
    if is_run(checkpoint):
        said = checkpoint["manifest"].get("embedder")
        changed = {} if None in (said, same_person) else {"embedder": {**said, "same_person": same_person}}
        export_run(checkpoint, path, out, {**given, **changed})
        return None
    weights = weights_in(checkpoint, path)
    if any(key.startswith(DETECTOR_HEAD) for key in weights):
        return import_checkpoint(path, out, form=form, min_sizes=min_sizes, slope=slope, **about)
    network = recognise(weights)
    if network is None:
        raise CheckpointError(
            f"{path}: {len(weights)} tensors of an unknown network ({next(iter(weights))} for one); wanted a "
            "RetinaFace in the published layout, the best.pt of a training run, or MobileFaceNet"
        )
    architecture, outputs = network
    if architecture != embedder.ARCHITECTURE:
        raise CheckpointError(
            f"{path}: weights of {architecture} with {outputs} outputs and no word on what they mean; a "
            "training run can start from them (--start), a model needs the best.pt of such a run"
        )
    embedder.export(embedder.from_weights(weights, outputs), out, threshold, about)
    return None
