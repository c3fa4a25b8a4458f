"""Which shots are stored and emitted, for the gate alone and behind tracker and quality."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable

import pytest
from faces import Found, canonical_face
from hypothesis import given
from hypothesis import strategies as st

import facecap
from facecap import Candidate, CaptureConfig, CaptureEvent, CaptureGate

FACE = (800.0, 400.0, 200.0)
A, B = (300.0, 400.0, 200.0), (1200.0, 400.0, 200.0)
Squares = list[tuple[float, float, float]]


def e(*events: CaptureEvent) -> list[tuple[int, int, int, int]]:
    """Events as (frame, id, sequence, shot frame)."""
    return [(event.frame, event.track_id, event.sequence, event.shot_frame) for event in events]


def watch(
    config: CaptureConfig, script: Callable[[int], Squares], frames: Iterable[int]
) -> list[facecap.CaptureEvent]:
    """Detections through tracker, quality and gate."""
    tracker = facecap.Tracker(min_hits=config.min_hits, max_unmatched=config.miss_limit)
    gate = CaptureGate(config)
    events = []
    for frame in frames:
        squares = script(frame)
        tracks = tracker.update(Found.squares(*squares))
        candidates = []
        for square, track_id, stable in zip(squares, tracks.ids, tracks.stable, strict=True):
            box, landmarks = canonical_face(*square)
            quality = facecap.face_quality(box, landmarks, (1920, 1080))
            eyes = float(landmarks[1, 0] - landmarks[0, 0])
            candidates.append(Candidate(int(track_id), bool(stable), quality, eye_distance=eyes))
        events += gate.update(frame, candidates, tracks.live_ids).events
    return events


def test_fast_emits_at_once_and_at_intervals() -> None:
    gate = CaptureGate(CaptureConfig(mode="fast", interval=10, max_captures=3), slots=10)
    steps = {frame: gate.update(frame, [Candidate(1, quality=0.8)], {1}) for frame in range(9, 109)}
    events = [event for step in steps.values() for event in step.events]
    assert e(*events) == [(9, 1, 1, 9), (19, 1, 2, 10), (29, 1, 3, 20)]
    assert [event.kind for event in events] == ["first", "periodic", "periodic"]
    assert all(event.quality == pytest.approx(0.8) for event in events)
    assert [frame for frame, step in steps.items() if step.stored] == [9, 10, 20]
    assert {frame: step.reasons for frame, step in steps.items() if frame in (9, 11, 31)} == {
        9: [None],
        11: ["not_better"],
        31: ["count_exhausted"],
    }


def test_auto_emits_the_best_on_loss() -> None:
    gate = CaptureGate()
    for frame in range(9, 17):
        gate.update(frame, [Candidate(1, quality=0.9 if frame == 14 else 0.8)], [1])
    for frame in range(17, 21):
        assert gate.update(frame, [], [1]).events == []
    (event,) = gate.update(21, [], []).events
    assert (event.kind, event.frame, event.shot_frame, event.sequence) == ("lost", 21, 14, 1)


def test_flush_emits_what_waits_once() -> None:
    gate = CaptureGate(CaptureConfig(interval=1000))
    for frame in range(9, 21):
        gate.update(frame, [Candidate(1)], [1])
    (event,) = gate.flush(20)
    assert (event.kind, event.frame, event.shot_frame) == ("flush", 20, 9)
    assert gate.flush(20) == []


def test_refined_values_default_to_the_unrefined() -> None:
    gate = CaptureGate()
    step = gate.update(
        0, [Candidate(1, eye_distance=19), Candidate(1, eye_distance=19, refined_eye_distance=20)], [1]
    )
    assert step.reasons == ["eyes_too_close", None]
    assert step.stored == [1]
    worse = Candidate(2, quality=0.8, refined_quality=0)
    assert gate.update(1, [worse], [1, 2]).reasons == ["refined_not_better"]


def test_what_is_not_a_number_is_never_stored() -> None:
    gate = CaptureGate()
    odd = [
        Candidate(1, quality=math.nan),
        Candidate(1, quality=math.inf),
        Candidate(1, refined_quality=math.nan),
        Candidate(1, eye_distance=math.nan),
        Candidate(1, refined_eye_distance=math.nan),
        Candidate(1, landmark_confidence=math.nan),
    ]
    step = gate.update(0, odd, [1])
    assert step.stored == []
    assert step.reasons == ["invalid_pose"] * 3 + ["eyes_too_close"] * 2 + ["low_landmark_confidence"]


def test_a_rejection_known_before_comes_after_probation() -> None:
    gate = CaptureGate()
    faces = [
        Candidate(1, stable=False, rejection="extreme_yaw"),
        Candidate(2, quality=0, rejection="extreme_yaw"),
    ]
    assert gate.update(0, faces, [1, 2]).reasons == ["track_unconfirmed", "extreme_yaw"]
    with pytest.raises(ValueError, match="rejection is 'ugly', wanted one of too_small"):
        gate.update(1, [Candidate(1, rejection="ugly")], [1])


def test_seconds_take_the_place_of_frames() -> None:
    gate = CaptureGate(CaptureConfig(mode="fast", interval_seconds=0.4))
    events = []
    for frame in range(9, 40):
        events += gate.update(frame, [Candidate(1)], [1], timestamp=frame * 0.04).events
    assert e(*events) == [(9, 1, 1, 9), (19, 1, 2, 10), (29, 1, 3, 20)]
    with pytest.raises(ValueError, match="timestamp is missing"):
        gate.update(40, [], [1])
    with pytest.raises(ValueError, match="do not run back"):
        gate.update(40, [], [1], timestamp=0)


def test_wrong_arguments_are_named() -> None:
    gate = CaptureGate()
    gate.update(5, [], [])
    with pytest.raises(ValueError, match="frame_index is 5, wanted more than 5"):
        gate.update(5, [], [])
    with pytest.raises(ValueError, match="frame_index is -1"):
        gate.update(-1, [], [])
    with pytest.raises(TypeError, match=r"frame_index is 6\.0"):
        gate.update(6.0, [], [])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="wanted at least 5"):
        gate.flush(4)
    with pytest.raises(ValueError, match="slots is 0"):
        CaptureGate(slots=0)
    with pytest.raises(TypeError, match="config is dict, wanted a CaptureConfig"):
        CaptureGate({"mode": "fast"})  # type: ignore[arg-type]


FACES = st.builds(
    Candidate,
    track_id=st.integers(0, 4),
    stable=st.sampled_from([True, True, True, False]),
    quality=st.integers(-2, 24).map(lambda step: step / 16),
    refined_quality=st.none() | st.integers(-2, 24).map(lambda step: step / 16),
    eye_distance=st.sampled_from([99.0, 99.0, 16.0]),
    rejection=st.sampled_from([None, None, None, "extreme_roll"]),
)
FRAME = st.tuples(st.lists(FACES, max_size=4), st.sets(st.integers(1, 4), min_size=2))


@given(
    st.sampled_from(["fast", "auto", "cycle", "once"]),
    st.integers(0, 6),
    st.integers(0, 3),
    st.integers(1, 3),
    st.lists(FRAME, min_size=1, max_size=30),
)
def test_promises_of_the_gate(
    mode: str, interval: int, most: int, slots: int, frames: list[tuple[list[Candidate], set[int]]]
) -> None:
    config = CaptureConfig(mode=mode, interval=interval, max_captures=most)  # type: ignore[arg-type]
    gate = CaptureGate(config, slots)
    emitted: Counter[int] = Counter()
    shots: set[tuple[int, int]] = set()
    stored_at: dict[int, set[int]] = {}
    for frame, (faces, live) in enumerate(frames):
        step = gate.update(frame, faces, live)
        assert [i for i, reason in enumerate(step.reasons) if reason is None] == step.stored
        for i in step.stored:
            assert faces[i].stable and faces[i].quality >= config.min_quality and faces[i].rejection is None
            stored_at.setdefault(frame, set()).add(faces[i].track_id)
        assert len(step.events) <= slots
        for event in step.events:
            emitted[event.track_id] += 1
            assert event.sequence == emitted[event.track_id]
            assert most == 0 or event.sequence <= most
            assert (event.track_id, event.shot_frame) not in shots
            assert event.track_id in stored_at[event.shot_frame]
            assert event.kind == (
                "lost" if event.track_id not in live else "first" if event.sequence == 1 else "periodic"
            )
            shots.add((event.track_id, event.shot_frame))
        for track_id in set(emitted) - live:
            del emitted[track_id]  # its visit is over
    assert len(gate.flush(len(frames))) <= slots


def test_frontal_face_through_tracker_and_gate() -> None:
    config = CaptureConfig(mode="fast", interval=10, max_captures=3)
    events = watch(config, lambda frame: [FACE], range(60))
    assert e(*events) == [(9, 1, 1, 9), (19, 1, 2, 10), (29, 1, 3, 20)]
    assert events[0].quality == pytest.approx(1.358176, abs=1e-4)


def test_a_gap_on_probation_starts_the_count_again() -> None:
    config = CaptureConfig(mode="fast", interval=10, max_captures=3)
    events = watch(config, lambda frame: [] if frame == 5 else [FACE], range(20))
    assert e(*events) == [(15, 2, 1, 15)]


@pytest.mark.parametrize(("side", "count"), [(50, 1), (49, 0), (39, 0)])
def test_eyes_must_be_apart(side: float, count: int) -> None:
    events = watch(CaptureConfig(mode="fast"), lambda frame: [(800, 400, side)], range(20))
    assert len(events) == count
    assert all(event.quality == pytest.approx(0.392989, abs=1e-4) for event in events)


def test_best_of_a_visit() -> None:
    config = CaptureConfig(mode="auto", interval=1000, miss_limit=40)
    events = watch(config, lambda frame: [FACE] if frame < 30 else [], range(80))
    assert e(*events) == [(69, 1, 1, 9)]
    assert events[0].kind == "lost" and events[0].quality == pytest.approx(1.358176, abs=1e-4)
    for back, wanted in ((68, 1), (69, 2)):
        tracker = facecap.Tracker()
        for frame in range(back):
            tracker.update(Found.squares(*([FACE] if frame < 30 else [])))
        assert tracker.update(Found.squares(FACE)).ids.tolist() == [wanted]


def test_an_unseen_face_keeps_its_slot_beside_a_seen_one() -> None:
    config = CaptureConfig(mode="fast", interval=10, max_captures=3)
    events = watch(config, lambda frame: [B] if frame == 20 else [A, B], range(50))
    assert e(*(event for event in events if event.track_id == 1)) == [
        (9, 1, 1, 9),
        (19, 1, 2, 10),
        (29, 1, 3, 21),
    ]
    assert e(*(event for event in events if event.track_id == 2)) == [
        (9, 2, 1, 9),
        (19, 2, 2, 10),
        (29, 2, 3, 20),
    ]


@pytest.mark.parametrize(("shift", "wanted"), [(107, {1}), (108, {2})])
def test_a_jump_in_the_second_frame(shift: float, wanted: set[int]) -> None:
    config = CaptureConfig(mode="fast", min_hits=2)
    events = watch(config, lambda frame: [(800 + (shift if frame else 0), 400, 200)], range(4))
    assert {event.track_id for event in events} == wanted


def test_a_face_that_comes_nearer_is_captured_near() -> None:
    gate = CaptureGate(CaptureConfig(mode="auto", interval=1000))
    for frame in range(30):
        square = (800, 400, 100) if frame < 15 else (750, 350, 200)
        quality = facecap.face_quality(*canonical_face(*square), (1920, 1080))
        assert gate.update(frame, [Candidate(1, stable=frame >= 9, quality=quality)], [1]).events == []
    (event,) = gate.update(30, [], []).events
    assert (event.shot_frame, event.sequence) == (15, 1)
    assert event.quality == pytest.approx(1.358176, abs=1e-4)
