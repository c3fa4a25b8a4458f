"""Turns a published RetinaFace checkpoint into an ONNX file with its manifest, and proves that both agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from facecap.conversion.detector.families.retinaface import ROLES
from facecap.conversion.detector.priors import MEAN, VARIANCES
from facecap.conversion.manifest import write_model
from facecap.errors import FacecapError

if TYPE_CHECKING:
    from facecap.conversion.equality import Difference
    from facecap.training.networks.retinaface import RetinaFace
    from facecap.training.networks.retinaface_light import LightRetinaFace

Form = Literal["levels", "concatenated"]

FORMS = get_args(Form)


def import_checkpoint(
    path: Path,
    out: Path,
    *,
    form: Form = "levels",
    name: str | None = None,
    min_sizes: Sequence[Sequence[int]] | None = None,
    slope: float | None = None,
    licence: str = "unknown",
    origin: str | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Difference:
    """Convert a `.pth` into `out` (`.onnx`) and the manifest beside it; returns how far the outputs differ.

    `min_sizes` are the priors' sides in pixels for each stride, `slope` the negative slope of a MobileNet's
    activations: no file tells them, and `open_published` decides what is not given. `say` is told what was
    decided, and why. Raises `CheckpointError` for a file of another layout, or one that finds no faces, and
    `ConversionError` where the converted model does not answer like the network; nothing is written then.
    """
    from facecap.conversion.detector.published import open_published

    about = {
        "name": name or out.stem,
        "licence": licence,
        "origin": origin or f"converted from {path.name}",
    }
    published = open_published(path, min_sizes, slope, say)
    return export_network(published.network, out, about, min_sizes=published.min_sizes, form=form)


def export_network(
    network: RetinaFace | LightRetinaFace,
    out: Path,
    about: Mapping[str, Any],
    *,
    min_sizes: Sequence[Sequence[int]],
    form: Form = "levels",
) -> Difference:
    """Write the network as `out` (`.onnx`) with its manifest; `about` has name, licence, origin and what is
    known, `min_sizes` the sides of the priors in pixels, a list for each stride.

    Raises:
        FacecapError: there is no such form.
        ConversionError: the written model would not answer like the network; nothing is written.
    """
    from facecap.conversion.checkpoint import weights_of
    from facecap.conversion.detector import light_onnx, retinaface_onnx
    from facecap.conversion.equality import check_same
    from facecap.training.networks.retinaface_light import LightRetinaFace

    layout = network.layout
    forms = FORMS[:1] if isinstance(network, LightRetinaFace) else FORMS
    if form not in forms:
        raise FacecapError(f"no form '{form}' of {layout.name}; known: {', '.join(forms)}")
    if isinstance(network, LightRetinaFace):
        model = light_onnx.levels(network)
    else:
        model = getattr(retinaface_onnx, form)(weights_of(network), layout.slope)
    manifest = {
        "task": "face_detection",
        "architecture": layout.name,
        "input": {
            "name": "image",
            "width": 640,
            "height": 640,
            "fit": "native",
            "multiple": layout.strides[-1],
            "color": "bgr",
            "mean": list(MEAN),
            "std": [1, 1, 1],
        },
        "outputs": _outputs(form, layout.strides),
        "detector": {
            "family": "retinaface",
            "form": form,
            "strides": list(layout.strides),
            "min_sizes": [list(sizes) for sizes in min_sizes],
            "variances": list(VARIANCES),
            "score_threshold": 0.5,
            "nms_iou": 0.4,
        },
        **about,
    }
    difference = check_same(network, model, manifest)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_model(out, model.SerializeToString(), manifest)
    return difference


def _outputs(form: Form, strides: Sequence[int]) -> list[dict[str, Any]]:
    """The section `outputs`."""
    if form == "levels":
        return [{"role": "level", "name": f"level_{stride}", "stride": stride} for stride in strides]
    return [{"role": role, "name": role} for role in ROLES]
