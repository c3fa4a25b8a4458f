"""What a user calls a model, as one that the package opens."""

from __future__ import annotations

import hashlib
from pathlib import Path

from facecap._extra import extra_for

CHECKPOINTS = (".pt", ".pth", ".tar")


def foreign(path: Path) -> bool:
    """Whether a file must be imported before it is opened: a checkpoint, or ONNX without a manifest beside
    it."""
    bare = path.suffix == ".onnx" and path.is_file() and not path.with_suffix(".json").exists()
    return path.suffix in CHECKPOINTS or bare


def as_model(model: str | Path | None, folder: Path) -> str | Path | None:
    """What others trained as an ONNX file with its manifest, made in `folder`; everything else as it is.

    Args:
        model: a model file, a name of the registry, None for the default, or what `import_model` takes: the
            `best.pt` of a training run, a RetinaFace in the published layout, MobileFaceNet, YuNet or SCRFD.
        folder: made where it is missing; files of the same name get files of their own.

    Raises:
        CheckpointError, ConversionError: the file is of another kind; the text says what it is.
        FacecapError: a package of the extra `train` is missing.
    """
    if model is None or not foreign(Path(model)):
        return model
    with extra_for(str(model)):
        from facecap.conversion.import_model import import_model

        path = Path(model).resolve()
        out = folder / f"{path.stem}-{hashlib.sha256(str(path).encode()).hexdigest()[:8]}.onnx"
        import_model(path, out)
    return out
