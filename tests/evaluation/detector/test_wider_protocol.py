"""The WIDER FACE protocol against a second implementation, on random data and on real detections."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facecap.evaluation.detector import widerface
from facecap.evaluation.detector.average_precision import area_under
from facecap.evaluation.detector.contenders import open_yunet
from facecap.evaluation.detector.detection import Found, PictureSet, detect_all, open_detector
from facecap.evaluation.detector.wider_ground_truth import read_official

from . import wider_by_hand

# Few places and sizes, so that boxes overlap, coincide and tie.
boxes = st.tuples(st.integers(0, 24), st.integers(0, 24), st.integers(1, 14), st.integers(1, 14)).map(
    lambda b: [float(b[0]), float(b[1]), float(b[0] + b[2]), float(b[1] + b[3])]
)
scores = st.integers(0, 64).map(lambda s: s / 64)


@st.composite
def pictures(draw: st.DrawFn) -> tuple[dict[str, Any], list[list[float]]]:
    faces = draw(st.lists(boxes, max_size=6))
    wanted = draw(st.sets(st.integers(0, len(faces) - 1))) if faces else set()
    near = st.one_of(boxes, st.sampled_from(faces)) if faces else boxes
    found = draw(st.lists(st.tuples(near, scores), max_size=8))
    rows = sorted(([*box, score] for box, score in found), key=lambda row: -row[4])
    return {"boxes": faces, "easy": sorted(wanted)}, rows


def as_found(rows: Sequence[Sequence[float]]) -> Found:
    array = np.array(rows, np.float32).reshape(-1, 5)
    return Found(array[:, :4], array[:, 4])


@settings(max_examples=400)
@given(st.lists(pictures(), min_size=1, max_size=4))
def test_random_pictures(drawn: list[tuple[dict[str, Any], list[list[float]]]]) -> None:
    entries, rows = [entry for entry, _ in drawn], [rows for _, rows in drawn]
    stretched = widerface.normalized([as_found(r) for r in rows])
    fast = area_under(*widerface.precision_recall(entries, stretched, "easy"))
    assert fast == pytest.approx(wider_by_hand.average_precision(entries, rows, "easy"), abs=1e-12)


def test_real_detections(shared: Path) -> None:
    whole = widerface.read(shared / "data")
    yunet = shared / "data" / "weights" / "yunet_n_dynamic.onnx"
    for detect in (open_detector(None, 320), open_yunet(yunet, 640)):
        found = detect_all(detect, whole)
        figures = widerface.measure(whole, found).figures
        rows = [np.column_stack((f.boxes, f.scores)).astype(np.float64).tolist() for f in found]
        for subset in widerface.SUBSETS:
            by_hand = wider_by_hand.average_precision(whole.entries, rows, subset)
            assert figures[f"wider_{subset}"] == pytest.approx(by_hand, abs=1e-5), subset


def test_the_pack_agrees_with_the_official_lists(shared: Path) -> None:
    pytest.importorskip("scipy")
    pack = widerface.read(shared / "data")
    official = read_official(pack.folder / "ground_truth", None)
    assert len(official.entries) == 3226
    by_name = {(e["event"], Path(e["file"]).stem): e for e in official.entries}
    for entry in pack.entries:
        listed = by_name[entry["event"], Path(entry["file"]).stem]
        for subset in widerface.SUBSETS:
            assert sorted(entry[subset]) == sorted(listed[subset])
        x, y, w, h = np.array(entry["orig_boxes_xywh"], float).reshape(-1, 4).T
        assert np.array_equal(np.stack((x, y, x + w, y + h), 1), np.reshape(listed["boxes"], (-1, 4)))


def test_the_official_numbers_of_faces(shared: Path) -> None:
    pytest.importorskip("scipy")
    official = read_official(shared / "data" / "detect" / "wider_dev" / "ground_truth", None)
    counts = {s: sum(len(entry[s]) for entry in official.entries) for s in widerface.SUBSETS}
    assert counts == {"easy": 7211, "medium": 13319, "hard": 31958}


def test_perfect_detections_of_the_official_set_reach_one(shared: Path) -> None:
    pytest.importorskip("scipy")
    official = read_official(shared / "data" / "detect" / "wider_dev" / "ground_truth", None)
    perfect = [as_found([[*box, 0.9] for box in entry["boxes"]]) for entry in official.entries]
    figures = widerface.measure(PictureSet(official.folder, official.entries), perfect).figures
    assert min(figures.values()) > 0.99
