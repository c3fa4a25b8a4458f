"""Models that ship with the package and those of the folder in FACECAP_MODELS; checks of model files."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from facecap import _core, _cvimodel, _model
from facecap._open_alone import open_alone
from facecap._registry import (
    DEFAULTS,
    SHIPPED,
    SUFFIXES,
    RegisteredModel,
    default,
    find,
    list_models,
    manifest_of,
    manifest_text,
    ships_refiner,
)
from facecap.errors import ModelError

__all__ = [
    "DEFAULTS",
    "SHIPPED",
    "SUFFIXES",
    "RegisteredModel",
    "cvimodel_contents",
    "default",
    "find",
    "list_models",
    "manifest_of",
    "manifest_text",
    "openable",
    "ships_refiner",
    "verify",
    "verify_bytes",
]


def verify(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Check a model file against its manifest: the manifest itself, size, sha256, task and tensors.

    A `.cvimodel` is opened in a process of its own, since the vendor's runtime serves one chip a process.

    Returns:
        The manifest.

    Raises:
        ModelError: says what does not fit.
    """
    path = Path(path)
    text = manifest_text(path)
    task = _core.parse_manifest(text, str(path.with_suffix(".json")))
    if path.suffix == ".cvimodel":
        open_alone(path, task)
    else:
        _model.open_model(path, task)
    manifest: dict[str, Any] = json.loads(text)
    # A session that is open already is taken by its file's time and size; here the bytes count.
    _check_bytes(path, manifest)
    return manifest


def verify_bytes(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What `verify` checks without opening the model: the manifest itself, size and sha256.

    Returns:
        The manifest.

    Raises:
        ModelError: says what does not fit.
    """
    path = Path(path)
    text = manifest_text(path)
    _core.parse_manifest(text, str(path.with_suffix(".json")))
    manifest: dict[str, Any] = json.loads(text)
    _check_bytes(path, manifest)
    return manifest


def cvimodel_contents(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What a `.cvimodel` says of itself; its manifest and the vendor's runtime are not asked.

    Returns:
        `chip`, `format_version`, `name` of the network, `built` and `toolchain` (empty where the file does
        not say), `bytes`, `md5` (that the file carries) and `md5_fits`, `ion_bytes` (of memory, as the
        vendor's tool counts), `sections` (`kind`, `name`, `bytes`, `offset`, `compressed`), `weights` (how
        many tensors), `programs` (how many; the first one is described), `inputs` and `outputs` (names),
        `tensors` (`name`, `type`, `shape` of four sides, `scale`: of an input stored = value * scale, of
        another value = stored * scale, `pixels` or None, `aligned`).

    Raises:
        ModelError: the file cannot be read, is no `.cvimodel` or is damaged; one whose checksum alone does
            not fit is taken with FACECAP_CVIMODEL_UNCHECKED=1.
    """
    contents: dict[str, Any] = _core.cvimodel_contents(_model.core_path(path), _cvimodel.take_unchecked())
    return contents


def openable(path: Path) -> bool:
    """Whether the runtime that a model file needs is here; a `.cvimodel` needs the vendor's."""
    return path.suffix != ".cvimodel" or _cvimodel.runtime_is_here()


def _check_bytes(path: Path, manifest: Mapping[str, Any]) -> None:
    found, wanted = hashlib.sha256(path.read_bytes()).hexdigest(), manifest["file"]["sha256"]
    if found != wanted:
        raise ModelError(f"{path}: found the sha256 {found}, the manifest wants {wanted}")
