"""What a capture says of the shots that it was chosen from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scripted import detector, frame, mask_classifier

pytest.importorskip("sqlalchemy", reason="the extra 'service' is not installed")

from facecap import Capture, CaptureConfig, Detector, FaceCapture, Faces, FrameResult, MaskClassifier
from facecap_service.cameras.visits import Visits


def seen(index: int, *faces: tuple[int, bool, str | None]) -> FrameResult:
    """A frame with faces of these tracks, kept or with the reason why not."""
    count = len(faces)
    parts: dict[str, Any] = {
        "boxes": np.zeros((count, 4), np.float32),
        "scores": np.ones(count, np.float32),
        "landmarks": np.zeros((count, 5, 2), np.float32),
        "track_ids": np.array([face[0] for face in faces], np.int64),
        "stable": np.ones(count, np.bool_),
        "quality": np.ones(count, np.float32),
        "pose": np.zeros((count, 3), np.float32),
        "capture": np.array([face[1] for face in faces], np.bool_),
        "mask_prob": np.full(count, np.nan, np.float32),
        "incorrect_prob": np.full(count, np.nan, np.float32),
        "reasons": tuple(face[2] for face in faces),
    }
    return FrameResult(index, None, Faces(**parts), [], {}, 0, 0)


def given(track_id: int, shot_frame: int) -> Capture:
    """A capture of a track."""
    zeros = np.zeros(4, np.float32)
    crop = np.zeros((112, 112, 3), np.uint8)
    pose = (0.0, 0.0, 0.0)
    points = np.zeros((5, 2), np.float32)
    return Capture(
        "periodic", track_id, 1, 99, shot_frame, None, zeros, points, 1.0, 1.0, pose, crop, 0.5, "unknown"
    )


def test_shots_are_counted_by_track_until_its_capture() -> None:
    visits = Visits()
    visits.see(seen(0, (1, False, "track_unconfirmed"), (2, False, "too_small"), (0, False, "too_small")))
    visits.see(seen(1, (1, True, None), (2, False, "too_small")))
    visits.see(seen(2, (1, False, "not_better")))
    visits.see(seen(3, (1, True, None)))
    assert visits.summaries([given(1, 3), given(2, 1)]) == [
        {"shots": 4, "lost": {"track_unconfirmed": 1, "not_better": 1, "superseded": 1}},
        {"shots": 2, "lost": {"too_small": 2}},
    ]
    visits.see(seen(4, (1, True, None)))
    assert visits.summaries([given(1, 4)]) == [{"shots": 1, "lost": {}}]


def test_shot_kept_for_the_next_capture_is_counted_there() -> None:
    visits = Visits()
    visits.see(seen(0, (1, True, None)))
    visits.see(seen(1, (1, True, None)))
    assert visits.summaries([given(1, 0)]) == [{"shots": 1, "lost": {}}]
    visits.see(seen(2, (1, False, "not_better")))
    assert visits.summaries([given(1, 1)]) == [{"shots": 2, "lost": {"not_better": 1}}]


def test_tracks_without_end_take_no_memory_without_end() -> None:
    visits = Visits()
    for track_id in range(1, 1503):
        visits.see(seen(track_id, (track_id, True, None)))
    assert visits.summaries([given(1, 1)]) == [{"shots": 1, "lost": {}}]
    assert visits.summaries([given(1502, 1502)]) == [{"shots": 1, "lost": {}}]
    assert len(visits._tracks) <= 1000


def test_every_shot_of_a_real_visit_is_counted_once(tmp_path: Path) -> None:
    capture = FaceCapture(
        CaptureConfig(mode="auto", interval=1000, min_hits=3),
        detector=Detector(detector(tmp_path)),
        classifier=MaskClassifier(mask_classifier(tmp_path)),
        refiner=False,
    )
    visits = Visits()
    for _ in range(10):
        visits.see(capture.process(frame((40, 20))))
    [shot] = capture.flush()
    [summary] = visits.summaries([shot])
    assert summary["shots"] == 10 and sum(summary["lost"].values()) == 9
    assert summary["lost"]["track_unconfirmed"] == 2
