"""A network, its ranges and pictures to judge it on: what variants are measured with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from facecap.conversion.cvimodel.judge import Figures, Judge
from facecap.conversion.cvimodel.steps import Steps, hash_of
from facecap.conversion.cvimodel.tables import Ranges
from facecap.conversion.cvimodel.tools import Tools
from facecap.conversion.cvimodel.variant import Answers, Chip, Deployed, Floats, Top, Variant


@dataclass
class Bench:
    """Variants of one network on one chip. `inputs` (N, 3, height, width): what they are judged on;
    `feeding`: the toolchain's options for input and outputs of what is deployed."""

    tools: Tools
    steps: Steps
    top: Top
    ranges: Ranges
    chip: Chip
    judged_by: Judge
    inputs: Floats
    feeding: Sequence[str] = ()
    _float: Answers | None = field(default=None, init=False)

    def judge(self, variants: Sequence[Variant]) -> list[Figures]:
        """Figures of each variant, against the float network."""
        if self._float is None:
            self._float = self._answers([None])[0]
        return [self.judged_by.figures(self._float, found) for found in self._answers(variants)]

    def deploy(self, variant: Variant) -> Deployed:
        """The `.cvimodel` of a variant."""
        return self.tools.deploy(self.top, self.ranges, self.chip, variant, self.feeding)

    def key(self) -> dict[str, Any]:
        """All that figures depend on."""
        return {
            "top": self.top.key,
            "ranges": {name: list(pair) for name, pair in self.ranges.items()},
            "chip": self.chip,
            "judge": type(self.judged_by).__name__,
            "inputs": hash_of(self.inputs.tobytes()),
        }

    def _answers(self, variants: Sequence[Variant | None]) -> list[Answers]:
        return self.tools.answers(self.top, self.ranges, self.chip, variants, self.inputs)
