"""How a mask classifier does by condition: how large, how turned, how lit, behind what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecap.evaluation.mask.answers import THRESHOLD, Answers

SIZES = (24, 40, 64, 112)  # px, shorter side of the face box
YAWS = (10, 20, 30, 45)  # degrees to either side
LIGHTS = (50, 90, 130, 170)  # mean luma of the crop, 0 to 255
COVERED = (25, 50, 75, 90)  # percent
LUMA = np.array((0.299, 0.587, 0.114))

Condition = tuple[str, str, NDArray[np.bool_]]


def by_condition(
    plain: Answers, hidden: Sequence[Answers], unknown: tuple[float, float]
) -> list[dict[str, Any]]:
    """Rows of `condition`, `bin` and figures; bins without faces are left out.

    Size, yaw and light are those of the faces of `plain`, as they are. For each set of `hidden` there is what
    makes its faces hard, and how much of the lower face that covers.
    """
    chosen = [(plain, *condition) for condition in _as_they_are(plain)]
    chosen += [(answers, *condition) for answers in hidden for condition in _behind_things(answers)]
    return [
        {"condition": condition, "bin": name, **_figures(answers, faces, unknown)}
        for answers, condition, name, faces in chosen
        if faces.any()
    ]


def _as_they_are(answers: Answers) -> Iterator[Condition]:
    views = answers.part.views
    yield from _bins("size", "px", np.array([view.size for view in views]), SIZES)
    yaws = np.abs([view.yaw for view in views])
    yield from _bins("yaw", "degrees", yaws, YAWS)
    yield "yaw", "not known", np.isnan(yaws)
    light = np.array([crop.mean((0, 1)) @ LUMA for crop in answers.part.crops])
    yield from _bins("light", "of 255", light, LIGHTS)


def _behind_things(answers: Answers) -> Iterator[Condition]:
    name, views = answers.part.name, answers.part.views
    kinds = np.array([view.kind for view in views])
    for kind in sorted(set(kinds.tolist())):
        yield name, kind, kinds == kind
    covered = 100 * np.array([view.covered for view in views])
    yield from _bins(f"{name}, covered", "% of the lower face", covered, COVERED)


def _bins(
    condition: str, unit: str, values: NDArray[np.float64], edges: Sequence[float]
) -> Iterator[Condition]:
    names = [f"below {edges[0]} {unit}"]
    names += [f"{low} to {high}" for low, high in pairwise(edges)]
    names += [f"{edges[-1]} and more"]
    places = np.where(np.isnan(values), -1, np.digitize(values, edges))
    for place, name in enumerate(names):
        yield condition, name, places == place


def _figures(
    answers: Answers, chosen: NDArray[np.bool_], unknown: tuple[float, float]
) -> dict[str, float | int | None]:
    chance, masked = answers.probabilities[chosen], answers.part.masked[chosen]
    called = chance >= THRESHOLD
    return {
        "faces": len(chance),
        "masked": int(masked.sum()),
        "accuracy": float((called == masked).mean()),
        "bare called mask": float(called[~masked].mean()) if not masked.all() else None,
        "mask called bare": float((~called[masked]).mean()) if masked.any() else None,
        "unknown": float(((chance > unknown[0]) & (chance < unknown[1])).mean()),
    }
