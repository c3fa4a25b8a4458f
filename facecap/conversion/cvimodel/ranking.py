"""Which layers lose most in int8: each is quantised alone, the others are bf16, on real pictures."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from facecap.conversion.cvimodel.bench import Bench
from facecap.conversion.cvimodel.variant import Variant

CHUNK = 8  # layers judged by one process, and lost by an interruption


@dataclass(frozen=True)
class Ranked:
    """A layer, and the harm of its quantisation alone over that of bf16 everywhere."""

    layer: str
    harm: float


def rank(bench: Bench, tell: Callable[[str], None] = lambda text: None) -> list[Ranked]:
    """All layers of a network, the most harmful first."""
    floor = bench.judge([Variant("BF16")])[0]["harm"]
    layers = bench.top.layers
    harms: list[float] = []
    for start in range(0, len(layers), CHUNK):
        chunk = layers[start : start + CHUNK]
        harms += _judged(bench, chunk)
        tell(f"ranked {start + len(chunk)} of {len(layers)} layers")
    ranked = [Ranked(layer, harm - floor) for layer, harm in zip(layers, harms, strict=True)]
    return sorted(ranked, key=lambda one: -one.harm)


def _judged(bench: Bench, layers: tuple[str, ...]) -> list[float]:
    def make(folder: Path) -> None:
        found = bench.judge([Variant("BF16", (layer,)) for layer in layers])
        (folder / "harms.json").write_text(json.dumps([figures["harm"] for figures in found]))

    made_from = {**bench.key(), "layers": list(layers)}
    folder = bench.steps.made("harm", made_from, make)
    harms: list[float] = json.loads((folder / "harms.json").read_text())
    return harms
