"""What point-based heads, one answer a cell, mean in pixels: YuNet and SCRFD."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from facecap.errors import FacecapError


@dataclass(frozen=True)
class Answer:
    """The answers of N cells: logits (B, N), boxes (B, N, 4) and points (B, N, 10) in pixels.

    `presence` says that a face is there, `quality` how well the box fits it; None where one logit says both.
    """

    presence: Tensor
    quality: Tensor | None
    boxes: Tensor
    points: Tensor

    def score(self) -> Tensor:
        """(B, N), 0 to 1, as the detector ranks by."""
        present = self.presence.sigmoid()
        return present if self.quality is None else (present * self.quality.sigmoid()).sqrt()


@dataclass(frozen=True)
class Cells:
    """Where N answers look: `corner` (N, 2), pixels, what boxes and points count from, and `stride` (N,)."""

    corner: Tensor
    stride: Tensor

    @property
    def middle(self) -> Tensor:
        """(N, 2), pixels."""
        return self.corner + self.stride[:, None] / 2


def cells_of(strides: Sequence[int], anchors: int, height: int, width: int) -> Cells:
    """The cells of an input in the order of `answer_of`: level, row, column, anchor."""
    corners, sides = [], []
    for stride in strides:
        rows, columns = -(-height // stride), -(-width // stride)
        y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        corner = torch.stack([x, y], -1).reshape(-1, 1, 2).expand(-1, anchors, -1).reshape(-1, 2)
        corners.append(corner.float() * stride)
        sides.append(torch.full((len(corner),), float(stride)))
    return Cells(torch.cat(corners), torch.cat(sides))


def answer_of(family: str, levels: Sequence[Tensor], cells: Cells) -> Answer:
    """The outputs of a network in the form `levels` (docs/manifest.md), one tensor a stride, of a family that
    `check_family` lets through."""
    return FAMILIES[family](levels, cells)


def check_family(family: str) -> None:
    """Nothing for a family that can be trained.

    Raises:
        FacecapError: it cannot; the text names those that can.
    """
    if family not in FAMILIES:
        raise FacecapError(f"no training of the family '{family}' as ONNX; known: {', '.join(FAMILIES)}")


def _rows(levels: Sequence[Tensor], first: int, anchors: int, values: int) -> Tensor:
    """(B, N, values) of the channels that hold `values` numbers for each anchor from channel `first` on."""
    parts = []
    for level in levels:
        part = level[:, first : first + anchors * values].float()
        parts.append(part.permute(0, 2, 3, 1).reshape(level.shape[0], -1, values))
    return torch.cat(parts, 1)


def _points(offsets: Tensor, cells: Cells) -> Tensor:
    return offsets * cells.stride[:, None] + cells.corner.repeat(1, 5)


def _yunet(levels: Sequence[Tensor], cells: Cells) -> Answer:
    stride = cells.stride[:, None]
    box = _rows(levels, 2, 1, 4)
    centre = cells.corner + box[..., :2] * stride
    half = box[..., 2:].clamp(max=8).exp() * stride / 2
    return Answer(
        presence=_rows(levels, 1, 1, 1)[..., 0],
        quality=_rows(levels, 0, 1, 1)[..., 0],
        boxes=torch.cat([centre - half, centre + half], -1),
        points=_points(_rows(levels, 6, 1, 10), cells),
    )


def _scrfd(levels: Sequence[Tensor], cells: Cells) -> Answer:
    anchors = levels[0].shape[1] // 15
    distance = _rows(levels, anchors, anchors, 4) * cells.stride[:, None]
    return Answer(
        presence=_rows(levels, 0, anchors, 1)[..., 0],
        quality=None,
        boxes=torch.cat([cells.corner - distance[..., :2], cells.corner + distance[..., 2:]], -1),
        points=_points(_rows(levels, 5 * anchors, anchors, 10), cells),
    )


FAMILIES: dict[str, Callable[[Sequence[Tensor], Cells], Answer]] = {"yunet": _yunet, "scrfd": _scrfd}
