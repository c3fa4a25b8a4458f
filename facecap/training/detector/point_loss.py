"""Which cell answers for which face, and the loss of networks with one answer a cell."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from facecap.training.detector.points import Answer, Cells

RADIUS = 2.5  # strides around a face's centre in which cells may answer for it
CANDIDATES = 10  # best overlaps whose sum is the number of cells that answer for a face
OVERLAP_COST = 3.0  # of -log overlap against -log score, as in YOLOX
OUTSIDE = 1e5  # cost of a cell that is not both in the face and near its centre
NEAR = 0.3  # overlap of a cell's box with a face from which it is no plain background
ALARM = 0.1  # score of the start from which it takes background for a face
SURE = 0.6  # score and overlap from which the start has found a face
SEEN = 0.3  # score from which the start's own box is kept where no face teaches another
NEGATIVE, POSITIVE, KEPT = 0, 1, -1


@dataclass(frozen=True)
class PointWeights:
    """How much each part counts; `start`: share of the start's own answer in what is asked of a score.

    `faults_only`: where the start is right, about a face or background, its answer alone is asked for.
    """

    box: float = 2.0
    points: float = 0.1
    keep: float = 0.5
    start: float = 0.5
    faults_only: bool = False


def overlaps(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union of boxes (N, 4) and (M, 4): (N, M)."""
    low = torch.maximum(a[:, None, :2], b[None, :, :2])
    high = torch.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    area_a, area_b = ((boxes[:, 2:] - boxes[:, :2]).clamp(min=0).prod(-1) for boxes in (a, b))
    return shared / (area_a[:, None] + area_b[None] - shared).clamp(min=1e-6)


@torch.no_grad()
def assign(score: Tensor, boxes: Tensor, faces: Tensor, cells: Cells) -> Tensor:
    """The face that each cell answers for (N,), -1 for none: SimOTA (Z. Ge et al., YOLOX, 2021, section 2.1).

    `score` (N,) and `boxes` (N, 4) are the network's present answers, `faces` (M, 4) in pixels. A face takes
    the cheapest cells in it or near its centre, as many as its best overlaps add up to; a cell that several
    want goes to the one for which it is cheapest.
    """
    owner = torch.full((len(score),), -1, dtype=torch.long)
    if not len(faces):
        return owner
    reach = RADIUS * cells.stride[:, None]
    centre = (faces[:, :2] + faces[:, 2:]) / 2
    near = _within(cells.middle, centre[None] - reach[..., None], centre[None] + reach[..., None])
    inside = _within(cells.middle, faces[None, :, :2], faces[None, :, 2:])
    rows = (near | inside).any(1).nonzero()[:, 0]
    if not len(rows):
        return owner
    near, inside = near[rows], inside[rows]
    may = near | inside
    overlap = overlaps(boxes[rows], faces)
    cost = OVERLAP_COST * -(overlap + 1e-8).log() - (score[rows, None] + 1e-8).log()
    cost = (cost + OUTSIDE * ~(near & inside)).masked_fill(~may, torch.inf)
    count = min(CANDIDATES, len(rows))
    best = overlap.masked_fill(~may, 0).topk(count, 0).values
    wanted = best.sum(0).int().clamp(min=1)
    least = cost.topk(count, 0, largest=False)
    taken = (torch.arange(count)[:, None] < wanted[None]) & least.values.isfinite()
    chosen = torch.zeros_like(may).scatter_(0, least.indices, taken)
    cheapest = cost.masked_fill(~chosen, torch.inf).argmin(1)
    any_face = chosen.any(1)
    owner[rows[any_face]] = cheapest[any_face]
    return owner


