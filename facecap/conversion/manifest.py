"""Writes a model file and the manifest beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from facecap import _core
from facecap._files import write_atomic


def file_entry(data: bytes) -> dict[str, Any]:
    """The `file` section of a manifest for these bytes."""
    return {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


def write_model(path: Path, data: bytes, manifest: Mapping[str, Any]) -> Path:
    """Write the model to `path` (`.onnx`) and its manifest beside it (`.json`); returns the manifest's path.

    `manifest` is everything but `schema` and `file`, which are added here.

    Raises:
        ModelError: the manifest breaks a rule; nothing is written.
    """
    beside = path.with_suffix(".json")
    text = _checked({"schema": 1, **manifest, "file": file_entry(data)}, beside)
    write_atomic(path, data)
    write_atomic(beside, text)
    return beside


def update_manifest(path: Path, changes: Mapping[str, Any]) -> None:
    """Replace some keys of a written manifest, `figures` after an evaluation for one.

    Raises:
        ModelError: the changed manifest would break a rule; the file stays as it is.
    """
    manifest = json.loads(path.read_text(encoding="utf-8-sig"))
    write_atomic(path, _checked({**manifest, **changes}, path))


def _checked(manifest: Mapping[str, Any], path: Path) -> bytes:
    """The manifest as text, by the rules of the core."""
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    _core.parse_manifest(text, str(path))
    return text.encode()
