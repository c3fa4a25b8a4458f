"""Recorded frames of a camera, and other settings tried on them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from painted import encoded
from served import Served, eventually, running, settings_in

from facecap_service.keys import new_key

A, B = (37, 20), (60, 20)
CAPTURE = {"mode": "fast", "min_hits": 2, "interval": 2, "max_captures": 0}


@pytest.fixture
def recorded(tmp_path: Path, pipeline: dict[str, Any]) -> Iterator[Served]:
    """A service that keeps what its cameras find."""
    settings = settings_in(tmp_path, pipeline=pipeline, capture=CAPTURE, replay={"frames": True})
    with running(settings) as served:
        yield served


def push(service: Served, count: int, *cells: tuple[int, int], camera: str = "door") -> int:
    """So many frames; how many captures they gave."""
    captures = 0
    for _ in range(count):
        done = service.push(camera, encoded(".jpg", *cells))
        assert done.status_code == 200, done.text
        captures += len(done.json()["captures"])
    return captures


def ask(service: Served, **wanted: Any) -> Any:
    return service.client.post("/v1/replay", json={"camera": "door", **wanted})


def answer(service: Served, **wanted: Any) -> dict[str, Any]:
    done = ask(service, **wanted)
    assert done.status_code == 200, done.text
    document: dict[str, Any] = done.json()
    return document


def files(folder: Path) -> list[Path]:
    return sorted((folder / "crops" / "recordings").rglob("*.jsonl"))


def test_the_settings_of_the_camera_change_nothing(recorded: Served) -> None:
    captures = push(recorded, 9, A)
    captures += len(recorded.client.post("/v1/cameras/door/flush").json()["captures"])
    found = answer(recorded)
    assert captures and found["frames"] == 9 and found["changes"] == [] and found["damaged"] == []
    assert found["counts"] == {
        "before": captures,
        "after": captures,
        **dict.fromkeys(("appears", "goes", "changes", "uncertain"), 0),
    }


def test_a_stricter_limit_says_which_captures_go_and_why(recorded: Served) -> None:
    captures = push(recorded, 9, A)
    found = answer(recorded, set={"min_face": 300})
    assert found["counts"]["goes"] >= captures and found["counts"]["after"] == 0
    assert {(change["change"], change["reason"]) for change in found["changes"]} == {("goes", "too_small")}
    first = found["changes"][0]["before"]
    assert first["shot_frame"] == 1 and first["received"] is not None
    assert found["changes"][0]["after"] is None


def test_other_modes_areas_and_slots_can_be_tried(recorded: Served) -> None:
    push(recorded, 12, A, B)
    left = [[0, 0], [0.5, 0], [0.5, 1], [0, 1]]
    once = answer(recorded, set={"mode": "once"})
    assert once["counts"]["after"] == 2 and once["counts"]["changes"] == 2
    within = answer(recorded, areas={"only": [left]})
    assert {change["reason"] for change in within["changes"]} == {"outside_area"}
    assert 0 < within["counts"]["after"] < within["counts"]["before"]
    assert answer(recorded, slots=1)["changes"][0]["reason"] == "no_free_slot"


def test_visits_that_ended_and_cameras_that_began_anew_are_replayed_as_they_were(recorded: Served) -> None:
    captures = push(recorded, 5, A)
    captures += len(recorded.client.post("/v1/cameras/door/flush").json()["captures"])
    captures += push(recorded, 4, A)
    assert recorded.client.delete("/v1/cameras/door").status_code == 204
    captures += push(recorded, 6, A)
    recorded.client.delete("/v1/cameras/door")
    found = answer(recorded)
    stored = recorded.client.get("/v1/captures", params={"camera": "door", "limit": 200}).json()["captures"]
    assert found["frames"] == 15 and found["changes"] == []
    assert found["counts"]["before"] == len(stored) >= captures


def test_a_time_can_be_chosen(recorded: Served) -> None:
    push(recorded, 6, A)
    middle = datetime.now(timezone.utc)
    eventually(lambda: datetime.now(timezone.utc) > middle + timedelta(milliseconds=5))
    push(recorded, 3, A)
    assert answer(recorded, to=middle.isoformat())["frames"] == 6
    later = answer(recorded, **{"from": middle.isoformat()}, set={"min_face": 300})
    assert later["frames"] == 3
    assert 0 < later["counts"]["before"] < answer(recorded)["counts"]["before"]
    assert all(change["before"]["frame"] >= 6 for change in later["changes"])
    assert ask(recorded, to="2020-01-01T00:00:00Z").json()["code"] == "nothing_recorded"
    turned = ask(recorded, to="2020-01-01T00:00:00Z", **{"from": "2021-01-01T00:00:00Z"})
    assert turned.json()["code"] == "invalid_filter"


def test_no_pixels_are_kept(recorded: Served, tmp_path: Path) -> None:
    push(recorded, 3, A)
    [file] = files(tmp_path)
    header, *lines = [json.loads(line) for line in file.read_bytes().splitlines()]
    assert header["recording"] == 1 and header["capture"]["mode"] == "fast"
    for line in lines:
        assert set(line) == {"frame_index", "seconds", "size", "faces", "received"}
        assert all(set(face) == {"box", "score", "landmarks"} for face in line["faces"])
    assert file.stat().st_size < 10_000


def test_nothing_is_kept_unless_it_is_asked_for(service: Served, tmp_path: Path) -> None:
    push(service, 3, A)
    assert not (tmp_path / "crops" / "recordings").exists()
    refused = ask(service)
    assert refused.status_code == 409 and refused.json()["code"] == "not_recorded"
    assert "replay.frames" in refused.json()["detail"]


def test_a_restart_goes_on_and_what_was_kept_before_can_still_be_tried(
    tmp_path: Path, pipeline: dict[str, Any]
) -> None:
    settings = settings_in(tmp_path, pipeline=pipeline, capture=CAPTURE, replay={"frames": True})
    for _ in range(2):
        with running(settings) as served:
            push(served, 5, A)
    off = settings_in(tmp_path, pipeline=pipeline, capture=CAPTURE)
    with running(off) as served:
        found = answer(served, set={"min_face": 300})
        assert found["frames"] == 10 and found["counts"]["after"] == 0
        assert len(files(tmp_path)) == 2


def test_a_damaged_recording_is_left_out_and_named(recorded: Served, tmp_path: Path) -> None:
    push(recorded, 4, A)
    recorded.client.delete("/v1/cameras/door")
    [damaged] = files(tmp_path)
    lines = damaged.read_bytes().splitlines(keepends=True)
    damaged.write_bytes(b"".join([lines[0], b"{\n", *lines[2:]]))
    assert ask(recorded).json()["code"] == "recording_damaged"
    push(recorded, 3, A)
    found = answer(recorded)
    assert found["frames"] == 3
    [sentence] = found["damaged"]
    assert f"door/{damaged.name}, line 1: no JSON" in sentence


def test_a_camera_that_is_removed_takes_its_recordings_along(recorded: Served, tmp_path: Path) -> None:
    push(recorded, 3, A)
    push(recorded, 3, A, camera="yard")
    assert recorded.client.delete("/v1/cameras/door", params={"remove": True}).status_code == 204
    assert [file.parent.name for file in files(tmp_path)] == ["yard"]
    assert ask(recorded).json()["code"] == "nothing_recorded"


def test_areas_that_are_drawn_while_it_records_hold_from_then_on(recorded: Served) -> None:
    left = [[0, 0], [0.5, 0], [0.5, 1], [0, 1]]
    push(recorded, 4, A)
    recorded.client.put("/v1/cameras/door/settings", json={"ignore": [left]}).raise_for_status()
    push(recorded, 6, A)
    recorded.client.post("/v1/cameras/door/flush")
    found = answer(recorded)
    stored = recorded.client.get("/v1/captures", params={"camera": "door"}).json()["captures"]
    assert found["changes"] == [] and found["counts"]["before"] == len(stored)
    anywhere = answer(recorded, areas={})
    assert anywhere["counts"]["after"] > len(stored)
    assert "outside_area" in {change["reason"] for change in anywhere["changes"]}


@pytest.mark.parametrize(
    ("wanted", "status", "code", "text"),
    [
        ({"set": {"min_fcae": 3}}, 422, "invalid_replay", "did you mean 'min_face'?"),
        ({"set": {"min_face": "wide"}}, 422, "invalid_replay", "min_face is 'wide'"),
        ({"set": {"miss_limit": 0}}, 422, "invalid_replay", "miss_limit is 0"),
        ({"set": {"crop_border": 0.5}}, 422, "invalid_replay", "crop_border cannot be replayed"),
        ({"set": {"mode": ["once"]}}, 422, "invalid_replay", "set.mode"),
        ({"slots": 0}, 422, "invalid_replay", "slots is 0"),
        ({"areas": {"only": [[[0, 0], [1, 1]]]}}, 422, "invalid_replay", "only[0] has 2 corners"),
        ({"areas": {"only": [[[0, 0], [1, 1], [2]]]}}, 422, "invalid_replay", "only[0][2] is [2"),
        ({"else": 1}, 422, "invalid_replay", "else"),
        ({"camera": "../door"}, 422, "invalid_replay", "camera"),
        ({"camera": "yard"}, 404, "nothing_recorded", "yard"),
        ({"from": "yesterday"}, 422, "invalid_replay", "RFC 3339"),
    ],
)
def test_what_cannot_be_tried_is_said(
    recorded: Served, wanted: dict[str, Any], status: int, code: str, text: str
) -> None:
    push(recorded, 3, A)
    refused = ask(recorded, **wanted)
    assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text
    assert text in refused.json()["detail"]


def test_bodies_that_are_no_json_or_too_large_are_refused(recorded: Served) -> None:
    assert recorded.client.post("/v1/replay", content=b"{").json()["code"] == "malformed_json"
    large = recorded.client.post("/v1/replay", content=b" " * 300_000)
    assert large.status_code == 413


def test_only_an_admin_may_try_settings(tmp_path: Path, pipeline: dict[str, Any]) -> None:
    made = {name: new_key(name, [name]) for name in ("read", "admin")}
    keys = [
        {"name": name, "hash": lines.partition('hash = "')[2].partition('"')[0], "scopes": [name]}
        for name, (_, lines) in made.items()
    ]
    settings = settings_in(tmp_path, pipeline=pipeline, keys=keys, replay={"frames": True})
    with running(settings) as service:

        def status(name: str) -> int:
            headers = {"Authorization": f"Bearer {made[name][0]}"}
            return service.client.post("/v1/replay", json={"camera": "door"}, headers=headers).status_code

        assert (status("read"), status("admin")) == (403, 404)


def test_a_second_replay_at_once_is_asked_to_come_again(recorded: Served) -> None:
    push(recorded, 3, A)
    with recorded.services.recordings.replaying:
        refused = ask(recorded)
    assert refused.status_code == 429 and refused.json()["code"] == "replay_busy"
    assert refused.headers["Retry-After"]
    assert ask(recorded).status_code == 200
