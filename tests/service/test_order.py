"""The order of a camera's frames, many cameras at once, and what waits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from held import HeldPipeline
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from served import Served, eventually, running, settings_in


def test_an_older_frame_is_refused_and_disturbs_nothing(service: Served, face: bytes, empty: bytes) -> None:
    for number in (3, 5):
        assert service.push("door", face, frame_index=number, timestamp=number).status_code == 200
    for number, reason in ((4, "stale_frame"), (0, "stale_frame"), (6, "stale_timestamp")):
        refused = service.push("door", empty, frame_index=number, timestamp=1.0)
        assert (refused.status_code, refused.json()["code"]) == (409, reason)
        assert refused.json()["last_frame_index"] == 5
    other = service.push("door", empty, frame_index=5, timestamp=5.0)
    assert other.json()["code"] == "stale_frame", "another picture under the same index is not the same frame"
    after = service.push("door", face, frame_index=6, timestamp=6.0).json()
    assert [track["track_id"] for track in after["faces"]] == [1]


def test_the_same_frame_again_has_the_earlier_answer(service: Served, face: bytes) -> None:
    answers = [service.push("door", face, frame_index=number) for number in range(4)]
    assert answers[1].json()["captures"] and answers[1].headers["Facecap-Captures"]
    for number in (3, 1, 0):
        again = service.push("door", face, frame_index=number)
        assert again.content == answers[number].content
        assert again.headers.get("Facecap-Captures") == answers[number].headers.get("Facecap-Captures")
    report = service.client.get("/v1/cameras/door").json()
    assert report["frames"] == {"ok": 4, "repeated": 3} and report["last_frame_index"] == 3


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(
    frames=st.lists(
        st.tuples(st.none() | st.integers(0, 12), st.none() | st.integers(0, 12), st.sampled_from("aAx")),
        max_size=14,
    )
)
def test_any_sequence_is_answered_as_one_by_one(
    scripted_order: Served, face: bytes, empty: bytes, frames: list[tuple[int | None, int | None, str]]
) -> None:
    """Index and time grow, or time goes far back; the same frame has its answer again, and damage is as if it
    had not been."""
    bodies = {"a": face, "A": empty, "x": face[:100]}
    service = scripted_order
    service.client.delete("/v1/cameras/door")
    last, clock = -1, None
    known: dict[tuple[int, str], bytes] = {}
    for index, time, body in frames:
        query = {"frame_index": index, "timestamp": time}
        answer = service.push("door", bodies[body], **{k: v for k, v in query.items() if v is not None})
        if index is not None and (index, body) in known:
            assert answer.content == known[index, body]
        elif (index is not None and index <= last) or (None not in (time, clock) and 0 < clock - time <= 5):
            assert answer.status_code == 409
        elif body == "x":
            assert answer.status_code == 422
        else:
            assert answer.json()["frame_index"] == (last + 1 if index is None else index)
            last, clock = answer.json()["frame_index"], clock if time is None else time
            if index is not None:
                known[index, body] = answer.content


@pytest.fixture(scope="module")
def scripted_order(tmp_path_factory: pytest.TempPathFactory, pipeline: dict[str, Any]) -> Iterator[Served]:
    settings = settings_in(tmp_path_factory.mktemp("order"), pipeline=pipeline, cameras={"queue": 20})
    with running(settings) as served:
        yield served


def test_a_full_queue_refuses_and_all_that_was_accepted_is_worked_on(held: Any, empty: bytes) -> None:
    service, seen, gate = held(cameras={"queue": 3, "threads": 2})
    with ThreadPoolExecutor(8) as clients:
        waiting = []
        for number in range(3):
            waiting.append(clients.submit(service.push, "door", empty, frame_index=number))
            eventually(lambda count=number + 1: depth(service, "door") == count)
        refused = service.push("door", empty, frame_index=3)
        assert (refused.status_code, refused.json()["code"]) == (429, "queue_full")
        assert int(refused.headers["Retry-After"]) >= 1
        assert service.client.get("/livez").text == "ok\n", "the event loop is free"
        assert 'facecap_queue_depth{camera="door"} 3.0' in service.client.get("/metrics").text
        gate.release(4)
        assert [future.result().status_code for future in waiting] == [200] * 3
        assert service.push("door", empty, frame_index=3).status_code == 200
    assert seen == [0, 1, 2, 3]


def depth(service: Served, camera: str) -> int:
    answer = service.client.get(f"/v1/cameras/{camera}")
    return int(answer.json()["queue"]) if answer.status_code == 200 else 0


def test_one_slow_camera_does_not_hold_another_up(held: Any, empty: bytes) -> None:
    service, _, gate = held(cameras={"threads": 2})
    with ThreadPoolExecutor(2) as clients:
        slow = clients.submit(service.push, "slow", empty)
        eventually(lambda: depth(service, "slow") == 1)
        detected = service.client.post("/v1/detect", content=empty)
        assert detected.status_code == 200
        gate.release()
        assert slow.result().status_code == 200


def test_frames_of_a_client_that_went_away_are_worked_on(held: Any, empty: bytes) -> None:
    service, seen, gate = held(cameras={"threads": 1})
    with httpx.Client(base_url=service.address, timeout=0.5) as impatient:
        for number in range(2):
            with pytest.raises(httpx.ReadTimeout):
                impatient.post(f"/v1/cameras/door/frames?frame_index={number}", content=empty)
    gate.release(2)
    eventually(lambda: seen == [0, 1])


def test_a_shutdown_works_on_what_was_accepted(tmp_path: Path, empty: bytes) -> None:
    seen: list[int] = []
    gate = threading.Semaphore(0)
    with (
        ThreadPoolExecutor(4) as clients,
        running(settings_in(tmp_path), lambda: HeldPipeline(seen, gate)) as service,
    ):
        waiting = []
        for number in range(3):
            waiting.append(clients.submit(service.push, "door", empty, frame_index=number))
            eventually(lambda count=number + 1: depth(service, "door") == count)
        service.server.should_exit = True
        eventually(service.services.stopping.is_set)
        gate.release(3)
        assert [future.result().status_code for future in waiting] == [200] * 3
    assert seen == [0, 1, 2]


def test_cameras_side_by_side_have_tracks_of_their_own(service: Served, face: bytes, empty: bytes) -> None:
    def visit(camera: str) -> list[dict[str, Any]]:
        with httpx.Client(base_url=service.address, timeout=60) as client:
            pictures = (
                [face, face, empty, face, face] if camera.endswith("0") else [empty, face, face, face, face]
            )
            return [client.post(f"/v1/cameras/{camera}/frames", content=body).json() for body in pictures]

    names = [f"camera-{number}" for number in range(6)]
    with ThreadPoolExecutor(6) as clients:
        answers = dict(zip(names, clients.map(visit, names), strict=True))
    for name in names:
        assert [answer["frame_index"] for answer in answers[name]] == list(range(5))
        alone = visit(f"again-{name}")
        assert strip(alone) == strip(answers[name])


def strip(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in answer.items() if key != "timings"} for answer in answers]


def test_cameras_are_bounded_and_unused_ones_make_room(tmp_path: Path, pipeline: Any, face: bytes) -> None:
    cameras = {"max_cameras": 2}
    with running(settings_in(tmp_path, pipeline=pipeline, cameras=cameras)) as service:
        assert service.push("good", face).status_code == 200
        assert service.push("broken", b"x").status_code == 415
        assert service.push("second", face).status_code == 200, "one without a good frame makes room"
        refused = service.push("third", face)
        assert (refused.status_code, refused.json()["code"]) == (503, "too_many_cameras")
        assert "Retry-After" in refused.headers
        assert service.client.delete("/v1/cameras/good").status_code == 204
        assert service.push("third", face).status_code == 200
        assert "broken" not in service.client.get("/metrics").text, "labels are bounded as cameras are"
