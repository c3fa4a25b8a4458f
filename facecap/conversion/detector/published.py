"""A published RetinaFace: which of the known layouts its weights are of, by the faces that they find.

The side of the priors and the slope of the activations are written into no checkpoint, and with wrong ones a
network answers without an error and finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facecap.conversion.checkpoint import CheckpointError, load_network
from facecap.conversion.detector.families.answers import Answers, Floats
from facecap.conversion.detector.known_faces import Seen, compare, pictures
from facecap.conversion.detector.priors import FROM_10_PX, FROM_16_PX, LIGHT, MEAN, VARIANCES
from facecap.conversion.equality import decode_rows, rows_of
from facecap.training.networks.retinaface import MOBILENET, RESNET50, RetinaFace
from facecap.training.networks.retinaface_light import LIGHT as LIGHT_LAYOUTS
from facecap.training.networks.retinaface_light import LightRetinaFace

Sizes = Sequence[Sequence[int]]
MIN_SIZES: Mapping[str, tuple[Sizes, ...]] = {
    **dict.fromkeys((MOBILENET.name, RESNET50.name), (FROM_10_PX, FROM_16_PX)),
    **dict.fromkeys(LIGHT_LAYOUTS, (LIGHT,)),
}
SLOPES = {MOBILENET.name: (0.0, 0.1)}
"""Of the layouts that are published; a network that is not here has ReLU alone."""
CLOSER = 0.1  # overlap by which the boxes of another layout are so much closer that a user should know


@dataclass(frozen=True)
class Published:
    """A network in evaluation mode, the sides of its priors in pixels for each stride, and what it finds."""

    network: RetinaFace | LightRetinaFace
    min_sizes: Sizes
    seen: Seen

    def __str__(self) -> str:
        return f"with {self.layout} it {self.seen}"

    @property
    def layout(self) -> str:
        """In words."""
        sides = " ".join(str(side) for level in self.min_sizes for side in level)
        leaks = self.network.layout.name in SLOPES
        return f"priors of {sides} px" + f" and activations of slope {self.slope:g}" * leaks

    @property
    def slope(self) -> float:
        """Of the activations below zero."""
        return self.network.layout.slope

    @property
    def rank(self) -> tuple[int, float]:
        """Higher is better: more faces, then closer boxes."""
        return self.seen.found, self.seen.overlap


def open_published(
    path: Path,
    min_sizes: Sizes | None = None,
    slope: float | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Published:
    """Read a `.pth` and decide what it does not tell by the faces that it finds; what is given is kept.

    Args:
        path: a RetinaFace in the published layout.
        min_sizes: sides of the priors in pixels for each stride.
        slope: of the activations of a MobileNet below zero.
        say: is told what was decided, and what was found.

    Raises:
        CheckpointError: the file is of another network, has no activations with a slope, or finds fewer than
            half of the known faces with any layout that may be chosen.
    """
    tried = _try(path, min_sizes, slope)
    allowed = [
        each
        for each in tried
        if (min_sizes is None or each.min_sizes == _tuples(min_sizes))
        and (slope is None or each.slope == slope)
    ]
    best, any_best = (max(choices, key=lambda each: each.rank) for choices in (allowed, tried))
    if not best.seen.enough:
        advice = (
            f"{any_best}: leave --min-sizes and --slope to the import"
            if any_best.seen.enough
            else "is it a detector of faces, trained to its end?"
        )
        raise CheckpointError(f"{path}: {best}; {advice}")
    say(f"{path.name}: {best.network.layout.name}; {best}")
    if any_best.rank > (best.seen.found, best.seen.overlap + CLOSER):
        say(f"{path.name}: {any_best}, which is better than what was asked for")
    return best


def _try(path: Path, min_sizes: Sizes | None, slope: float | None) -> list[Published]:
    """The network with every known layout, and with what is given."""
    first = load_network(path)
    name = first.layout.name
    slopes = SLOPES.get(name, (0.0,))
    if slope is not None and slope not in slopes:
        if name not in SLOPES:
            raise CheckpointError(f"{path}: {name} has ReLU alone: leave out the slope {slope:g}")
        slopes = (*slopes, slope)
    if min_sizes is not None and [len(level) for level in min_sizes] != [
        len(level) for level in MIN_SIZES[name][0]
    ]:
        raise CheckpointError(f"{path}: {name} has priors of other numbers a stride: leave out --min-sizes")
    sizes = [*dict.fromkeys([*MIN_SIZES[name], *([] if min_sizes is None else [_tuples(min_sizes)])])]
    found = []
    for each in slopes:
        network = load_network(path, each) if each else first
        inputs = [
            (picture - np.array(MEAN, np.float32)).transpose(2, 0, 1)[None] for picture, _ in pictures()
        ]
        rows = [rows_of(network, np.ascontiguousarray(image)) for image in inputs]
        for own in sizes:
            answers = [
                _decode(row, own, network, image.shape) for row, image in zip(rows, inputs, strict=True)
            ]
            found.append(Published(network, own, compare(answers)))
    return found


def _decode(
    rows: Mapping[str, Floats],
    min_sizes: Sizes,
    network: RetinaFace | LightRetinaFace,
    shape: tuple[int, ...],
) -> Answers:
    detector = {"min_sizes": min_sizes, "strides": network.layout.strides, "variances": VARIANCES}
    return decode_rows(rows, {"detector": detector}, (shape[3], shape[2]))


def _tuples(sizes: Sizes) -> Sizes:
    return tuple(map(tuple, sizes))
