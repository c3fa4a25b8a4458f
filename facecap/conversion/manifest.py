"""Writes a model file and the manifest beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from facecap._files import write_atomic
from facecap.errors import FacecapError

SECTIONS = {
    "face_detection": "detector",
    "mask": "classifier",
    "face_refinement": "refiner",
    "face_embedding": "embedder",
    "classification": "classifier",
}
REQUIRED = ("name", "task", "architecture", "input", "outputs", "licence", "origin")


def file_entry(data: bytes) -> dict[str, Any]:
    """The `file` section of a manifest for these bytes."""
    return {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


def write_model(path: Path, data: bytes, manifest: Mapping[str, Any]) -> Path:
    """Write the model to `path` (`.onnx`) and its manifest beside it (`.json`); returns the manifest's path.

    `manifest` is everything but `schema` and `file`, which are added here.
    """
    section = SECTIONS.get(manifest.get("task", ""))
    missing = [key for key in (*REQUIRED, section or "task") if key not in manifest]
    if missing or section is None:
        raise FacecapError(f"{path}: a manifest needs {', '.join(missing)}; see docs/manifest.md")
    complete = {"schema": 1, **manifest, "file": file_entry(data)}
    write_atomic(path, data)
    beside = path.with_suffix(".json")
    write_atomic(beside, (json.dumps(complete, indent=2, ensure_ascii=False) + "\n").encode())
    return beside


def update_manifest(path: Path, changes: Mapping[str, Any]) -> None:
    """Replace some keys of a written manifest, `figures` after an evaluation for one."""
    manifest = json.loads(path.read_text(encoding="utf-8-sig"))
    write_atomic(path, (json.dumps({**manifest, **changes}, indent=2, ensure_ascii=False) + "\n").encode())
