"""Which detection is which face: lifetimes, ids and what a pile of faces must not do."""

from __future__ import annotations

import numpy as np
import pytest
from faces import Found
from hypothesis import given
from hypothesis import strategies as st

import facecap

Squares = list[tuple[float, float, float]]
FACE = (800, 400, 200)
GRID = st.tuples(st.integers(0, 12), st.integers(0, 6)).map(
    lambda cell: (25.0 * cell[0], 25.0 * cell[1], 60.0)
)
FRAMES = st.lists(st.lists(GRID, max_size=7, unique=True), min_size=1, max_size=12)


def ids(tracks: facecap.Tracks) -> list[int]:
    return [int(track_id) for track_id in tracks.ids]


def test_answers_in_the_promised_types() -> None:
    tracks = facecap.Tracker().update(Found.squares(FACE))
    assert tracks.ids.dtype == np.int64 and tracks.stable.dtype == np.bool_
    assert (ids(tracks), tracks.stable.tolist(), tracks.live_ids) == ([1], [False], {1})
    nobody = facecap.Tracker().update(Found.squares())
    assert nobody.ids.shape == nobody.stable.shape == (0,)
    assert nobody.ids.dtype == np.int64 and nobody.live_ids == set()


def test_every_age_of_a_track() -> None:
    tracker = facecap.Tracker(min_hits=3, max_unmatched=4)
    for hit in (1, 2, 3, 4):
        tracks = tracker.update(Found.squares(FACE))
        assert (ids(tracks), bool(tracks.stable[0])) == ([1], hit >= 3)
    for missed in (1, 2):
        assert tracker.update(Found.squares()).live_ids == {1}, missed
    again = tracker.update(Found.squares(FACE))
    assert (ids(again), bool(again.stable[0])) == ([1], True)
    for missed in (1, 2, 3):
        assert tracker.update(Found.squares()).live_ids == {1}, missed
    assert tracker.update(Found.squares()).live_ids == set()
    new = tracker.update(Found.squares(FACE))
    assert (ids(new), bool(new.stable[0])) == ([2], False)


def test_a_gap_on_probation_ends_the_track() -> None:
    tracker = facecap.Tracker()
    for _ in range(5):
        assert ids(tracker.update(Found.squares(FACE))) == [1]
    assert tracker.update(Found.squares()).live_ids == set()
    assert ids(tracker.update(Found.squares(FACE))) == [2]


def test_an_unseen_older_track_lives_on_beside_a_seen_one() -> None:
    tracker = facecap.Tracker()
    left, right = (300, 400, 200), (1200, 400, 200)
    for frame in range(30):
        tracks = tracker.update(Found.squares(right) if frame == 20 else Found.squares(left, right))
        assert tracks.live_ids == {1, 2}
        assert ids(tracks) == ([2] if frame == 20 else [1, 2])


@pytest.mark.parametrize(("shift", "wanted"), [(107, 1), (108, 2)])
def test_a_jump_must_overlap(shift: float, wanted: int) -> None:
    tracker = facecap.Tracker()
    tracker.update(Found.squares(FACE))
    tracks = tracker.update(Found.squares((800 + shift, 400, 200)))
    assert ids(tracks) == [wanted]
    assert tracks.live_ids == {wanted}


@given(FRAMES, st.data())
def test_order_of_detections_decides_nothing(frames: list[Squares], data: st.DataObject) -> None:
    plain = facecap.Tracker(min_hits=2, max_unmatched=3)
    mixed = facecap.Tracker(min_hits=2, max_unmatched=3)
    translation: dict[int, int] = {}
    for squares in frames:
        order = data.draw(st.permutations(range(len(squares))))
        first = plain.update(Found.squares(*squares))
        second = mixed.update(Found.squares(*(squares[i] for i in order)))
        for place, i in enumerate(order):
            assert translation.setdefault(int(first.ids[i]), int(second.ids[place])) == second.ids[place]
            assert first.stable[i] == second.stable[place]
    assert len(set(translation.values())) == len(translation)


@given(FRAMES)
def test_ids_are_unique_and_grow(frames: list[Squares]) -> None:
    tracker = facecap.Tracker(min_hits=2, max_unmatched=3)
    last = 0
    for squares in frames:
        tracks = tracker.update(Found.squares(*squares))
        found = ids(tracks)
        assert len(set(found)) == len(found)
        assert set(found) <= tracks.live_ids
        fresh = [track_id for track_id in found if track_id > last]
        assert fresh == list(range(last + 1, last + 1 + len(fresh)))  # in the order of the detections
        last += len(fresh)


@given(st.lists(st.lists(st.lists(st.floats(width=32), min_size=4, max_size=4), max_size=4), max_size=4))
def test_any_boxes_are_survived(frames: list[list[list[float]]]) -> None:
    tracker = facecap.Tracker(min_hits=1)
    for boxes in frames:
        array = np.array(boxes, np.float32).reshape(-1, 4)
        tracks = tracker.update(Found(array, np.ones(len(array), np.float32)))
        for box, track_id in zip(array, tracks.ids, strict=True):
            followed = bool(np.isfinite(box).all() and box[0] < box[2] and box[1] < box[3])
            assert (track_id > 0) == followed


@given(st.integers(0, 2**32 - 1))
def test_a_crowd_keeps_its_ids(seed: int) -> None:
    cells = np.random.default_rng(seed).permutation(1200)[:750]
    squares = np.stack([cells % 40 * 48.0, cells // 40 * 36.0, np.full(750, 30.0)], axis=1)
    tracker = facecap.Tracker()
    for _ in range(2):
        tracks = tracker.update(Found.squares(*squares.tolist()))
        assert ids(tracks) == list(range(1, 751))


def test_a_score_that_is_no_number_is_the_worst() -> None:
    tracker = facecap.Tracker()
    tracker.update(Found.squares(FACE))
    three = Found.squares(FACE, FACE, FACE)
    three.scores = np.array([np.nan, 0.2, 0.9], np.float32)
    assert ids(tracker.update(three))[2] == 1


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match="min_hits is 0"):
        facecap.Tracker(min_hits=0)
    with pytest.raises(TypeError, match=r"max_unmatched is 1\.5"):
        facecap.Tracker(max_unmatched=1.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="iou_min is 1"):
        facecap.Tracker(iou_min=1)
    with pytest.raises(ValueError, match=r"boxes has shape \(4,\), wanted \(N, 4\)"):
        facecap.Tracker().update(Found(np.zeros(4), np.zeros(1)))
    with pytest.raises(ValueError, match="1 boxes came with 2 scores"):
        facecap.Tracker().update(Found(np.zeros((1, 4)), np.zeros(2)))
