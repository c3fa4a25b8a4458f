"""Batches of canvases for the detector, with what is asked of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from facecap.training.batches import Batches
from facecap.training.detector.augment import Canvas, CanvasMaker
from facecap.training.detector.data import Source
from facecap.training.detector.lesson import Batch
from facecap.training.detector.recipe import Recipe


class DetectorBatches(Batches[Batch]):
    """Canvases drawn from the sources, `ask` makes tensors of them (see `Lesson.batch`)."""

    def __init__(
        self,
        sources: list[Source],
        recipe: Recipe,
        ask: Callable[[Sequence[Canvas]], Batch],
        first: int,
    ) -> None:
        super().__init__(first)
        self._sources, self._recipe, self._ask = sources, recipe, ask

    def make(self, number: int) -> Batch:
        """Canvases drawn by the seed and the number."""
        recipe = self._recipe
        maker = CanvasMaker(self._sources, recipe.side, (recipe.seed, number), recipe.smallest)
        return self._ask([maker.draw() for _ in range(recipe.batch)])
