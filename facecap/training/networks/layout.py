"""Names that others give to the layers of a network, and how their weights become ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor, nn

LAYERS = nn.Conv2d | nn.Linear | nn.BatchNorm1d | nn.BatchNorm2d | nn.PReLU
EPSILON = 1e-5  # of the batch norms here


@dataclass(frozen=True)
class Layout:
    """The layers of a network as one source of checkpoints names them.

    Attributes:
        source: whose names.
        layers: their names, in the order in which the network here defines its own.
        epsilon: of their batch norms.
    """

    source: str
    layers: Sequence[str]
    epsilon: float = EPSILON

    def ours(self, weights: Mapping[str, Tensor], layers: Iterable[str]) -> dict[str, Tensor]:
        """Their weights under the names of `layers`, ours in order; entries of other layers keep theirs.

        A batch norm divides by the root of variance and epsilon: the difference goes into the variance.
        """
        names = dict(zip(self.layers, layers, strict=True))
        renamed = {}
        for key, value in weights.items():
            layer, _, entry = key.rpartition(".")
            if entry == "running_var":
                value = value + (self.epsilon - EPSILON)
            renamed[f"{names.get(layer, layer)}.{entry}"] = value
        return renamed


def layer_names(network: nn.Module) -> list[str]:
    """The layers that have weights, in the order of their definition."""
    return [name for name, module in network.named_modules() if isinstance(module, LAYERS)]


def within(prefix: str, names: Iterable[str]) -> list[str]:
    """Names of layers inside a module."""
    return [f"{prefix}.{name}" for name in names]
