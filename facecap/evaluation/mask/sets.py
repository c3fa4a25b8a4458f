"""The pictures that a mask classifier is measured on, cut as the pipeline cuts them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap import crop_face, face_pose
from facecap.errors import FacecapError
from facecap.training.mask import draw as mask_draw
from facecap.training.mask.class_folders import AS_FOUND, ClassFolders, read_labelled
from facecap.training.mask.data import (
    Face,
    Image,
    Patch,
    face_box,
    load_patch,
    read_more,
    read_rgb,
    shorter_side,
    tight_box,
)
from facecap.training.mask.occlude import occlude
from facecap.training.mask.occluders import Occluder, read_occluders
from facecap.training.mask.patches import Patches

SEED = 2011
KEPT = 512  # MB of patches in memory
WAYS = ("hand", "object", "cover", "beard", "dark", "tiny")
TIGHT, PLAIN, HARD, OCCLUDED = "fddb tight", "plain", "hard", "occluded"
MADE = (TIGHT, PLAIN, HARD, OCCLUDED, *mask_draw.WRONGLY_WORN)  # sets that are made of those of --data
VISIBLE = 8  # levels of 255 by which a covered pixel differs
SIDE_YAW = 30.0  # degrees from which a face is a side view


@dataclass(frozen=True)
class View:
    """How a face is seen: shorter side of its box in pixels of the picture, yaw in degrees, what makes it
    hard ("" for nothing), and the share of the lower face that this covers. nan: not known."""

    size: float = float("nan")
    yaw: float = float("nan")
    kind: str = ""
    covered: float = float("nan")


class Example(NamedTuple):
    """One face of a set: its crop, 112x112 RGB, whether it shows a mask, where it comes from."""

    crop: Image
    masked: bool
    origin: str
    view: View


@dataclass(frozen=True)
class MaskSet:
    """Crops (N, 112, 112, 3) RGB, whether each shows a mask, where it comes from and how it is seen; no views
    where nothing is known of them."""

    name: str
    split: str
    crops: Image
    masked: NDArray[np.bool_]
    origins: list[str]
    views: tuple[View, ...] = ()


def read_sets(
    data: Path,
    split: str,
    occluders: Path | None = None,
    how: ClassFolders = AS_FOUND,
    more: Sequence[Path] = (),
) -> list[MaskSet]:
    """`mask`, then `fddb`, `udacity` and `rmfd` where they are, then `hard`, made from all of them, then
    `occluded` where there is a folder of `facecap train mask-occluders`.

    FDDB comes twice: with its own boxes, which bound head ellipses, and as `fddb tight` with boxes like those
    of a detector. The faces of two class folders, which are read as `how` says, are the set `mask`. Last come
    the faces of `more`, folders of `facecap train mask-faces`, each by its name. No sets where class folders
    have no calib/.
    """
    further = read_more(more, split, MADE)
    faces = read_labelled(data, split, how)
    if not faces:
        return []
    sets = []
    for name in ("mask", "fddb", "udacity", "rmfd"):
        chosen = [face for face in faces if face.source == name]
        if chosen:
            sets.append(plain_set(name, split, chosen))
    tight = [replace(f, box=tight_box(f.box)) for f in faces if f.source == "fddb" and f.box is not None]
    if tight:
        sets.append(plain_set(TIGHT, split, tight))
    sets.append(_hard_set(split, faces))
    if occluders is not None:
        sets.append(_occluded_set(split, faces, read_occluders(occluders, "val")))
    for name, found in further.items():
        chosen = [face for face in found if not face.incorrect]
        if chosen:
            sets.append(plain_set(name, split, chosen))
    return sets


def plain_set(name: str, split: str, faces: list[Face]) -> MaskSet:
    """The faces as they are; what cannot be read or cut is named on standard error."""
    examples = []
    for face in faces:
        image = read_rgb(face.path)
        if image is None:
            continue
        box = face_box(face, image)
        try:
            crop = crop_face(image, box)
        except ValueError as error:
            print(f"facecap: left out {face.path}: {error}", file=sys.stderr)
            continue
        examples.append(Example(crop, face.masked, _origin(face), View(shorter_side(box), _yaw(face))))
    return _collect(name, split, examples)


def _hard_set(split: str, faces: list[Face]) -> MaskSet:
    """Bare faces behind drawn things, faces of both kinds dark or tiny, and side views as they are; the same
    in every run."""
    rng = np.random.default_rng(SEED)
    patches = Patches(faces, KEPT)
    examples = []
    for place in range(len(patches)):
        patch = patches.get(place)
        if patch is None:
            continue
        drawable = patch.landmarks is not None and not patch.face.masked
        way = WAYS[int(rng.integers(0 if drawable else 4, len(WAYS)))]
        size, covered = _size(patch), float("nan")
        if way == "dark":
            crop = _dark(crop_face(patch.image, patch.box), rng)
        elif way == "tiny":
            crop, size = _tiny(patch, rng)
        else:
            texture = patches[int(rng.integers(len(patches)))].image
            image = _hidden(patch, way, texture, rng)
            crop, covered = crop_face(image, patch.box), _covered(patch, image)
        examples.append(_example(patch, crop, place, View(size, _yaw(patch.face), way, covered)))
    for place, face in enumerate(patches.faces):
        if abs(_yaw(face)) >= SIDE_YAW and (patch := patches.get(place)) is not None:
            crop = crop_face(patch.image, patch.box)
            examples.append(_example(patch, crop, place, View(_size(patch), _yaw(patch.face), "side")))
    return _collect(HARD, split, examples)


def _occluded_set(split: str, faces: list[Face], things: list[Occluder]) -> MaskSet:
    """Every face with landmarks behind a real thing that training did not see; masks stay in sight."""
    rng = np.random.default_rng(SEED)
    kinds = {kind: [t for t in things if t.kind == kind] for kind in sorted({t.kind for t in things})}
    examples = []
    for place, patch in enumerate(filter(None, map(load_patch, faces))):
        if patch.landmarks is None:
            continue
        kind = list(kinds)[int(rng.integers(len(kinds)))]
        thing = kinds[kind][int(rng.integers(len(kinds[kind])))]
        image = np.array(patch.image)
        occlude(image, patch.landmarks, thing, rng, low=patch.face.masked)
        view = View(_size(patch), _yaw(patch.face), kind, _covered(patch, image))
        examples.append(_example(patch, crop_face(image, patch.box), place, view))
    return _collect(OCCLUDED, split, examples)


def _example(patch: Patch, crop: Image, place: int, view: View) -> Example:
    return Example(crop, patch.face.masked, f"{_origin(patch.face)} {view.kind} {place}", view)


def _covered(patch: Patch, image: Image) -> float:
    """Share of the lower face in which `image` differs from the patch; nan where it lies outside."""
    assert patch.landmarks is not None
    lower = np.zeros(image.shape[:2], np.uint8)
    outline = mask_draw.bring(mask_draw.LOWER_FACE, mask_draw.template_to(patch.landmarks))
    cv2.fillPoly(lower, [np.round(outline).astype(np.int32)], 1)
    changed = cv2.absdiff(image, patch.image).max(2) > VISIBLE
    return float(changed[lower > 0].mean()) if lower.any() else float("nan")


def _hidden(patch: Patch, way: str, texture: Image, rng: np.random.Generator) -> Image:
    image = np.array(patch.image)
    assert patch.landmarks is not None
    if way == "hand":
        mask_draw.draw_hand(image, patch.landmarks, rng)
    elif way == "object":
        mask_draw.draw_object(image, patch.landmarks, texture[: len(texture) // 2], rng)
    elif way == "cover":
        mask_draw.draw_cover(image, patch.landmarks, texture[len(texture) // 2 :], rng.uniform(85, 118), rng)
    else:
        mask_draw.draw_beard(image, patch.landmarks, rng)
    return image


def _dark(crop: Image, rng: np.random.Generator) -> Image:
    dim = crop * rng.uniform(0.1, 0.3) + rng.normal(0, 4, crop.shape)
    return np.asarray(np.clip(dim, 0, 255), np.uint8)


def _tiny(patch: Patch, rng: np.random.Generator) -> tuple[Image, float]:
    """The face at 14 to 22 px, and how large it is then."""
    x1, y1, x2, y2 = patch.box
    scale = min(1.0, float(rng.uniform(14, 22)) / min(x2 - x1, y2 - y1))
    size = (max(4, round(patch.image.shape[1] * scale)), max(4, round(patch.image.shape[0] * scale)))
    small = np.asarray(cv2.resize(patch.image, size, interpolation=cv2.INTER_AREA), np.uint8)
    box = (x1 * scale, y1 * scale, x2 * scale, y2 * scale)
    return crop_face(small, box), shorter_side(box)


def _size(patch: Patch) -> float:
    return shorter_side(patch.face.box or patch.box)


def _yaw(face: Face) -> float:
    return float("nan") if face.landmarks is None else face_pose(face.landmarks)[0]


def _origin(face: Face) -> str:
    return f"{face.source}/{face.path.name}"


def _collect(name: str, split: str, examples: list[Example]) -> MaskSet:
    if not examples:
        raise FacecapError(f"the set {name!r} of the split {split!r} has no picture that can be used")
    crops, masked, origins, views = zip(*examples, strict=True)
    return MaskSet(name, split, np.stack(crops), np.array(masked), list(origins), views)
