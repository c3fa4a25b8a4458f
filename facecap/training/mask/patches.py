"""The pictures around many faces, read as they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np

from facecap.training.cache import Bytes, CachedReader, SharedCache
from facecap.training.mask.data import SMALLEST_BOX, Face, Patch, load_patch, shorter_side
from facecap.training.run import TrainingError

HEAD = np.dtype([("size", np.int32, 2), ("box", np.float64, 4), ("landmarks", np.float32, (5, 2))])


class Patches(Sequence[Patch]):
    """A patch a face. In the place of one that cannot be read, which is named on standard error, stands
    another of the same label that has landmarks, or has none, as the face has."""

    def __init__(self, faces: Sequence[Face], megabytes: float) -> None:
        """`megabytes`: of memory for what was read, as many faces as fit. Where none of a label with
        landmarks can be read, or none without, these faces are left out."""
        self.faces = list(faces)
        self._reader = self._open(megabytes)
        lost = set(self._reader.lost_kinds())
        if lost:
            self.faces = [face for face in self.faces if _kind(face) not in lost]
            self._reader = self._open(megabytes)

    def _open(self, megabytes: float) -> CachedReader:
        kinds = [_kind(face) for face in self.faces]
        return CachedReader(self._packed, kinds, SharedCache(len(kinds), megabytes))

    def __len__(self) -> int:
        return len(self.faces)

    @overload
    def __getitem__(self, place: int) -> Patch: ...
    @overload
    def __getitem__(self, place: slice) -> list[Patch]: ...
    def __getitem__(self, place: int | slice) -> Patch | list[Patch]:
        """The picture of a patch is not to be written on: the cache may hold it."""
        if isinstance(place, slice):
            return [self[index] for index in range(*place.indices(len(self)))]
        chosen, data = self._reader.get_or_next(range(len(self))[place])
        return _unpacked(self.faces[chosen], data)

    def get(self, place: int) -> Patch | None:
        """The patch of this face and no other; None where it cannot be read."""
        data = self._reader.get(place)
        return None if data is None else _unpacked(self.faces[place], data)

    def readable(self) -> list[Face]:
        """The faces without those that could not be read up to now."""
        return [face for face, good in zip(self.faces, self._reader.readable().tolist(), strict=True) if good]

    def _packed(self, index: int) -> Bytes | None:
        patch = load_patch(self.faces[index])
        if patch is None:
            return None
        head = np.zeros(1, HEAD)
        head["size"], head["box"] = patch.image.shape[:2], patch.box
        if patch.landmarks is not None:
            head["landmarks"] = patch.landmarks
        return np.concatenate([head.view(np.uint8), patch.image.reshape(-1)])


def _kind(face: Face) -> int:
    return 2 * (face.masked + 2 * face.incorrect) + (face.landmarks is not None)


def _unpacked(face: Face, data: Bytes) -> Patch:
    head = data[: HEAD.itemsize].view(HEAD)[0]
    height, width = head["size"].tolist()
    x1, y1, x2, y2 = head["box"].tolist()
    landmarks = None if face.landmarks is None else np.array(head["landmarks"])
    return Patch(face, data[HEAD.itemsize :].reshape(height, width, 3), (x1, y1, x2, y2), landmarks)


def training_patches(faces: Sequence[Face], megabytes: float) -> Patches:
    """Of the faces that are large enough to show something; `megabytes` as of `Patches`.

    Raises:
        TrainingError: of a label, no face can be read.
    """
    large = [face for face in faces if face.box is None or shorter_side(face.box) >= SMALLEST_BOX]
    patches = Patches(large, megabytes)
    for masked, name in ((True, "masked"), (False, "bare")):
        if all(face.masked != masked for face in patches.faces):
            raise TrainingError(f"no {name} face can be read of the {len(faces)} that are listed")
    return patches


def check_landmarks(faces: Sequence[Face], split: str) -> None:
    """Nothing where masks that are worn wrongly can be drawn, on bare faces and from masked ones.

    Raises:
        TrainingError: no face of one of the labels has landmarks; the text has both counts.
    """
    marked = [face for face in faces if face.landmarks is not None and not face.incorrect]
    masked = sum(face.masked for face in marked)
    bare = len(marked) - masked
    if not masked or not bare:
        raise TrainingError(
            f"--incorrect: wanted bare and masked faces with landmarks in the split {split}, to draw masks "
            f"worn wrongly; found {bare} bare and {masked} masked ones of {len(faces)} faces"
        )


def faces_of(patches: Sequence[Patch]) -> list[Face]:
    """The face of each patch, for which no picture has to be read."""
    return patches.faces if isinstance(patches, Patches) else [patch.face for patch in patches]
