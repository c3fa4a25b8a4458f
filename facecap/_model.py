"""From a `model=` argument to an opened model, and where ONNX Runtime is."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from facecap import _core, _cvimodel, _registry
from facecap._checks import MOST_THREADS, check_whole
from facecap._registry import PRECISIONS
from facecap.errors import ModelError

ModelLike: TypeAlias = str | os.PathLike[str] | bytes | tuple[bytes, dict[str, Any]] | None
"""A path, a registry name, bytes of a registered model, bytes and their manifest; None for the default."""


def open_model(
    model: ModelLike,
    task: str,
    *,
    runtime: str = "auto",
    threads: int = 1,
    provider: str = "cpu",
    precision: str = "float32",
) -> tuple[_core.Model, Mapping[str, Any]]:
    """Open a model for a task; objects that open the same file share its weights.

    Args:
        model: what the user gave.
        task: "face_detection", "face_refinement", "mask", "face_embedding" or "classification".
        runtime: "auto", "onnx" or "cvimodel".
        threads: that compute one call.
        provider: what computes an `.onnx`: "cpu", "cuda", "openvino" or "coreml".
        precision: "float32" for the model as it is, "int8" for the file `_registry.in_precision` finds.

    Returns:
        The model and what is known of it: `path` (None for bytes), `runtime`, `runtime_version`,
        `manifest` (dict), `input_size` (width, height) of the network, `providers` (what computes: that
        asked for, then what takes the parts that it cannot), `precision`.

    Raises:
        ModelError: there is no such model, or it cannot be used, or the provider is not here.
        TypeError, ValueError: `model` is none of the above, `threads` is not 1 to 256, or another argument
            is not as above.
    """
    source = _source(model, task)
    if precision != PRECISIONS[0]:
        source = _file(_registry.in_precision(source["path"], precision))
    _core.set_onnxruntime_path(onnxruntime_path() or "")
    _core.set_cviruntime_path(_cvimodel.cviruntime_path() or "")
    opened = _core.open_model(
        **source,
        task=getattr(_core.Task, task),
        runtime=runtime,
        threads=check_whole("threads", threads, 1, MOST_THREADS),
        chip=_cvimodel.wanted_chip(),
        unchecked=_cvimodel.take_unchecked(),
        provider=provider,
    )
    manifest = json.loads(opened.manifest.removeprefix("\ufeff"))
    info = {
        "path": opened.path or None,
        "runtime": opened.runtime,
        "runtime_version": opened.runtime_version,
        "manifest": manifest,
        "input_size": (int(manifest["input"]["width"]), int(manifest["input"]["height"])),
        "providers": opened.providers,
        "precision": manifest.get("conversion", {}).get("precision", PRECISIONS[0]),
    }
    return opened, MappingProxyType(info)


def onnxruntime_path() -> str | None:
    """The file of ONNX Runtime's library: FACECAP_ONNXRUNTIME, or what the package `onnxruntime` installed.

    The package is not imported. None where neither is there.
    """
    configured = os.environ.get("FACECAP_ONNXRUNTIME")
    if configured:
        return configured
    spec = importlib.util.find_spec("onnxruntime")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for pattern in ("libonnxruntime.so*", "libonnxruntime*.dylib"):
            found = sorted((Path(folder) / "capi").glob(pattern))
            if found:
                return str(found[0])
    return None


def _source(model: ModelLike, task: str) -> dict[str, Any]:
    if model is None:
        return _file(_registry.default(task).path)
    if isinstance(model, bytes):
        return _bytes(model, _registry.manifest_of(hashlib.sha256(model).hexdigest()))
    if isinstance(model, tuple) and list(map(type, model)) == [bytes, dict]:
        return _bytes(model[0], json.dumps(model[1]))
    if isinstance(model, os.PathLike):
        return _file(model)
    if isinstance(model, str):
        return _file(model if _is_path(model) else _registry.find(model).path)
    raise TypeError(
        f"model: found {type(model).__name__}, wanted a path, a registry name, bytes, (bytes, dict) or None"
    )


def _is_path(model: str) -> bool:
    return Path(model).suffix in _registry.SUFFIXES or os.sep in model or Path(model).is_file()


def core_path(path: str | os.PathLike[str]) -> str:
    """A path as the core takes it.

    Raises:
        ModelError: it is no UTF-8, or has a NUL byte.
    """
    name = os.fspath(path)
    if "\0" in name:  # it would end the name, and another file be opened
        raise ModelError(f"{name!r}: no file has such a name: it has a NUL byte")
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise ModelError(f"{name!r}: a file name that is no UTF-8: rename the file") from error
    return name


def _file(path: str | os.PathLike[str]) -> dict[str, Any]:
    return {"path": core_path(path), "bytes": b"", "manifest": ""}


def _bytes(model: bytes, manifest: str | None) -> dict[str, Any]:
    if manifest is None:
        raise ModelError(
            f"a model given as {len(model)} bytes is none of the registered ones: give (bytes, manifest), "
            "the manifest as a dictionary"
        )
    return {"path": "", "bytes": model, "manifest": manifest}
