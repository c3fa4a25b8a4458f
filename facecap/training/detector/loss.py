"""Priors, matching and the loss of RetinaFace training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from facecap.conversion.detector.priors import VARIANCES
from facecap.training.detector.data import Floats

MATCHED = 0.35  # overlap from which a prior answers for a face
FORCED = 0.12  # the best prior of a face answers for it from here on; 6 pixels between four cells have 0.13
IGNORED = 0.35  # share of a prior inside a doubtful face from which it keeps what it said
TOUCHED = 0.15  # overlap from which a prior that answers for no face is not plain background
WELL_PLACED = 0.6  # overlap with the true box from which the reference's own box is kept
SEEN, SURE = -2.0, 2.0  # logits from which the reference sees a face, and is sure of it
PLACED = 0.3  # belief from which a box is worth learning
NEGATIVE, POSITIVE, KEPT, NEAR = 0, 1, -1, -2  # NEAR: touches a certain face and answers for none


@dataclass(frozen=True)
class LossWeights:
    """How much each part counts, and how many hard negatives stand against a positive prior."""

    box: float = 2.0
    landmark: float = 0.3
    keep: float = 2.0
    negatives: int = 15
    score: float = 4.0  # of `soft_loss`
    start: float = 0.5  # share of the start's own score in what `soft_loss` asks for


Rows = tuple[Tensor, Tensor, Tensor]


def targets(
    priors: Floats, faces: Floats, certain: npt.NDArray[np.bool_], variances: tuple[float, float]
) -> tuple[npt.NDArray[np.int8], Floats, npt.NDArray[np.int64]]:
    """Class (N,), regression targets (N, 14) and face (N,) of every prior (N, 3: centre x, centre y, size).

    `certain` faces are answered for; the face is an index, -1 where the prior answers for none.
    """
    labels = np.zeros(len(priors), np.int8)
    deltas = np.full((len(priors), 14), np.nan, np.float32)
    owner = np.full(len(priors), -1)
    if not len(faces):
        return labels, deltas, owner
    half = priors[:, 2:] / 2
    boxes = np.concatenate([priors[:, :2] - half, priors[:, :2] + half], axis=1)
    low = np.maximum(boxes[:, None, :2], faces[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], faces[None, :, 2:4])
    overlap = np.prod(np.maximum(high - low, 0), axis=2)
    prior_area = priors[:, 2] ** 2
    face_area = np.prod(faces[:, 2:4] - faces[:, :2], axis=1)
    iou = overlap / (prior_area[:, None] + face_area[None] - overlap)

    labels[(iou >= TOUCHED).any(1)] = NEAR
    ignored = ~certain
    if ignored.any():
        labels[(overlap[:, ignored] / prior_area[:, None] >= IGNORED).any(1)] = KEPT
        labels[(iou[:, ignored] >= FORCED).any(1)] = KEPT
    sure = np.flatnonzero(certain)
    if not len(sure):
        return labels, deltas, owner
    sure_iou = iou[:, sure]
    best = sure_iou.argmax(1)
    strength = sure_iou.max(1)
    for column in sure_iou.max(0).argsort():
        prior = int(sure_iou[:, column].argmax())
        if sure_iou[prior, column] >= FORCED:
            best[prior], strength[prior] = column, 1.0
        else:
            labels[overlap[:, sure[column]] / prior_area >= IGNORED] = KEPT
    positive = strength >= MATCHED
    labels[positive] = POSITIVE
    owner[positive] = sure[best[positive]]
    face = faces[owner[positive]]
    centre, size = priors[positive, :2], priors[positive, 2:]
    deltas[positive, :2] = ((face[:, :2] + face[:, 2:4]) / 2 - centre) / (variances[0] * size)
    deltas[positive, 2:4] = np.log(np.maximum(face[:, 2:4] - face[:, :2], 1e-3) / size) / variances[1]
    deltas[positive, 4:] = (face[:, 4:] - np.tile(centre, 5)) / (variances[0] * size)
    return labels, deltas, owner


def soft_loss(
    answer: Rows, reference: Rows, labels: Tensor, deltas: Tensor, beliefs: Tensor, weights: LossWeights
) -> dict[str, Tensor]:
    """The loss and its parts for a network that learns how sure to be, sums over priors by the beliefs' sum.

    `answer` and `reference` are boxes, two-class logits and landmarks as `retinaface.flatten` gives them; of
    `reference`, the network at the start, a share stays in what is asked for. The score of a prior that
    answers for a face is to be the belief (B, N) in it, of any other 0; faces that are too small or cut away
    are left alone. Far answers count more, as in the quality focal loss (X. Li et al., 2020, equation 5).
    """
    logit, known = (rows[1][..., 1] - rows[1][..., 0] for rows in (answer, reference))
    positive = labels == POSITIVE
    share = weights.start
    wanted = (1 - share) * torch.where(positive, beliefs, 0.0) + share * known.sigmoid()
    entropy = functional.binary_cross_entropy_with_logits(logit, wanted, reduction="none")
    far = (logit.detach().sigmoid() - wanted).abs()
    total = wanted[positive].sum().clamp(min=4)
    score = weights.score * (far * entropy)[labels != KEPT].sum() / total
    placed = positive & (beliefs >= PLACED)
    places = torch.cat([answer[0], answer[2]], -1)[placed]
    distance = functional.smooth_l1_loss(places, deltas[placed].nan_to_num(), reduction="none")
    distance = distance * ~deltas[placed].isnan() * beliefs[placed][:, None]
    place = (weights.box * distance[:, :4].sum() + weights.landmark * distance[:, 4:].sum()) / total
    return {"loss": score + place, "score": score, "place": place}


def detection_loss(
    answer: Rows, reference: Rows, labels: Tensor, deltas: Tensor, weights: LossWeights
) -> dict[str, Tensor]:
    """The loss and its parts, sums over priors for each positive one.

    `answer` and `reference` are boxes, two-class logits and landmarks as `retinaface.flatten` gives them:
    of the network in training and of the one it started from. Only what the reference gets wrong is taught:
    faces that it is not sure of, boxes and landmarks of those that it does not see or misplaces, and hard
    negatives. On all other priors of faces, certain or doubtful, the reference's own answer is kept.
    """
    logit, known = (rows[1][..., 1] - rows[1][..., 0] for rows in (answer, reference))
    places, kept_places = (torch.cat([rows[0], rows[2]], -1) for rows in (answer, reference))
    positive, negative, seen = labels == POSITIVE, labels == NEGATIVE, known > SEEN
    near_or_kept = (labels == KEPT) | (labels == NEAR)
    count = positive.sum().clamp(min=1)

    missed = functional.softplus(-logit[positive & (known <= SURE)]).sum()
    alarm = functional.softplus(logit)
    hard = alarm.detach().masked_fill(~negative, -1.0)
    wanted = weights.negatives * positive.sum(1).clamp(min=4)
    threshold = hard.sort(1, descending=True).values.gather(1, wanted.clamp(max=hard.shape[1] - 1)[:, None])
    face = (missed + alarm[(hard >= threshold) & negative].sum()) / count
    kept = near_or_kept | (positive & (known > SURE))
    drift = _divergence(known[kept], logit[kept]).sum() / count

    misplaced = _overlap(kept_places, deltas.nan_to_num()) < WELL_PLACED
    taught = positive & (~seen | misplaced) & ~deltas[..., 4].isnan()
    place = _place_loss(places[taught], deltas[taught], weights) / count
    follow = ~negative & seen & ~taught
    place_drift = _place_loss(places[follow], kept_places[follow], weights) / count
    total = face + place + weights.keep * drift + place_drift
    return {"loss": total, "face": face, "place": place, "drift": drift, "place_drift": place_drift}


def _overlap(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union of the boxes that two rows of deltas mean for one prior."""
    corners = []
    for rows in (a, b):
        centre, half = VARIANCES[0] * rows[..., :2], torch.exp(VARIANCES[1] * rows[..., 2:4]) / 2
        corners.append((centre - half, centre + half))
    (low_a, high_a), (low_b, high_b) = corners
    shared = (torch.minimum(high_a, high_b) - torch.maximum(low_a, low_b)).clamp(min=0).prod(-1)
    return shared / ((high_a - low_a).prod(-1) + (high_b - low_b).prod(-1) - shared)


def _place_loss(found: Tensor, wanted: Tensor, weights: LossWeights) -> Tensor:
    distance = functional.smooth_l1_loss(found, wanted, reduction="none")
    return weights.box * distance[:, :4].sum() + weights.landmark * distance[:, 4:].sum()


def _divergence(target: Tensor, logit: Tensor) -> Tensor:
    """Kullback-Leibler divergence of two Bernoulli distributions given by logits."""
    share = target.sigmoid()
    return share * (functional.softplus(-logit) - functional.softplus(-target)) + (1 - share) * (
        functional.softplus(logit) - functional.softplus(target)
    )
