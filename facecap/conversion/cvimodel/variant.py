"""The words of a conversion: chips, how layers are computed, how pictures come in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from facecap.conversion.cvimodel.tables import quantize_table

Chip = Literal["cv180x", "cv181x", "cv182x", "cv183x"]
Mode = Literal["INT8", "BF16"]
CHIPS = ("cv180x", "cv181x", "cv182x", "cv183x")

Floats = NDArray[np.float32]
Answers = Mapping[str, Floats]


@dataclass(frozen=True)
class Top:
    """A network in the toolchain's own form: its `.mlir`, its layers in order, and a hash of both."""

    path: Path
    layers: tuple[str, ...]
    key: str


@dataclass(frozen=True)
class Variant:
    """How the layers of a network are computed: all in `mode` but those of `others`, in the other one."""

    mode: Mode = "INT8"
    others: tuple[str, ...] = ()

    def table(self) -> str:
        """Its quantize table."""
        return quantize_table(self.others, "BF16" if self.mode == "INT8" else "INT8")


@dataclass(frozen=True)
class Deployed:
    """A `.cvimodel`, and what the chip needs of ION memory for it, in MB as the vendor counts."""

    path: Path
    ion: float

    @property
    def bytes(self) -> int:
        """Size of the file."""
        return self.path.stat().st_size
