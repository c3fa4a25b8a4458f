"""The tracker against a model with full matrices and SciPy's assignment: docs/capture-flow.md, "Tracking"."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import facecap

scipy_optimize = pytest.importorskip("scipy.optimize")

NEVER = 1e9
STEP = np.block([[np.eye(4), np.eye(4)], [np.zeros((4, 4)), np.eye(4)]])
SEEN = np.eye(4, 8)


@dataclass
class Found:
    boxes: np.ndarray
    scores: np.ndarray


def measured(box: np.ndarray) -> np.ndarray:
    width, height = box[2] - box[0], box[3] - box[1]
    return np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2, width / height, height])


def deviations(height: float, share: float, aspect: float) -> np.ndarray:
    side = share * max(height, 1.0)
    return np.array([side, side, aspect, side])


@dataclass
class Track:
    id: int
    mean: np.ndarray
    covariance: np.ndarray
    hits: int = 1
    unseen: int = 0
    stable: bool = False
    corners: np.ndarray = field(default_factory=lambda: np.zeros(4))

    @classmethod
    def start(cls, number: int, box: np.ndarray) -> Track:
        z = measured(box)
        spread = np.r_[deviations(z[3], 1 / 10, 0.1), deviations(z[3], 1 / 16, 0.025)]
        return cls(number, np.r_[z, np.zeros(4)], np.diag(spread**2))

    def predict(self) -> None:
        height = self.mean[3]
        noise = np.r_[deviations(height, 1 / 20, 0.1), deviations(height, 1 / 160, 0.025)]
        self.mean = STEP @ self.mean
        self.covariance = STEP @ self.covariance @ STEP.T + np.diag(noise**2)
        self.unseen += 1
        x, y, aspect, height = self.mean[:4]
        width = aspect * height
        self.corners = np.array([x - width / 2, y - height / 2, x + width / 2, y + height / 2])

    def projected(self) -> np.ndarray:
        noise = deviations(self.mean[3], 1 / 20, 0.1)
        return SEEN @ self.covariance @ SEEN.T + np.diag(noise**2)

    def distance(self, box: np.ndarray) -> float:
        difference = measured(box) - self.mean[:4]
        return float(difference @ np.linalg.solve(self.projected(), difference))

    def update(self, box: np.ndarray) -> None:
        gain = self.covariance @ SEEN.T @ np.linalg.inv(self.projected())
        self.mean = self.mean + gain @ (measured(box) - self.mean[:4])
        self.covariance = self.covariance - gain @ SEEN @ self.covariance


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    if (sides <= 0).any():
        return 0.0
    both = sides.prod()
    return float(both / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - both))


class Reference:
    def __init__(self, min_hits: int, max_unmatched: int, iou_min: float) -> None:
        self.min_hits, self.max_unmatched, self.iou_min = min_hits, max_unmatched, iou_min
        self.tracks: list[Track] = []
        self.next = 1

    def match(self, tracks: list[Track], left: list[int], boxes: np.ndarray, limit: float, cost) -> None:
        """Least total of costs that are clipped at `limit`, so that a pair left open costs just that."""
        n, m = len(tracks), len(left)
        table = np.full((n + m, m + n), NEVER)
        table[n:, m:] = 0
        for row, track in enumerate(tracks):
            table[row, m + row] = limit
            for column, index in enumerate(left):
                shared = overlap(track.corners, boxes[index])
                price = cost(track, boxes[index], shared)
                if shared > self.iou_min and price < limit:
                    table[row, column] = price
        for column in range(m):
            table[n + column, column] = 0
        matched = [
            (tracks[row], left[column])
            for row, column in zip(*scipy_optimize.linear_sum_assignment(table), strict=True)
            if row < n and column < m and table[row, column] < NEVER
        ]
        for track, index in matched:
            track.update(boxes[index])
            track.unseen = 0
            track.hits += 1
            track.stable = track.stable or track.hits >= self.min_hits
            self.ids[index], self.stable[index] = track.id, track.stable
            left.remove(index)

    def update(self, boxes: np.ndarray) -> tuple[list[int], list[bool], set[int]]:
        self.ids, self.stable = [0] * len(boxes), [False] * len(boxes)
        for track in self.tracks:
            track.predict()
        left = list(range(len(boxes)))
        able = [t for t in self.tracks if not t.stable or t.unseen == 1 or t.unseen < self.max_unmatched]
        for unseen in sorted({track.unseen for track in able}):
            level = [track for track in able if track.unseen == unseen]
            self.match(level, left, boxes, 9.488, lambda track, box, _: track.distance(box))
        rest = [track for track in able if 0 < track.unseen <= 2]
        self.match(rest, left, boxes, 1.0, lambda _track, _box, shared: 1 - shared)
        self.tracks = [
            track
            for track in self.tracks
            if (track.unseen < self.max_unmatched if track.stable else track.unseen == 0)
        ]
        for index in left:
            track = Track.start(self.next, boxes[index])
            track.stable = self.min_hits == 1
            self.next += 1
            self.tracks.append(track)
            self.ids[index], self.stable[index] = track.id, track.stable
        return self.ids, self.stable, {track.id for track in self.tracks}


def walks(seed: int, faces: int, frames: int) -> list[np.ndarray]:
    """Faces that walk, come nearer, cross and are missed; no two boxes are alike, so that nothing ties."""
    random = np.random.default_rng(seed)
    place = random.uniform(0, 300, (faces, 2))
    speed = random.normal(0, 6, (faces, 2))
    side = random.uniform(20, 80, faces)
    out = []
    for _ in range(frames):
        speed += random.normal(0, 2, speed.shape)
        place += speed
        side = np.clip(side * random.uniform(0.95, 1.06, faces), 8, 200)
        seen = random.random(faces) < 0.85
        height = side * random.uniform(1, 1.3, faces)
        boxes = np.c_[place, place + np.c_[side, height]]
        out.append(random.permutation(boxes[seen]).astype(np.float32))
    return out


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 8),
    st.integers(1, 4),
    st.integers(1, 8),
    st.sampled_from([0.0, 0.3, 0.6]),
)
@example(seed=2, faces=8, min_hits=1, max_unmatched=3, iou_min=0.0)  # one good pair, or two of more in all
@settings(max_examples=120)
def test_the_tracker_follows_as_full_matrices_do(
    seed: int, faces: int, min_hits: int, max_unmatched: int, iou_min: float
) -> None:
    tracker = facecap.Tracker(min_hits=min_hits, max_unmatched=max_unmatched, iou_min=iou_min)
    reference = Reference(min_hits, max_unmatched, iou_min)
    for boxes in walks(seed, faces, 30):
        found = tracker.update(Found(boxes, np.ones(len(boxes), np.float32)))
        ids, stable, live = reference.update(boxes.astype(np.float64))
        assert found.ids.tolist() == ids
        assert found.stable.tolist() == stable
        assert found.live_ids == live
