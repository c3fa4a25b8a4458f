"""The loss of an embedder: additive angular margin.

J. Deng et al., "ArcFace: Additive Angular Margin Loss for Deep Face Recognition", CVPR 2019, equation 3: with
the angle t_j between a vector and the centre of person j, and y the person of the vector,

    loss = -log( e^(s cos(t_y + m)) / (e^(s cos(t_y + m)) + sum over j != y of e^(s cos t_j)) ).

Where t_y + m passes pi, cos(t_y + m) would rise again; there it goes on as cos t_y - m sin m.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

SCALE = 32.0  # s; the paper's 64 is for tens of thousands of people
MARGIN = 0.5  # m, radians


class ArcFace(nn.Module):
    """One centre a person, and the loss of vectors by their angles to them."""

    def __init__(self, dimensions: int, people: int, scale: float = SCALE, margin: float = MARGIN) -> None:
        """`margin` in radians, 0 to pi / 2."""
        super().__init__()
        self.scale, self.margin = scale, margin
        self.centres = nn.Parameter(torch.empty(people, dimensions))
        nn.init.normal_(self.centres, std=0.01)

    def logits(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """(B, dimensions) of any length and (B,) people -> (B, people), the own person's with the margin.

        In float32 always: angles near 0 are lost in the digits of a smaller type.
        """
        with torch.autocast(vectors.device.type, enabled=False):
            cosine = functional.linear(
                functional.normalize(vectors.float()), functional.normalize(self.centres)
            )
        own = cosine.gather(1, labels[:, None]).clamp(-1.0, 1.0)
        sine = torch.sqrt((1.0 - own**2).clamp_min(1e-7))  # whose slope would be infinite at 0
        further = own * math.cos(self.margin) - sine * math.sin(self.margin)
        beyond = own - self.margin * math.sin(self.margin)
        held = torch.where(own > -math.cos(self.margin), further, beyond)
        return self.scale * cosine.scatter(1, labels[:, None], held)

    def forward(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """The mean loss of a batch, see `logits`."""
        return functional.cross_entropy(self.logits(vectors, labels), labels)


class Margined(nn.Module):
    """An embedder and the centres that it learns by; the centres are of no use afterwards."""

    def __init__(self, network: nn.Module, margin: ArcFace) -> None:
        super().__init__()
        self.network, self.margin = network, margin

    def forward(self, pictures: Tensor, labels: Tensor) -> Tensor:
        """(B, 3, 112, 112) and (B,) -> the loss."""
        loss: Tensor = self.margin(self.network(pictures), labels)
        return loss
