"""The gate against a model of it in plain Python, written from docs/capture-flow.md, "Gate"."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from facecap import Candidate, CaptureConfig, CaptureGate


@dataclass
class Slot:
    track: int
    started: float
    best: float = 0.0
    quality: float = 0.0
    refined: float = 0.0
    given: int = 0
    shot: int = -1
    waits: bool = False
    lost: bool = False
    rearm: bool = False


class Reference:
    """One slot a track; what is emitted comes as (kind, shot frame, track, sequence)."""

    def __init__(self, config: CaptureConfig, slots: int) -> None:
        self.config = config
        self.slots: list[Slot | None] = [None] * slots

    def count_left(self, slot: Slot) -> bool:
        return self.config.max_captures == 0 or slot.given < self.config.max_captures

    def refusal(self, face: Candidate, slot: Slot | None, room: bool) -> str | None:
        config = self.config
        refined_eyes = face.eye_distance if face.refined_eye_distance is None else face.refined_eye_distance
        if not face.stable or face.track_id <= 0:
            return "track_unconfirmed"
        if face.rejection:
            return face.rejection
        if face.quality < config.min_quality:
            return "low_quality"
        if face.eye_distance < 0.8 * config.min_eye_distance:
            return "eyes_too_close"
        if slot is None and not room:
            return "no_free_slot"
        if slot is not None:
            if face.quality <= slot.quality + 0.05:
                return "not_better"
            if not self.count_left(slot):
                return "count_exhausted"
            if slot.given > 0 and face.quality < config.min_relative_quality * slot.best:
                return "below_track_best"
        if refined_eyes < config.min_eye_distance:
            return "eyes_too_close"
        if face.landmark_confidence < config.min_landmark_confidence:
            return "low_landmark_confidence"
        if refined(face) <= (slot.refined if slot else 0.0):
            return "refined_not_better"
        return None

    def update(self, frame: int, faces: list[Candidate], live: set[int], now: float):
        for place, slot in enumerate(self.slots):
            if slot and slot.lost:
                self.slots[place] = None
            elif slot and slot.rearm:
                slot.quality, slot.refined, slot.rearm = 0.0, 0.0, False
        reasons = []
        for face in faces:
            slot = next((s for s in self.slots if s and s.track == face.track_id), None)
            reason = self.refusal(face, slot, None in self.slots)
            reasons.append(reason)
            if reason:
                continue
            if slot is None:
                slot = Slot(face.track_id, now)
                self.slots[self.slots.index(None)] = slot
            slot.quality, slot.refined, slot.shot, slot.waits = face.quality, refined(face), frame, True
            slot.best = max(slot.best, face.quality)
        return reasons, [event for slot in self.slots if slot for event in self.emit(slot, live, now)]

    def emit(self, slot: Slot, live: set[int], now: float):
        config = self.config
        if slot.track not in live:
            slot.lost = True
            due = self.count_left(slot) if config.mode == "auto" else slot.given == 0
            kind = "lost"
        else:
            interval = config.interval_seconds if config.interval_seconds is not None else config.interval
            at_once = config.mode == "fast" or (config.mode == "auto" and config.early_first)
            due = config.mode != "once" and self.count_left(slot)
            due = due and ((at_once and slot.given == 0) or now - slot.started + 1e-6 >= interval)
            kind = "periodic" if slot.given else "first"
        if not (slot.waits and due):
            return []
        slot.given += 1
        slot.started, slot.waits, slot.rearm = now, False, True
        return [(kind, slot.shot, slot.track, slot.given)]


def refined(face: Candidate) -> float:
    return face.quality if face.refined_quality is None else face.refined_quality


# Sixteenths are exact in a float32, so that both sides compare the same numbers.
STEPS = st.integers(-2, 24).map(lambda step: step / 16)
FACES = st.builds(
    Candidate,
    track_id=st.integers(0, 4),
    stable=st.sampled_from([True, True, True, False]),
    quality=STEPS,
    refined_quality=st.none() | STEPS,
    eye_distance=st.sampled_from([99.0, 99.0, 24.0, 17.0, 15.0]),
    refined_eye_distance=st.sampled_from([None, None, 21.0, 19.0]),
    landmark_confidence=st.sampled_from([1.0, 1.0, 0.25]),
    rejection=st.sampled_from([None, None, None, "extreme_roll", "too_small"]),
)
CONFIGS = st.builds(
    CaptureConfig,
    mode=st.sampled_from(["fast", "auto", "cycle", "once"]),
    interval=st.integers(0, 6),
    interval_seconds=st.sampled_from([None, None, 0.0, 0.25, 1.0]),
    max_captures=st.integers(0, 3),
    min_quality=st.sampled_from([0.125, 0.5]),
    min_relative_quality=st.sampled_from([0.0, 0.5, 0.75]),
    early_first=st.booleans(),
)


def once_a_track(faces: list[Candidate]) -> list[Candidate]:
    return list({face.track_id: face for face in faces}.values())


@given(
    CONFIGS,
    st.integers(1, 3),
    st.lists(
        st.tuples(
            st.lists(FACES, max_size=4).map(once_a_track),
            st.sets(st.integers(1, 4), min_size=2),
            st.integers(1, 3),
        ),
        min_size=1,
        max_size=25,
    ),
)
@settings(max_examples=400)
def test_the_gate_does_what_its_page_says(
    config: CaptureConfig, slots: int, frames: list[tuple[list[Candidate], set[int], int]]
) -> None:
    gate, reference = CaptureGate(config, slots), Reference(config, slots)
    frame = -1
    for faces, live, step in frames:
        frame += step
        seconds = frame / 8
        now = seconds if config.interval_seconds is not None else frame
        found = gate.update(frame, faces, live, seconds)
        reasons, events = reference.update(frame, faces, live, now)
        assert found.reasons == reasons
        assert [(e.kind, e.shot_frame, e.track_id, e.sequence) for e in found.events] == events
