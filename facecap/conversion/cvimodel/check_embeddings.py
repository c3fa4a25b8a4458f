"""An embedder's figures on faces that no run learns from."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecap import Embedder, align_face
from facecap.conversion.cvimodel.answers import Arrays, Evaluation, answers_of, evenly_readable
from facecap.conversion.cvimodel.judge import Figures
from facecap.conversion.cvimodel.steps import Steps, hash_of
from facecap.conversion.equality import ConversionError
from facecap.evaluation.embedder.verification import cosines
from facecap.models import manifest_text
from facecap.training.mask.class_folders import ClassFolders
from facecap.training.mask.data import Face, is_pack, read_faces, read_rgb

Vectors = NDArray[np.float32]


def check_embeddings(
    steps: Steps, models: Mapping[str, Path], faces: Sequence[Face], tell: Callable[[str], None]
) -> Evaluation:
    """What each model keeps of the first one's vectors of `faces` and of its answers to pairs of them."""
    manifest = json.loads(manifest_text(next(iter(models.values()))))
    wanted: Vectors | None = None
    figures: dict[str, Figures] = {}
    for name, path in models.items():
        chunks = answers_of(steps, path, faces, _name, _answerer(path), tell)
        found = np.concatenate([chunk["vectors"] for chunk in chunks])
        wanted = found if wanted is None else wanted
        figures[name] = measure(wanted, found, manifest["embedder"]["same_person"])
    sources = sorted({face.source for face in faces})
    return Evaluation(f"val of {', '.join(sources)}, aligned", len(faces), figures)


def draw_aligned(manifest: Mapping[str, Any], data: Path, count: int, how: ClassFolders) -> list[Face]:
    """`count` faces of the split `val` that have landmarks, the sources in turn; what cannot be read is named
    on standard error, and others stand in.

    Raises:
        FacecapError: the folder has no labelled faces, or there are no two with landmarks.
    """
    if not is_pack(data):
        raise ConversionError(
            f"{data} has no mask/index.csv: an embedder is checked on labelled faces with landmarks; give a "
            "folder that has it, or --check 0"
        )
    groups: dict[str, list[Face]] = {}
    for face in read_faces(data, "val"):
        if face.landmarks is not None:
            groups.setdefault(face.source, []).append(face)
    faces = evenly_readable(list(groups.values()), count, lambda face: read_rgb(face.path) is not None)
    if len(faces) < 2:
        raise ConversionError(f"{data}: the split val wants two faces with landmarks or more")
    return faces


def measure(wanted: Vectors, found: Vectors, same_person: float) -> Figures:
    """Figures of one model's unit vectors (N, D); `wanted` are those of the float model. A pair of faces is
    answered by whether its cosine reaches `same_person`."""
    kept = cosines(wanted, found)
    pairs = np.triu_indices(len(wanted), 1)
    answers = [(vectors @ vectors.T)[pairs] >= same_person for vectors in (wanted, found)]
    return {
        "cosine": float(kept.mean()),
        "lowest cosine": float(kept.min()),
        "pairs answered alike": float((answers[0] == answers[1]).mean()),
    }


def _answerer(path: Path) -> Callable[[Sequence[Face]], Arrays]:
    opened: list[Embedder] = []

    def answer(faces: Sequence[Face]) -> Arrays:
        if not opened:
            opened.append(Embedder(path))
        side = opened[0].info["manifest"]["input"]["width"]
        crops = []
        for face in faces:
            image = read_rgb(face.path)
            if image is None or face.landmarks is None:
                raise ConversionError(f"{face.path}: not a readable picture")
            crops.append(align_face(image, face.landmarks, side))
        return {"vectors": opened[0].embed(np.stack(crops), color="rgb")}

    return answer


def _name(face: Face) -> str:
    return f"{hash_of(face.path.read_bytes())} {face.landmarks}"
