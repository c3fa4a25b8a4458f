"""Batches of training pictures for a classifier of any classes: cut, turned and flipped at random."""

from __future__ import annotations

import cv2
import numpy as np
import torch

from facecap.evaluation.classifier.image_folder import Image
from facecap.training.batches import Batch, Batches, epoch_part
from facecap.training.classifier.data import Pictures
from facecap.training.processes import own_places
from facecap.training.recipe import Recipe

SMALLEST_AREA = 0.35  # of the picture, in a crop
ASPECT = 4 / 3  # of a crop, at most, either way
DEGREES = {"default": 15.0, "renew": 15.0, "refine": 15.0, "qat": 15.0, "mission": 30.0}  # largest turn


class ClassifierBatches(Batches[Batch]):
    """(B, side, side, 3) uint8 RGB pictures and (B,) int64 labels, in shuffled passes."""

    def __init__(self, pictures: Pictures, recipe: Recipe, side: int, first: int) -> None:
        """What is kept of the pictures is shared with the workers, not copied."""
        super().__init__(first)
        self._pictures, self._recipe, self._side = pictures, recipe, side

    def make(self, number: int) -> Batch:
        """This process's part of batch `number`, counted from 0."""
        recipe = self._recipe
        part = epoch_part(number, len(self._pictures), recipe.batch, recipe.seed)
        found = [
            self._crop(int(part[place]), (recipe.seed, number, place)) for place in own_places(len(part))
        ]
        images, labels = zip(*found, strict=True)
        return torch.from_numpy(np.stack(images)), torch.tensor(labels)

    def _crop(self, index: int, seed: tuple[int, int, int]) -> tuple[Image, int]:
        image, label = self._pictures.get(index)
        degrees = DEGREES[self._recipe.preset]
        return random_crop(image, self._side, degrees, np.random.default_rng(seed)), label


def random_crop(image: Image, side: int, degrees: float, rng: np.random.Generator) -> Image:
    """A part of the picture of random area and aspect, turned up to `degrees`, flipped half of the times."""
    height, width = image.shape[:2]
    area = width * height * rng.uniform(SMALLEST_AREA, 1.0)
    aspect = np.exp(rng.uniform(-np.log(ASPECT), np.log(ASPECT)))
    wide, tall = min(width, np.sqrt(area * aspect)), min(height, np.sqrt(area / aspect))
    left, top = rng.uniform(0, width - wide), rng.uniform(0, height - tall)
    angle = np.deg2rad(rng.uniform(-degrees, degrees))
    flip = -1.0 if rng.random() < 0.5 else 1.0
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    # From pixels of the crop, counted from its middle, to pixels of the picture.
    to_image = turn @ np.diag([flip * wide / side, tall / side])
    middle = np.array([left + wide / 2, top + tall / 2]) - 0.5
    matrix = np.column_stack([to_image, middle - to_image @ np.full(2, (side - 1) / 2)])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    crop = cv2.warpAffine(image, matrix, (side, side), flags=flags, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(crop, np.uint8)
