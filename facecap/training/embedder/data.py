"""Aligned faces of people, to learn from and to validate on, and batches of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from facecap import align_face
from facecap.evaluation.classification import Labels
from facecap.evaluation.detector.scaled_detector import ScaledDetector
from facecap.training.batches import Batch, Batches
from facecap.training.embedder.people import LEAST_PICTURES, Person
from facecap.training.mask.augment import degrade
from facecap.training.mask.data import Image, read_rgb
from facecap.training.run import TrainingError

SIDE = 320  # px that the detector sees a picture at
HELD_OUT = 0.2  # of the people
LEAST_HELD_OUT = 2
PAIRS_A_PERSON = 40  # same pairs at most
DEGRADED = 0.3  # of the pictures
SHIFT, TURN, ZOOM = 1.5, 2.5, 0.03  # standard deviations in px, degrees and shares


@dataclass(frozen=True)
class Faces:
    """Aligned faces (N, 112, 112, 3) RGB, all in memory, and the person of each, counted from 0."""

    crops: Image
    labels: NDArray[np.int64]
    people: int


@dataclass(frozen=True)
class Pairs:
    """Indices of two faces (N,) each, and whether they are one person."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    same: Labels


def split_people(people: Sequence[Person], seed: int) -> tuple[list[Person], list[Person]]:
    """Those to learn from, and those held out, none of whom the network sees."""
    held = max(LEAST_HELD_OUT, round(HELD_OUT * len(people)))
    if len(people) < held + LEAST_HELD_OUT:
        raise TrainingError(
            f"found {len(people)} people, wanted {2 * LEAST_HELD_OUT}: of whom two to validate on"
        )
    order = np.random.default_rng((seed, 2)).permutation(len(people))
    return [people[i] for i in sorted(order[held:])], [people[i] for i in sorted(order[:held])]


def load_faces(people: Sequence[Person], detector: ScaledDetector) -> Faces:
    """The largest face of every picture, cut as production cuts it.

    A damaged picture is named on standard error and left out; so is a picture without a face, and a person
    with fewer than two faces.

    Raises:
        TrainingError: fewer than two people are left.
    """
    crops: list[Image] = []
    labels: list[int] = []
    number = 0
    for person in people:
        found = [crop for path in person.pictures if (crop := _face(read_rgb(path), detector)) is not None]
        if len(found) >= LEAST_PICTURES:
            crops += found
            labels += [number] * len(found)
            number += 1
    if number < LEAST_HELD_OUT:
        raise TrainingError(f"found faces of {number} people in their pictures, wanted {LEAST_HELD_OUT}")
    return Faces(np.stack(crops), np.array(labels), number)


def make_pairs(labels: NDArray[np.int64], seed: int) -> Pairs:
    """Same pairs of every person, some of them where there are many, and as many different pairs."""
    rng = np.random.default_rng((seed, 3))
    same: list[NDArray[np.int64]] = []
    for person in np.unique(labels):
        own = np.flatnonzero(labels == person)
        pairs = np.stack(np.triu_indices(len(own), 1), 1)
        same.append(own[rng.permutation(pairs)[:PAIRS_A_PERSON]])
    alike = np.concatenate(same)
    drawn = rng.integers(0, len(labels), (40 * len(alike), 2))
    drawn = np.unique(np.sort(drawn[labels[drawn[:, 0]] != labels[drawn[:, 1]]], axis=1), axis=0)
    different = rng.permutation(drawn)[: len(alike)]
    both = np.concatenate([alike, different])
    return Pairs(both[:, 0], both[:, 1], np.arange(len(both)) < len(alike))


class FaceBatches(Batches[Batch]):
    """(B, 112, 112, 3) uint8 RGB faces and (B,) int64 people.

    People are drawn by the square root of the number of their pictures, so that few do not fill the batches.
    """

    def __init__(self, faces: Faces, batch: int, seed: int, first: int) -> None:
        super().__init__(first)
        self._faces, self._batch, self._seed = faces, batch, seed
        counts = np.bincount(faces.labels, minlength=faces.people)
        chance = counts[faces.labels] ** -0.5
        self._chance = chance / chance.sum()

    def make(self, number: int) -> Batch:
        """Batch `number`, counted from 0."""
        rng = np.random.default_rng((self._seed, number))
        chosen = rng.choice(len(self._chance), self._batch, p=self._chance)
        crops = [augment(self._faces.crops[i], rng) for i in chosen]
        return torch.from_numpy(np.stack(crops)), torch.from_numpy(self._faces.labels[chosen])


def augment(crop: Image, rng: np.random.Generator) -> Image:
    """Flip half of the faces, move each by what landmarks differ in, and degrade some."""
    side = crop.shape[0]
    middle = ((side - 1) / 2, (side - 1) / 2)
    matrix = np.asarray(
        cv2.getRotationMatrix2D(middle, rng.normal(0, TURN), 1 + rng.normal(0, ZOOM)), np.float64
    )
    matrix[:, 2] += rng.normal(0, SHIFT, 2)
    moved = np.asarray(cv2.warpAffine(crop, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE), np.uint8)
    if rng.random() < 0.5:
        moved = moved[:, ::-1]
    return degrade(moved, rng) if rng.random() < DEGRADED else np.ascontiguousarray(moved)


def _face(picture: Image | None, detector: ScaledDetector) -> Image | None:
    if picture is None:
        return None
    found = detector.detect(picture, color="rgb")
    if not len(found):
        return None
    sides = found.boxes[:, 2:] - found.boxes[:, :2]
    return align_face(picture, found.landmarks[int(sides.prod(axis=1).argmax())])
