"""Turns a published RetinaFace checkpoint into an ONNX file with its manifest, and proves that both agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from facecap.conversion.detector.families.retinaface import ROLES
from facecap.conversion.manifest import write_model
from facecap.errors import FacecapError

if TYPE_CHECKING:
    from facecap.conversion.equality import Difference
    from facecap.training.networks.retinaface import RetinaFace

Form = Literal["levels", "concatenated"]

STRIDES = [8, 16, 32]
VARIANCES = [0.1, 0.2]
MIN_SIZES = {
    "retinaface_mobilenet0.25": [[10, 20], [32, 64], [128, 256]],
    "retinaface_resnet50": [[16, 32], [64, 128], [256, 512]],
}

OUTPUTS: Mapping[Form, list[dict[str, Any]]] = {
    "levels": [{"role": "level", "name": f"level_{s}", "stride": s} for s in STRIDES],
    "concatenated": [{"role": role, "name": role} for role in ROLES],
}


def import_checkpoint(
    path: Path,
    out: Path,
    *,
    form: Form = "levels",
    name: str | None = None,
    min_sizes: Sequence[Sequence[int]] | None = None,
    slope: float = 0.0,
    licence: str = "unknown",
    origin: str | None = None,
) -> Difference:
    """Convert a `.pth` into `out` (`.onnx`) and the manifest beside it; returns how far the outputs differ.

    `min_sizes` are the priors' sides in pixels for strides 8, 16 and 32; the default is that of the
    published network of this layout. `slope` is the negative slope of a MobileNet's activations (see
    `facecap.training.networks.retinaface.Layout`): no file tells it, and a wrong one gives poor boxes. Raises
    `CheckpointError` for a file of another layout and `ConversionError` where the converted model does not
    answer like the network; nothing is written then.
    """
    from facecap.conversion.checkpoint import load_network

    about = {
        "name": name or out.stem,
        "licence": licence,
        "origin": origin or f"converted from {path.name}",
    }
    return export_network(load_network(path, slope), out, about, form=form, min_sizes=min_sizes)


def export_network(
    network: RetinaFace,
    out: Path,
    about: Mapping[str, Any],
    *,
    form: Form = "levels",
    min_sizes: Sequence[Sequence[int]] | None = None,
) -> Difference:
    """Write the network as `out` (`.onnx`) with its manifest; `about` has name, licence, origin and what is
    known.

    Raises:
        FacecapError: there is no such form.
        ConversionError: the written model would not answer like the network; nothing is written.
    """
    from facecap.conversion.checkpoint import weights_of
    from facecap.conversion.detector import retinaface_onnx
    from facecap.conversion.equality import check_same

    if form not in OUTPUTS:
        raise FacecapError(f"no form '{form}' of RetinaFace; known: {', '.join(OUTPUTS)}")
    sizes = [list(level) for level in min_sizes or MIN_SIZES[network.layout.name]]
    model = getattr(retinaface_onnx, form)(weights_of(network), network.layout.slope)
    manifest = {
        "task": "face_detection",
        "architecture": network.layout.name,
        "input": {
            "name": "image",
            "width": 640,
            "height": 640,
            "fit": "native",
            "multiple": 32,
            "color": "bgr",
            "mean": [104, 117, 123],
            "std": [1, 1, 1],
        },
        "outputs": OUTPUTS[form],
        "detector": {
            "family": "retinaface",
            "form": form,
            "strides": STRIDES,
            "min_sizes": sizes,
            "variances": VARIANCES,
            "score_threshold": 0.5,
            "nms_iou": 0.4,
        },
        **about,
    }
    difference = check_same(network, model, manifest)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_model(out, model.SerializeToString(), manifest)
    return difference
