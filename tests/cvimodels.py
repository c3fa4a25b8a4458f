"""The `.cvimodel` files of `tests/data/cvimodel` with their manifests, and processes to open bad ones in."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent / "data" / "cvimodel"
WIDTH, HEIGHT = 20, 12


def manifest(
    data: bytes, chip: str | None = "cv182x", color: str = "rgb", raw: bool = False
) -> dict[str, Any]:
    """A manifest of the network of that folder. `raw`: it normalises pixels itself."""
    out = {
        "schema": 1,
        "name": "tiny-classes",
        "architecture": "two layers",
        "task": "classification",
        "file": {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)},
        "input": {
            "name": "image",
            "width": WIDTH,
            "height": HEIGHT,
            "fit": "fixed",
            "color": color,
            "mean": [0, 0, 0] if raw else [127.5] * 3,
            "std": [1, 1, 1] if raw else [127.5] * 3,
        },
        "outputs": [{"role": "logits", "name": "logits"}],
        "classifier": {"output": "softmax", "classes": ["cat", "dog", "horse"]},
        "licence": "MIT",
        "origin": "made for the tests",
    }
    return {**out, "chip": chip} if chip else out


def write(folder: Path, data: bytes, description: dict[str, Any], name: str = "tiny.cvimodel") -> Path:
    """Put a model and its manifest into a folder; returns the model's path."""
    path = folder / name
    path.write_bytes(data)
    path.with_suffix(".json").write_text(json.dumps(description))
    return path


def stored(name: str) -> bytes:
    """The bytes of one of the files."""
    return (FOLDER / f"{name}.cvimodel").read_bytes()


def process(code: str, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
