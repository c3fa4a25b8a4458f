"""A trained classifier as a model file: its name, its ONNX and the manifest beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from facecap.conversion.export_run import export_run
from facecap.training.recipe import Recipe


def head_only(recipe: Recipe) -> str:
    """In words, where the backbone is frozen."""
    if not recipe.freeze_backbone:
        return ""
    kept = f", from the kept features of {recipe.cache_features} passes" * (recipe.cache_features is not None)
    return f"Only the head learns{kept}; statistics of batch norm stay. "


def stem(task: str, network: str) -> str:
    """The name of the file: task and network, whose size is left out where there is one alone."""
    return f"{task}_{network.removesuffix('_1.0x')}"


def export(model: nn.Module, path: Path, manifest: Mapping[str, Any]) -> None:
    """Write the model to `path` (`.onnx`) and its manifest beside it, as is done for its checkpoint."""
    export_run({"model": model.state_dict(), "manifest": manifest}, path, path, {})