def _within(points: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Which points (N, 2) lie between corners (N or 1, M, 2): (N, M)."""
    x, y = points[:, :1], points[:, 1:]
    across = (x > low[..., 0]) & (x < high[..., 0])
    return across & (y > low[..., 1]) & (y < high[..., 1])


@dataclass(frozen=True)
class Targets:
    """Of the cells of one picture: NEGATIVE, POSITIVE or KEPT (N,), belief (N,) in the face to answer for,
    its box (N, 4) and points (N, 10), the points nan where they are not known."""

    labels: Tensor
    belief: Tensor
    boxes: Tensor
    points: Tensor


@torch.no_grad()
def targets(
    score: Tensor, boxes: Tensor, faces: Tensor, certain: Tensor, belief: Tensor, cells: Cells
) -> Targets:
    """`faces` (M, 14), `belief` (M,) in them; those that are not `certain` (M,) are left alone, with what
    lies around them."""
    labels = torch.zeros(len(score), dtype=torch.long)
    wanted = torch.zeros(len(score), 14)
    if len(faces):
        slack = cells.stride[:, None, None] / 2
        inside = _within(cells.middle, faces[None, :, :2] - slack, faces[None, :, 2:4] + slack)
        labels[inside.any(1)] = KEPT
        likely = (score > 0.02).nonzero()[:, 0]
        touching = (overlaps(boxes[likely], faces[:, :4]) >= NEAR).any(1)
        labels[likely[touching]] = KEPT
    sure = faces[certain]
    owner = assign(score, boxes, sure[:, :4], cells)
    positive = owner >= 0
    labels[positive] = POSITIVE
    wanted[positive] = sure[owner[positive]]
    sureness = torch.zeros(len(score))
    sureness[positive] = belief[certain][owner[positive]]
    return Targets(labels, sureness, wanted[:, :4], wanted[:, 4:])


def point_loss(answer: Answer, known: Answer, wanted: Targets, weights: PointWeights) -> dict[str, Tensor]:
    """The loss and its parts for a batch, sums over cells for each positive one.

    `known` is the answer of the network at the start, of which a share stays in what is asked of every
    score; of cells that are left alone all of it.
    """
    positive, negative = wanted.labels == POSITIVE, wanted.labels == NEGATIVE
    with torch.no_grad():
        start = known.score()
        share = torch.where(wanted.labels == KEPT, 1.0, weights.start)
        fit = _pairwise(answer.boxes, wanted.boxes).clamp(0, 1)
        if weights.faults_only:
            found = positive & (start >= SURE) & (_pairwise(known.boxes, wanted.boxes) >= SURE)
            share = torch.where(found | (negative & (start < ALARM)), 1.0, share)
        alarm = negative & (start >= ALARM)
        taught = positive & (share < 1)
        followed = (start >= SEEN) & ~negative & ~taught
    count = positive.sum().clamp(min=4)

    asked = wanted.belief if answer.quality is not None else wanted.belief * fit
    presence = _entropy(answer.presence, known.presence, asked, share).sum() / count
    quality = presence.new_zeros(())
    if answer.quality is not None and known.quality is not None:
        cells = positive | alarm | (~negative & (start >= 0.02))
        entropy = _entropy(answer.quality, known.quality, torch.where(positive, fit, 0.0), share)
        quality = entropy[cells].sum() / count
    box = (1 - _complete(answer.boxes[taught], wanted.boxes[taught])).sum() / count
    points = _distance(answer.points, wanted.points, wanted.boxes, taught).sum() / count
    drift = (1 - _complete(answer.boxes[followed], known.boxes[followed])).sum() / count
    point_drift = _distance(answer.points, known.points, known.boxes, followed).sum() / count
    place = weights.box * box + weights.points * points
    kept = weights.keep * (weights.box * drift + weights.points * point_drift)
    total = presence + quality + place + kept
    return {"loss": total, "presence": presence, "quality": quality, "place": place, "drift": kept}


def _entropy(logit: Tensor, known: Tensor, label: Tensor, share: Tensor) -> Tensor:
    """Cross entropy against a mixture of the label and the start's own answer, less its least value, so that
    0 is reached."""
    wanted = (1 - share) * label + share * known.sigmoid()
    entropy = functional.binary_cross_entropy_with_logits(logit, wanted, reduction="none")
    least: Tensor = torch.special.entr(wanted) + torch.special.entr(1 - wanted)
    return entropy - least


def _pairwise(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union of two arrays of boxes (..., 4), one by one."""
    shared = (torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])).clamp(min=0)
    area_a, area_b = ((boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(-1) for boxes in (a, b))
    both = shared.prod(-1)
    return both / (area_a + area_b - both).clamp(min=1e-6)


def _complete(a: Tensor, b: Tensor) -> Tensor:
    """Overlap less what distance of the centres and difference of the shapes cost: complete IoU (Z. Zheng
    et al., 2020, equation 10)."""
    overlap = _pairwise(a, b)
    hull = torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])
    apart = ((a[..., :2] + a[..., 2:]) - (b[..., :2] + b[..., 2:])).square().sum(-1) / 4
    size_a, size_b = ((boxes[..., 2:] - boxes[..., :2]).clamp(min=1e-3) for boxes in (a, b))
    angle = torch.atan(size_b[..., 0] / size_b[..., 1]) - torch.atan(size_a[..., 0] / size_a[..., 1])
    shape = angle.square() * (4 / torch.pi**2)
    with torch.no_grad():
        trade = shape / (1 - overlap + shape + 1e-6)
    return overlap - apart / hull.square().sum(-1).clamp(min=1e-6) - trade * shape


def _distance(points: Tensor, wanted: Tensor, boxes: Tensor, cells: Tensor) -> Tensor:
    """Mean distance of the points that are known, in tenths of the face's side, smooth near 0; (K,)."""
    side = (boxes[cells][:, 2:] - boxes[cells][:, :2]).clamp(min=1).prod(-1).sqrt()[:, None] / 10
    target = wanted[cells]
    known = ~target.isnan()
    apart = functional.smooth_l1_loss(
        points[cells] / side, target.nan_to_num() / side, reduction="none", beta=0.5
    )
    return (apart * known).sum(-1) / 10
