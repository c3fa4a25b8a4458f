"""What a `.cvimodel` shall be, as the command asks for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from facecap.conversion.cvimodel.feeding import InputKind
from facecap.conversion.cvimodel.mixed import Budget
from facecap.conversion.cvimodel.variant import Chip

Precision = Literal["int8", "mixed", "bf16"]


@dataclass(frozen=True)
class Wanted:
    """What a `.cvimodel` shall be.

    Attributes:
        chip: for which.
        precision: `mixed` keeps in bf16 the layers that int8 harms most, within `budget`.
        budget: what a mixed model may need.
        sides: width and height of the input; the manifest's own where None.
        input: `int8`: normalised and rounded by the caller (facecap does); `float32`; `packed` or `planar`:
            pixels as they are, uint8.
        int8_outputs: outputs stay int8 instead of float32.
        count: pictures of the calibration.
        seed: of drawing them.
        equalized: balance the channels of activations first.
        ranked_on: pictures that layers are ranked on, the first of the calibration's.
        checked_on: evaluation pictures for the report, run on the chip's simulator; 0 for none.
        max_loss: the loss on them above which nothing is written but the report; any where None.
    """

    chip: Chip
    precision: Precision = "mixed"
    budget: Budget = field(default_factory=Budget)
    sides: tuple[int, int] | None = None
    input: InputKind = "int8"
    int8_outputs: bool = False
    count: int = 64
    seed: int = 0
    equalized: bool = True
    ranked_on: int = 16
    checked_on: int = 200
    max_loss: float | None = None

    def command(self, model: str) -> str:
        """The command that makes it, without the user's paths, for a manifest."""
        words = ["facecap convert cvimodel", model, "--chip", self.chip, "--data DATA"]
        words += ["--out X.cvimodel"]
        if self.sides is not None:
            words.append(f"--input-size {self.sides[0]}x{self.sides[1]}")
        usual = Wanted(self.chip)
        for option, value, default in (
            ("--precision", self.precision, usual.precision),
            ("--max-ion", self.budget.ion, None),
            ("--max-bytes", self.budget.bytes, None),
            ("--max-layers", self.budget.layers, None),
            ("--input", self.input, usual.input),
            ("--count", self.count, usual.count),
            ("--seed", self.seed, usual.seed),
            ("--rank-on", self.ranked_on, usual.ranked_on),
            ("--check", self.checked_on, usual.checked_on),
        ):
            if value != default:
                words.append(f"{option} {value}")
        words += ["--int8-outputs"] if self.int8_outputs else []
        words += [] if self.equalized else ["--no-equalize"]
        return " ".join(words)
