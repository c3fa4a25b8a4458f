"""The registry: models that ship with the package and those of the folder in FACECAP_MODELS, by name."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facecap import _core
from facecap.errors import ModelError

SUFFIXES = (".onnx", ".cvimodel")
DEFAULTS = {
    "face_detection": "detector_yunet.onnx",
    "face_refinement": "refiner.onnx",
    "mask": "mask_ghostnet.onnx",
}
"""The shipped file of a task. No embedder ships, and a refiner only where its file is there."""

PRECISIONS = ("float32", "int8")
"""What a model may be asked for in; the first is that of the file itself."""

SHIPPED = Path(__file__).resolve().parent / "models"


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """A model file of the registry, opened by nobody yet.

    `name` and `task` are the manifest's; where it is missing or broken, `name` is the stem of the file,
    `task` None and `problem` says why.
    """

    name: str
    path: Path
    task: str | None
    manifest: Mapping[str, Any]
    problem: str | None = None

    @property
    def default(self) -> bool:
        """Whether `model=None` means this one."""
        return self.path.parent == SHIPPED and self.path.name in DEFAULTS.values()


def list_models() -> list[RegisteredModel]:
    """All registered models by name; a name of the user's folder hides the same name of the package."""
    by_name: dict[str, RegisteredModel] = {}
    for folder in _folders():
        for path in sorted(folder.iterdir()):
            if path.suffix in SUFFIXES:
                model = _read(path)
                by_name.setdefault(model.name, model)
    return [by_name[name] for name in sorted(by_name)]


def find(name: str) -> RegisteredModel:
    """The model of this name.

    Raises:
        ModelError: there is none.
    """
    registered = list_models()
    for model in registered:
        if model.name == name:
            return model
    names = ", ".join(model.name for model in registered) or "none"
    raise ModelError(f"no model '{name}': neither a file nor a registered name; registered are: {names}")


def ships_refiner() -> bool:
    """Whether the package has a refiner: without one a capture keeps the detector's points."""
    return (SHIPPED / DEFAULTS["face_refinement"]).exists()


def default(task: str) -> RegisteredModel:
    """What `model=None` means for a task.

    Raises:
        ModelError: no model of the task ships.
    """
    name = DEFAULTS.get(task)
    if name is None or (task == "face_refinement" and not ships_refiner()):
        raise ModelError(f"no model for {task} ships with the package: give model=")
    path = SHIPPED / name
    if not path.exists():
        raise ModelError(f"{path}: the default model for {task} is missing: give model= or reinstall facecap")
    return _read(path)


def in_precision(path: str, precision: str) -> Path:
    """The file of a model in another precision: beside it, its name with `_int8` behind the stem.

    Args:
        path: of the model, "" where it is bytes.
        precision: "int8".

    Raises:
        ValueError: the precision is another one.
        ModelError: there is no such file.
    """
    if precision not in PRECISIONS[1:]:
        raise ValueError(f"precision is {precision!r}, wanted one of: {', '.join(PRECISIONS)}")
    if not path:
        raise ModelError(f"precision {precision}: a model given as bytes has no other file: give that one")
    file = Path(path)
    beside = file.with_name(f"{file.stem}_{precision}.onnx")
    if not beside.is_file():
        raise ModelError(
            f"{beside}: no {precision} of this model is there: make it with "
            f"`facecap convert {precision} {file} --data DATA --out {beside}`, or ask for {PRECISIONS[0]}"
        )
    return beside


def manifest_of(sha256: str) -> str | None:
    """The manifest, as text, of the registered model whose file has this sha256; None where there is none."""
    for model in list_models():
        if not model.problem and model.manifest["file"]["sha256"] == sha256:
            return json.dumps(dict(model.manifest))
    return None


def manifest_text(path: Path) -> str:
    """The manifest that lies beside a model file.

    Raises:
        ModelError: there is none, or it is no text.
    """
    beside = path.with_suffix(".json")
    try:
        return beside.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{beside}: a model needs its manifest beside it: {error}") from error


def _folders() -> list[Path]:
    configured = os.environ.get("FACECAP_MODELS")
    if not configured:
        return [SHIPPED]
    folder = Path(configured)
    if not folder.is_dir():
        raise ModelError(f"FACECAP_MODELS: {folder} is not a folder")
    return [folder, SHIPPED]


def _read(path: Path) -> RegisteredModel:
    try:
        text = manifest_text(path)
        task = _core.parse_manifest(text, str(path.with_suffix(".json")))
    except ModelError as error:
        return RegisteredModel(path.stem, path, None, {}, str(error))
    manifest = json.loads(text)
    return RegisteredModel(manifest["name"], path, task, manifest)
