"""How often collections of pictures train a detector, and which keep some to choose by."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from facecap.training.run import TrainingError

FILE = "shares.json"  # in the folder of photographs


@dataclass(frozen=True)
class Share:
    """`share`: chance to be drawn, relative to others; `held_out`: whether some are kept from training."""

    share: float = 0.05
    held_out: bool = True

    def __post_init__(self) -> None:
        if type(self.share) not in (int, float) or not 0 < self.share < math.inf:
            raise ValueError(f"share: wanted a number above 0, found {self.share!r}")
        if type(self.held_out) is not bool:
            raise ValueError(f"held_out: wanted true or false, found {self.held_out!r}")


PACK = {
    "rmfd": Share(0.22),
    "fddb": Share(0.16),
    "udacity": Share(0.04, held_out=False),
    "with_mask": Share(0.12, held_out=False),
    "without_mask": Share(0.05, held_out=False),
}
PHOTOS = {
    "wider_train": Share(1.0),
    "mask_groups": Share(0.25),
    "sports": Share(0.25),
    "msed": Share(0.12),
    "masked_whn": Share(0.06),
    "textures": Share(0.06, held_out=False),
    "flickr8k": Share(0.2),
    "gaze": Share(0.1),
    "coco": Share(0.08),
    "people": Share(0.06),
    "fashion": Share(0.05, held_out=False),  # near copies, as in street: no part of them is unseen
    "street": Share(0.06, held_out=False),
    "clothing": Share(0.06),
}


def read_shares(photos: Path | None) -> Mapping[str, Share]:
    """The shares by the name of a collection: those above, and what `shares.json` says in their place.

    Raises:
        TrainingError: the file is not `{NAME: {"share": NUMBER, "held_out": BOOL}}`, one of both left out
            where it stays 0.05 or true.
    """
    path = None if photos is None else photos / FILE
    if path is None or not path.is_file():
        return {**PACK, **PHOTOS}
    try:
        given = {
            name: Share(**entry) for name, entry in json.loads(path.read_text(encoding="utf-8-sig")).items()
        }
    except (ValueError, TypeError, AttributeError) as error:
        raise TrainingError(
            f'{path}: {error}; wanted {{"NAME": {{"share": 0.1, "held_out": true}}}}, an entry a collection'
        ) from error
    return {**PACK, **PHOTOS, **given}
