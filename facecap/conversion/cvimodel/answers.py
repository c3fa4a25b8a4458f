"""Answers of models to evaluation pictures, kept in chunks, so that an interruption loses little: the
simulator takes a second a picture."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from itertools import zip_longest
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from facecap.conversion.cvimodel.judge import Figures
from facecap.conversion.cvimodel.steps import Steps

Item = TypeVar("Item")
Arrays = dict[str, NDArray[Any]]
Tell = Callable[[str], None]
FLOAT = "float"  # what the float model is called among figures
CHUNK = 20  # pictures
ANSWERED_BY = (
    "file",
    "input",
    "outputs",
    "detector",
    "refiner",
    "classifier",
)  # what of a manifest changes answers


@dataclass(frozen=True)
class Evaluation:
    """Figures of each model, the float one first, on `count` pictures of `dataset`; or the `problem` that
    left none. `measure` is the figure, more being better, whose fall is the loss."""

    dataset: str = ""
    count: int = 0
    figures: Mapping[str, Figures] | None = None
    problem: str = ""
    measure: str = ""

    def loss(self, model: str) -> float | None:
        """By how much `measure` of the model lies below the float model's; below 0 where it is above it, None
        without figures."""
        if self.figures is None:
            return None
        return self.figures[FLOAT][self.measure] - self.figures[model][self.measure]


def evenly(groups: Sequence[Sequence[Item]], count: int) -> list[Item]:
    """`count` items, one of each group in turn, each group's spread over its whole length; more from others
    where a group is short."""
    shares = [len(group) for group in groups]
    while sum(shares) > count:
        shares[shares.index(max(shares))] -= 1
    spread = [
        [group[place * len(group) // share] for place in range(share)]
        for group, share in zip(groups, shares, strict=True)
    ]
    return [item for turn in zip_longest(*spread) for item in turn if item is not None]


def evenly_readable(
    groups: Sequence[Sequence[Item]], count: int, readable: Callable[[Item], bool]
) -> list[Item]:
    """As `evenly`, without the items that are not `readable`, in whose place others are chosen."""
    places = [[(place, number) for number in range(len(group))] for place, group in enumerate(groups)]

    @cache
    def sound(place: tuple[int, int]) -> bool:
        return readable(groups[place[0]][place[1]])

    while True:
        chosen = evenly(places, count)
        if all(sound(place) for place in chosen):
            return [groups[group][number] for group, number in chosen]
        damaged = {place for place in chosen if not sound(place)}
        places = [[place for place in own if place not in damaged] for own in places]


def answers_of(
    steps: Steps,
    model: Path,
    items: Sequence[Item],
    named: Callable[[Item], str],
    answer: Callable[[Sequence[Item]], Arrays],
    tell: Tell,
) -> list[Arrays]:
    """What a model answers to the items, a dictionary of arrays a chunk.

    Args:
        steps: keeps the chunks.
        model: the file, which has its manifest beside it.
        items: the pictures.
        named: a name that no other picture has, by its content.
        answer: runs the model on a chunk.
        tell: called with how far it is, a line each.
    """
    manifest = json.loads(model.with_suffix(".json").read_text(encoding="utf-8-sig"))
    described = {key: value for key, value in manifest.items() if key in ANSWERED_BY}
    chunks = []
    for start in range(0, len(items), CHUNK):
        chunk = items[start : start + CHUNK]
        made_from = {
            "facecap": version("facecap"),
            "model": described,
            "items": [named(item) for item in chunk],
        }

        def make(folder: Path, chunk: Sequence[Item] = chunk) -> None:
            np.savez(folder / "answers.npz", **answer(chunk))  # type: ignore[arg-type]

        folder = steps.made("answered", made_from, make)
        with np.load(folder / "answers.npz") as found:
            chunks.append({name: found[name] for name in found.files})
        tell(f"{model.stem}: {min(start + CHUNK, len(items))} of {len(items)} evaluation pictures")
    return chunks
