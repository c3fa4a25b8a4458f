"""Masks that are worn wrongly: below the nose, at the chin; what classifiers answer to them.

A classifier of two classes has no right answer to them: its answers are counted, not judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from facecap import MaskAnswers, crop_face
from facecap.evaluation.mask.sets import MADE, SEED, plain_set
from facecap.training.mask import draw as mask_draw
from facecap.training.mask.data import Face, Image, Patch, load_patch, read_more


@dataclass(frozen=True)
class WornSet:
    """Crops (N, 112, 112, 3) RGB of masks that are worn wrongly, and where each comes from."""

    name: str
    crops: Image
    origins: list[str]


def read_wrongly_worn(faces: Sequence[Face], more: Sequence[Path], split: str) -> list[WornSet]:
    """`below nose` and `at chin`, made of the faces of the split, then the real ones of the folders `more`.

    Every bare face with landmarks gets a mask of each kind, in turn a drawn one and that of a masked face;
    the same in every run. Nothing where there are no such faces.
    """
    sets = []
    for name, further in read_more(more, split, MADE).items():
        real = [face for face in further if face.incorrect]
        if real:
            shown = plain_set(name, split, real)
            sets.append(WornSet(shown.name, shown.crops, shown.origins))
    marked = [face for face in faces if face.landmarks is not None]
    donors = [p for p in (load_patch(face) for face in marked if face.masked) if p is not None]
    bare = [p for p in (load_patch(face) for face in marked if not face.masked) if p is not None]
    if not donors or not bare:
        return sets
    drawn = [_drawn(kind, bare, donors) for kind in mask_draw.WRONGLY_WORN]
    return [*drawn, *sets]


def _drawn(kind: str, bare: Sequence[Patch], donors: Sequence[Patch]) -> WornSet:
    rng, edge = np.random.default_rng(SEED), mask_draw.WRONGLY_WORN[kind]
    crops, origins = [], []
    for place, patch in enumerate(bare):
        image = np.array(patch.image)
        assert patch.landmarks is not None
        if place % 2:
            mask_draw.draw_mask(image, patch.landmarks, rng, edge)
        else:
            donor = donors[int(rng.integers(len(donors)))]
            mask_draw.lower_mask(image, patch.landmarks, donor, edge, rng)
        crops.append(crop_face(image, patch.box))
        origins.append(f"{patch.face.source}/{patch.face.path.name}")
    return WornSet(kind, np.stack(crops), origins)


def shares(said: MaskAnswers) -> dict[str, Any]:
    """`faces`, and the share of each answer."""
    words = Counter(said.answers)
    return {
        "faces": len(said),
        **{f"called {word}": count / len(said) for word, count in sorted(words.items())},
    }
