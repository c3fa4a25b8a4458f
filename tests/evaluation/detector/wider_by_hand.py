"""A second implementation of the WIDER FACE protocol, in plain Python and without a walk through the ranks.

Every detection looks at the face that it overlaps most. If the overlap, counted in whole pixels, is at least
0.5 and the face is not of the subset, the detection is dropped. At a threshold a face counts as found if any
detection that looks at it with enough overlap reaches the threshold; all detections left that reach it are
proposals. Pictures without annotated faces give no proposals.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any

Row = Sequence[float]


def overlap(a: Row, b: Row) -> float:
    """Intersection over union of two boxes of whole pixels, both corners inside."""
    width = min(a[2], b[2]) - max(a[0], b[0]) + 1
    height = min(a[3], b[3]) - max(a[1], b[1]) + 1
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    both = sum((box[2] - box[0] + 1) * (box[3] - box[1] + 1) for box in (a, b))
    return shared / (both - shared)


def average_precision(
    entries: Sequence[Mapping[str, Any]], found: Sequence[Sequence[Row]], subset: str
) -> float:
    """`found` has rows x1 y1 x2 y2 score for every picture, in any order."""
    every_score = [row[4] for rows in found for row in rows]
    if not every_score:
        return 0.0
    low = min(every_score)
    span = (max(every_score) - low) or 1e-12
    proposals, face_scores, faces = [], [], 0
    for entry, rows in zip(entries, found, strict=True):
        wanted = set(entry[subset])
        faces += len(wanted)
        best_of_face: dict[int, float] = {}
        for row in rows if entry["boxes"] else ():
            score = (row[4] - low) / span
            looks = [overlap(row, box) for box in entry["boxes"]]
            face = looks.index(max(looks))
            if looks[face] >= 0.5:
                if face not in wanted:
                    continue
                best_of_face[face] = max(score, best_of_face.get(face, 0.0))
            proposals.append(score)
        face_scores += best_of_face.values()
    if not faces:
        return 0.0
    proposals.sort()
    face_scores.sort()
    points = []
    for step in range(1, 1001):
        threshold = 1 - step / 1000
        shown = len(proposals) - bisect_left(proposals, threshold)
        hit = len(face_scores) - bisect_left(face_scores, threshold)
        points.append((hit / faces, hit / shown if shown else 0.0))
    area, reached = 0.0, 0.0
    for recall in sorted({recall for recall, _ in points}):
        area += (recall - reached) * max(p for r, p in points if r >= recall)
        reached = recall
    return area
