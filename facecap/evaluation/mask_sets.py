"""The pictures that a mask classifier is measured on, cut as the pipeline cuts them."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap import crop_face
from facecap.training import mask_draw
from facecap.training.mask_data import (
    Face,
    Image,
    Patch,
    face_box,
    load_patch,
    read_faces,
    read_rgb,
    tight_box,
)
from facecap.training.mask_occlude import occlude
from facecap.training.occluders import Occluder, read_occluders

SEED = 2011
WAYS = ("hand", "object", "cover", "beard", "dark", "tiny")


@dataclass(frozen=True)
class MaskSet:
    """Crops (N, 112, 112, 3) RGB, whether each shows a mask, and where it comes from."""

    name: str
    split: str
    crops: Image
    masked: NDArray[np.bool_]
    origins: list[str]


def read_sets(data: Path, split: str, occluders: Path | None = None) -> list[MaskSet]:
    """`mask`, then `fddb`, `udacity` and `rmfd` where they are, then `hard`, made from all of them, then
    `occluded` where there is a folder of `facecap train mask-occluders`.

    FDDB comes twice: with its own boxes, which bound head ellipses, and as `fddb tight` with boxes like those
    of a detector.
    """
    faces = read_faces(data, split)
    sets = []
    for name in ("mask", "fddb", "udacity", "rmfd"):
        chosen = [face for face in faces if face.source == name]
        if chosen:
            sets.append(_plain_set(name, split, chosen))
    tight = [replace(f, box=tight_box(f.box)) for f in faces if f.source == "fddb" and f.box is not None]
    if tight:
        sets.append(_plain_set("fddb tight", split, tight))
    sets.append(_hard_set(split, faces))
    if occluders is not None:
        sets.append(_occluded_set(split, faces, read_occluders(occluders, "val")))
    return sets


def _plain_set(name: str, split: str, faces: list[Face]) -> MaskSet:
    rows = []
    for face in faces:
        image = read_rgb(face.path)
        if image is None:
            continue
        try:
            rows.append((crop_face(image, face_box(face, image)), face.masked, _origin(face)))
        except ValueError as error:
            print(f"facecap: left out {face.path}: {error}", file=sys.stderr)
    return _collect(name, split, rows)


def _hard_set(split: str, faces: list[Face]) -> MaskSet:
    """Bare faces behind drawn things, and faces of both kinds dark or tiny; the same in every run."""
    rng = np.random.default_rng(SEED)
    patches = [patch for patch in map(load_patch, faces) if patch is not None]
    rows = []
    for place, patch in enumerate(patches):
        drawable = patch.landmarks is not None and not patch.face.masked
        way = WAYS[int(rng.integers(0 if drawable else 4, len(WAYS)))]
        if way == "dark":
            crop = _dark(crop_face(patch.image, patch.box), rng)
        elif way == "tiny":
            crop = _tiny(patch, rng)
        else:
            texture = patches[int(rng.integers(len(patches)))].image
            crop = crop_face(_hidden(patch, way, texture, rng), patch.box)
        rows.append((crop, patch.face.masked, f"{_origin(patch.face)} {way} {place}"))
    return _collect("hard", split, rows)


def _occluded_set(split: str, faces: list[Face], things: list[Occluder]) -> MaskSet:
    """Every face with landmarks behind a real thing that training did not see; masks stay in sight."""
    rng = np.random.default_rng(SEED)
    kinds = {kind: [t for t in things if t.kind == kind] for kind in sorted({t.kind for t in things})}
    rows = []
    for place, patch in enumerate(filter(None, map(load_patch, faces))):
        if patch.landmarks is None:
            continue
        kind = list(kinds)[int(rng.integers(len(kinds)))]
        thing = kinds[kind][int(rng.integers(len(kinds[kind])))]
        image = np.array(patch.image)
        occlude(image, patch.landmarks, thing, rng, low=patch.face.masked)
        rows.append((crop_face(image, patch.box), patch.face.masked, f"{_origin(patch.face)} {kind} {place}"))
    return _collect("occluded", split, rows)


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


def _tiny(patch: Patch, rng: np.random.Generator) -> Image:
    x1, y1, x2, y2 = patch.box
    scale = min(1.0, float(rng.uniform(14, 22)) / min(x2 - x1, y2 - y1))
    size = (max(4, round(patch.image.shape[1] * scale)), max(4, round(patch.image.shape[0] * scale)))
    small = np.asarray(cv2.resize(patch.image, size, interpolation=cv2.INTER_AREA), np.uint8)
    return crop_face(small, (x1 * scale, y1 * scale, x2 * scale, y2 * scale))


def _origin(face: Face) -> str:
    return f"{face.source}/{face.path.name}"


def _collect(name: str, split: str, rows: list[tuple[Image, bool, str]]) -> MaskSet:
    crops, masked, origins = zip(*rows, strict=True)
    return MaskSet(name, split, np.stack(crops), np.array(masked), list(origins))
