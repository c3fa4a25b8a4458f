"""Chooses the layers that stay in bf16: the most harmful ones first, while the budget lasts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from facecap.conversion.cvimodel.bench import Bench
from facecap.conversion.cvimodel.judge import Figures
from facecap.conversion.cvimodel.ranking import Ranked
from facecap.conversion.cvimodel.variant import Variant

ION_SHARE, BYTES_SHARE = 2.0, 1.25  # of what int8 needs, where no budget is given
PASSED_OVER = 4  # layers that pass the budget
WORTH = 0.05  # share of int8's harm by which more layers must lower it


@dataclass(frozen=True)
class Budget:
    """What a mixed model may need: ION memory in MB, bytes of its file, layers in bf16. None: no limit, but
    with no limit at all, twice the ION memory of int8 and a quarter more bytes."""

    ion: float | None = None
    bytes: int | None = None
    layers: int | None = None

    def exceeded(self, point: Point) -> bool:
        """Whether a point needs more."""
        return any(
            limit is not None and needed > limit
            for limit, needed in (
                (self.ion, point.ion),
                (self.bytes, point.bytes),
                (self.layers, len(point.variant.others)),
            )
        )

    def or_default(self, int8: Point) -> Budget:
        """This one, or the default for a network that needs `int8`."""
        unlimited = self.ion is None and self.bytes is None and self.layers is None
        if not unlimited:
            return self
        return Budget(ion=ION_SHARE * int8.ion, bytes=int(BYTES_SHARE * int8.bytes))


@dataclass(frozen=True)
class Point:
    """One point of the trade-off: a variant, what it needs, and what is left of the figures."""

    variant: Variant
    bytes: int
    ion: float
    figures: Figures

    @property
    def harm(self) -> float:
        """What layers are ranked by."""
        return self.figures["harm"]


def measure(bench: Bench, variant: Variant) -> Point:
    """Build and judge a variant."""
    deployed = bench.deploy(variant)
    return Point(variant, deployed.bytes, deployed.ion, bench.judge([variant])[0])


def trade_off(
    bench: Bench,
    int8: Point,
    ranked: Sequence[Ranked],
    budget: Budget,
    tell: Callable[[str], None] = lambda text: None,
) -> list[Point]:
    """Points with 1, 2, 4, 8 ... of the most harmful layers in bf16, as long as the budget lasts.

    Where a doubling passes it, the largest number within is found by halving. The layer that passes it is
    left in int8, and the next ones are tried in its stead, a few times.
    """
    budget = budget.or_default(int8)
    layers = [one.layer for one in ranked if one.harm > 0]
    points: dict[tuple[str, ...], Point] = {}

    def fits(count: int) -> bool:
        kept = tuple(layers[:count])
        if kept in points:
            return True
        point = measure(bench, Variant("INT8", kept))
        within = not budget.exceeded(point)
        needs = f"{point.bytes} bytes, {point.ion:.2f} MB ION"
        tell(
            f"{count} layers in bf16: {needs}, harm {point.harm:.4f}{'' if within else ', above the budget'}"
        )
        if within:
            points[kept] = point
        return within

    reached = 0
    for _ in range(1 + PASSED_OVER):
        most = min(len(layers), len(layers) if budget.layers is None else budget.layers)
        reached = _largest(fits, reached, most)
        if reached == most:
            break
        del layers[reached]
    return sorted(points.values(), key=lambda point: len(point.variant.others))


def _largest(fits: Callable[[int], bool], low: int, most: int) -> int:
    """The largest count that fits, by doubling and halving, where `low` is known to fit."""
    high, step = most + 1, 1
    while low + step < high:
        if not fits(low + step):
            high = low + step
            break
        low, step = low + step, low + step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def choose(int8: Point, points: Sequence[Point]) -> Point:
    """The point with the fewest layers in bf16 that is nearly as good as the best: within a twentieth of
    int8's harm."""
    everyone = [int8, *points]
    best = min(point.harm for point in everyone)
    return next(point for point in everyone if point.harm <= best + WORTH * int8.harm)
