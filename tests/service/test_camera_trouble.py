"""What a camera's report says is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cameras import closed_port
from painted import FACE, encoded
from served import Served, eventually, running, settings_in

from facecap import CaptureConfig, Faces, FrameResult, Refinements
from facecap_service.cameras.lacking import Lacking
from facecap_service.cameras.recent import LastMinute
from facecap_service.store import Store, StoreError


def troubles(service: Served, camera: str = "door") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = service.client.get(f"/v1/cameras/{camera}").json()["trouble"]
    return found


def seen_without_a_capture(service: Served, face: bytes, frames: int = 30) -> dict[str, Any]:
    for _ in range(frames):
        assert service.push("door", face).json()["captures"] == []
    (trouble,) = troubles(service)
    assert trouble["kind"] == "no_capture" and trouble["since"] is not None
    return trouble


def test_a_still_face_whose_eyes_are_too_close_says_by_how_much(
    tmp_path: Path, pipeline: Any, face: bytes
) -> None:
    with running(settings_in(tmp_path, pipeline=pipeline, capture={"min_eye_distance": 90})) as service:
        answer = service.push("door", face).json()
        (left, _), (right, _), *_ = answer["faces"][0]["landmarks"]
        trouble = seen_without_a_capture(service, face, 29)
        assert trouble["code"] == "eyes_too_close" and trouble["count"] == 21
        have = pytest.approx(right - left, abs=0.1)
        assert trouble["values"] == {"setting": "min_eye_distance", "have": have, "wanted": 90}
        apart = f"eyes {trouble['values']['have']} pixels apart, 90 wanted: come closer"
        assert trouble["detail"] == f"{apart}, or change min_eye_distance"


@pytest.mark.parametrize(
    ("capture", "code", "measured"),
    [
        ({"min_face": 400}, "too_small", lambda face: min(sides(face))),
        ({"max_face": 20, "min_face": 10}, "too_large", lambda face: max(sides(face))),
        ({"min_quality": 1.5}, "low_quality", lambda face: face["quality"]),
    ],
)
def test_what_the_last_face_lacked_is_said_in_the_unit_of_its_setting(
    tmp_path: Path,
    pipeline: Any,
    face: bytes,
    capture: dict[str, Any],
    code: str,
    measured: Callable[[dict[str, Any]], float],
) -> None:
    with running(settings_in(tmp_path, pipeline=pipeline, capture=capture)) as service:
        trouble = seen_without_a_capture(service, face, 29)
        last = service.push("door", face).json()["faces"][0]
        setting = next(iter(capture))
        assert trouble["code"] == code and trouble["values"]["setting"] == setting
        assert trouble["values"]["wanted"] == capture[setting]
        assert trouble["values"]["have"] == pytest.approx(measured(last), abs=0.06)
        assert setting in trouble["detail"] and f"{trouble['values']['have']}" in trouble["detail"]


def test_the_second_look_is_told_of_where_it_decided() -> None:
    points = np.array([[[10, 10], [40, 10], [25, 20], [12, 30], [38, 30]]], np.float32)
    looks = Refinements(np.array([0.4], np.float32), points * 0.5, np.zeros(1, np.float32))
    none = np.zeros(1, np.float32)
    for reason, setting, have in (
        ("eyes_too_close", "min_eye_distance", 15.0),
        ("low_landmark_confidence", "min_landmark_confidence", 0.4),
    ):
        faces = Faces(
            boxes=np.array([[0, 0, 50, 50]], np.float32),
            scores=none,
            landmarks=points,
            track_ids=np.ones(1, np.int64),
            stable=np.ones(1, np.bool_),
            quality=none,
            pose=np.zeros((1, 3), np.float32),
            capture=np.zeros(1, np.bool_),
            mask_prob=none,
            incorrect_prob=none,
            reasons=(reason,),
            looks=looks,
        )
        lacking = Lacking()
        for frame in range(10):
            lacking.see(FrameResult(frame, None, faces, [], {}, refined=1, classified=0))
        report = lacking.report(CaptureConfig())
        assert report is not None and report["values"]["setting"] == setting
        assert report["values"]["have"] == pytest.approx(have)


def sides(face: dict[str, Any]) -> tuple[float, float]:
    x1, y1, x2, y2 = face["box"]
    return x2 - x1, y2 - y1


def test_faces_that_come_and_go_too_fast_to_be_followed_are_told_of(tmp_path: Path, pipeline: Any) -> None:
    pictures = [encoded(".jpg", (10, 30)), encoded(".jpg", (60, 30)), encoded(".jpg", (10, 5))]
    with running(settings_in(tmp_path, pipeline=pipeline, capture={"min_hits": 4})) as service:
        for number in range(9):
            service.push("door", pictures[number % 3])
        (trouble,) = troubles(service)
        assert trouble["code"] == "track_unconfirmed"
        assert trouble["values"] == {"setting": "min_hits", "have": None, "wanted": 4}


def test_a_camera_that_captures_has_no_trouble_whatever_its_later_shots_lack(
    service: Served, face: bytes
) -> None:
    assert [len(service.push("door", face).json()["captures"]) for _ in range(3)] == [0, 1, 0]
    small = encoded(".jpg", FACE)
    for _ in range(10):
        service.push("door", small)
    assert troubles(service) == []


def test_an_empty_scene_and_a_face_that_has_just_come_are_no_trouble(
    tmp_path: Path, pipeline: Any, empty: bytes, face: bytes
) -> None:
    with running(settings_in(tmp_path, pipeline=pipeline)) as service:
        for _ in range(20):
            service.push("door", empty)
        for _ in range(5):
            service.push("door", face)
        assert troubles(service) == []


def test_a_mirror_that_is_ignored_is_no_trouble_and_a_face_beside_it_that_lacks_something_is(
    tmp_path: Path, pipeline: Any
) -> None:
    mirror = {"ignore": [[[0, 0], [0.5, 0], [0.5, 1], [0, 1]]]}
    left, both = encoded(".jpg", (10, 30)), encoded(".jpg", (10, 30), (60, 30))
    small = {"min_face": 400, "min_hits": 2}
    with running(
        settings_in(tmp_path, pipeline=pipeline, capture=small, cameras={"door": mirror})
    ) as service:
        for _ in range(20):
            (seen,) = service.push("door", left).json()["faces"]
        assert seen["reason"] == "outside_area" and troubles(service) == []
        for _ in range(10):
            service.push("door", both)
        (trouble,) = troubles(service)
        assert trouble["code"] == "too_small"


def test_refused_frames_are_told_of_by_code_with_what_was_said(service: Served, face: bytes) -> None:
    service.push("door", face, frame_index=5)
    refused = [service.push("door", b"no picture") for _ in range(3)]
    refused += [service.push("door", face, frame_index=2)]
    first, second = troubles(service)
    assert [t["kind"] for t in (first, second)] == ["refused", "refused"]
    assert (first["code"], first["count"]) == (refused[0].json()["code"], 3)
    assert first["detail"] == refused[0].json()["detail"]
    assert (second["code"], second["count"], second["values"]) == ("stale_frame", 1, None)
    assert second["since"] is not None


def test_captures_that_wait_for_the_store_are_told_of_until_they_are_stored(
    service: Served, face: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any, **__: Any) -> Any:
        raise StoreError("the disk is full")

    service.push("door", face, frame_index=0)
    with monkeypatch.context() as away:
        away.setattr(Store, "_add", failing)
        assert service.push("door", face, frame_index=1).status_code == 503
        (trouble,) = troubles(service)
        assert (trouble["kind"], trouble["count"]) == ("store_failing", 1) and trouble["since"] is not None
    assert service.push("door", face, frame_index=1).status_code == 200
    assert troubles(service) == []


def test_a_stream_that_cannot_be_had_is_told_of_before_all_else(tmp_path: Path, pipeline: Any) -> None:
    url = f"rtsp://user:secret@127.0.0.1:{closed_port()}/stream"
    with running(settings_in(tmp_path, pipeline=pipeline, pullers={"gate": {"url": url}})) as service:
        (lost,) = eventually(lambda: troubles(service, "gate"))
        assert lost["kind"] == "lost_stream" and "nobody listens" in lost["detail"]
        assert "secret" not in str(lost)
        eventually(lambda: service.client.get("/v1/cameras/gate").json()["puller"]["reconnects"] >= 2)
        (later,) = troubles(service, "gate")
        assert later["since"] == lost["since"], "since it was lost first, not since the last try"


def test_a_minute_is_counted_and_what_is_older_is_not() -> None:
    minute = LastMinute()
    minute.add("early", now=1000)
    for second in range(0, 60, 10):
        minute.add("late", now=1000 + second)
    assert minute.counts(now=1059) == {"late": 6, "early": 1}
    assert minute.counts(now=1075) == {"late": 4}
    assert minute.counts(now=1200) == {}
