"""What a conversion starts from: the graph of a model, its manifest and the hash of its file."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx

from facecap import models
from facecap.conversion.detector.import_checkpoint import Form
from facecap.conversion.equality import ConversionError
from facecap.conversion.import_model import import_model
from facecap.conversion.model_source import foreign

QUANTIZED = ("QuantizeLinear", "DequantizeLinear")


@dataclass(frozen=True)
class Source:
    """A model, opened. `sha256` is of the ONNX file; `checkpoint` of what that was made from, if so."""

    graph: onnx.ModelProto
    manifest: dict[str, Any]
    sha256: str
    checkpoint: str | None

    @property
    def task(self) -> str:
        """The manifest's."""
        return str(self.manifest["task"])

    def derived(self, **conversion: Any) -> dict[str, Any]:
        """The manifest of a model made from this one: no figures, and how it was made in `conversion`."""
        kept = {
            key: value for key, value in self.manifest.items() if key not in ("schema", "file", "figures")
        }
        origin = {"name": self.manifest["name"], "sha256": self.sha256}
        if self.checkpoint is not None:
            origin["checkpoint_sha256"] = self.checkpoint
        precision = conversion.get("precision", "float32")
        name = kept["name"] if precision == "float32" else f"{kept['name']}-{precision}"
        return {**kept, "name": name, "conversion": {**conversion, "source": origin}}


def open_source(model: str | Path, form: Form | None = None, *, converted: bool = False) -> Source:
    """Open a file, a registry name or a checkpoint.

    Args:
        model: what the user gave.
        form: of a detector that is made from a checkpoint.
        converted: whether it may be float16 or int8.

    Raises:
        ConversionError: the model is no float32 ONNX model, or has another form.
        FacecapError: it cannot be read.
    """
    with tempfile.TemporaryDirectory() as folder:
        given = Path(model)
        made_here = foreign(given)
        path = _file(given, Path(folder), form)
        manifest = models.verify(path)
        if path.suffix != ".onnx":
            raise ConversionError(f"{path}: conversions start from .onnx or a checkpoint")
        if form is not None and manifest.get("detector", {}).get("form") != form:
            raise ConversionError(
                f"{model}: its graph does not have the form {form}: give the detector's checkpoint, "
                "from which both forms can be written"
            )
        graph = onnx.load(str(path))
        if not converted and precision_of(graph) != "float32":
            raise ConversionError(f"{model}: is converted already: give the float32 model")
        checkpoint = hashlib.sha256(given.read_bytes()).hexdigest() if made_here else None
        return Source(graph, manifest, manifest["file"]["sha256"], checkpoint)


def check_apart(model: str | Path, out: Path) -> None:
    """Nothing for a model that `out` is not.

    Raises:
        ConversionError: `out` is the file of the model, which would be lost.
    """
    if Path(model).resolve() == out.resolve():
        raise ConversionError(f"{out}: is the model itself: give another name to write to")


def _file(given: Path, folder: Path, form: Form | None) -> Path:
    if foreign(given):
        path = folder / f"{given.stem}.onnx"
        import_model(given, path, form=form)
        return path
    return given if given.suffix in models.SUFFIXES else models.find(str(given)).path


def precision_of(graph: onnx.ModelProto) -> str:
    """`float32`, `float16` or `int8`, by what is in the graph."""
    if any(node.op_type in QUANTIZED for node in graph.graph.node):
        return "int8"
    half = any(weight.data_type == onnx.TensorProto.FLOAT16 for weight in graph.graph.initializer)
    return "float16" if half else "float32"
