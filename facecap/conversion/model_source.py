"""What a user calls a model, as one that the package opens."""

from __future__ import annotations

import hashlib
from pathlib import Path

from facecap._extra import extra_for

CHECKPOINTS = (".pt", ".pth", ".tar")


def as_model(model: str | Path | None, folder: Path) -> str | Path | None:
    """A checkpoint of torch as an ONNX file with its manifest, made in `folder`; everything else as it is.

    Args:
        model: a model file, a name of the registry, None for the default, or a checkpoint: the `best.pt` of a
            training run, a RetinaFace in the published layout, or MobileFaceNet.
        folder: made where it is missing; checkpoints of the same name get files of their own.

    Raises:
        CheckpointError: the checkpoint is of another kind; the text says what it is.
        ConversionError: the model would not answer like its network.
        FacecapError: a package of the extra `train` is missing.
    """
    if model is None or Path(model).suffix not in CHECKPOINTS:
        return model
    with extra_for(str(model)):
        from facecap.conversion.import_model import import_model

        path = Path(model).resolve()
        out = folder / f"{path.stem}-{hashlib.sha256(str(path).encode()).hexdigest()[:8]}.onnx"
        import_model(path, out)
    return out
