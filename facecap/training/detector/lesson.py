"""What the loop of `train` asks of a family of detectors: a network, batches, a loss and a file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from facecap.training.detector.augment import Canvas
from facecap.training.detector.recipe import Recipe
from facecap.training.execution import Execution

Batch = tuple[Tensor, ...]


class Lesson(ABC):
    """A network that learns to detect, under one recipe.

    `network` is what the loop trains, `name` the architecture; the weights of a candidate are a `state_dict`
    of `start()`.
    """

    name: str
    network: nn.Module
    licence: str  # of the start

    @abstractmethod
    def start(self) -> dict[str, Tensor]:
        """The weights before the first step."""

    @abstractmethod
    def weights(self, average: nn.Module) -> dict[str, Tensor]:
        """The weights that an averaged copy of `network` has learnt, on the CPU."""

    @abstractmethod
    def batch(self, canvases: Sequence[Canvas]) -> Batch:
        """Canvases and what is asked of them; the first tensor is (B, side, side, 3) uint8 BGR."""

    @abstractmethod
    def loss(
        self, network: nn.Module, reference: nn.Module, batch: Batch, machine: Execution
    ) -> dict[str, Tensor]:
        """The loss, under the key `loss`, and its parts; `reference` is the network at the start."""

    @abstractmethod
    def write(self, weights: Mapping[str, Tensor], out: Path, about: Mapping[str, Any]) -> None:
        """Weights as `out`, ONNX, with its manifest; `about` has its name, licence, origin and training."""

    def keep(self, weights: Mapping[str, Tensor], folder: Path) -> None:  # noqa: B027
        """Called with the chosen weights: what a later run starts from, where the model file is not it."""

    def prepare(self, recipe: Recipe) -> None:  # noqa: B027  (most need nothing)
        """Called once, before the first step: what of the network learns, and how."""


def images_of(pictures: Tensor, mean: Tensor, std: Tensor, rgb: bool) -> Tensor:
    """(B, 3, H, W) as a network takes them, of (B, H, W, 3) BGR pixels; stays channels last in memory."""
    pixels = pictures.flip(-1) if rgb else pictures
    centred = (pixels.float() - mean.to(pictures.device)) / std.to(pictures.device)
    return centred.permute(0, 3, 1, 2)


def padded(rows: Sequence[Tensor]) -> Tensor:
    """Arrays of different lengths as one, filled up with nan or False."""
    return torch.nn.utils.rnn.pad_sequence(
        list(rows), batch_first=True, padding_value=float("nan") if rows[0].is_floating_point() else False
    )
