"""What the broker keeps of cameras and of the service for who comes later, and what it loses again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from mosquitto import Listener, Mosquitto, kept
from mqtt_service import Start, capture_one, counted, crop_of, devices
from process import Process
from served import eventually


def test_broker_keeps_how_each_camera_is_and_no_capture(
    start: Start, broker: Mosquitto, heard: Listener, face: bytes
) -> None:
    service = start({"url": broker.url})
    capture = capture_one(service, face)
    capture_one(service, face, "gate.2")
    counted(heard, 1, "gate.2")
    eventually(lambda: heard.last("facecap/door/state") == b"online")
    held = kept(broker)
    assert held["facecap/availability"] == b"online"
    assert held["facecap/door/state"] == b"online"
    assert held["facecap/door/last_answer"].decode() == capture["mask"]
    assert held["facecap/door/captures_today"] == b"1"
    assert held["facecap/door/crop"] == crop_of(service, capture)
    assert json.loads(held["facecap/gate.2/camera"])["name"] == "gate.2"
    assert not [topic for topic in held if topic.endswith(("/capture", "/alert"))]


@pytest.mark.parametrize("choice", ["none", "passing"])
def test_crops_stay_away_from_the_broker_where_that_is_chosen(
    start: Start, broker: Mosquitto, heard: Listener, face: bytes, choice: str
) -> None:
    heard.say("facecap/door/crop", "of an earlier choice", retain=True)
    mqtt = {"crops": False} if choice == "none" else {"retain_crops": False}
    service = start({"url": broker.url, **mqtt})
    capture = capture_one(service, face)
    counted(heard, 1)
    eventually(lambda: heard.of("facecap/door/capture"))  # after its crop, where that is sent
    eventually(lambda: "facecap/door/crop" not in kept(broker))
    crops = [message.payload for message in heard.of("facecap/door/crop")]
    assert (crop_of(service, capture) in crops) == (choice == "passing")
    [said] = devices(kept(broker)).values()
    assert (said["components"]["face"] == {"platform": "image"}) == (choice == "none")


def test_deleted_capture_leaves_the_broker_too(
    start: Start, broker: Mosquitto, heard: Listener, face: bytes
) -> None:
    service = start({"url": broker.url})
    first, second = (capture_one(service, face) for _ in range(2))
    counted(heard, 2)
    service.client.delete(f"/v1/captures/{second['id']}")
    counted(heard, 1)
    assert kept(broker)["facecap/door/crop"] == crop_of(service, first)
    service.client.delete(f"/v1/captures/{first['id']}")
    counted(heard, 0)
    eventually(lambda: heard.last("facecap/door/crop") == b"")
    held = kept(broker)
    assert "facecap/door/crop" not in held and "facecap/door/last_answer" not in held


def test_camera_that_falls_silent_is_offline(
    start: Start, broker: Mosquitto, heard: Listener, face: bytes
) -> None:
    service = start({"url": broker.url}, cameras={"offline_seconds": 6.0})
    service.push("door", face)
    eventually(lambda: heard.last("facecap/door/state") == b"online")
    eventually(lambda: heard.last("facecap/door/state") == b"offline")
    assert kept(broker)["facecap/door/state"] == b"offline"
    service.push("door", face)
    eventually(lambda: heard.last("facecap/door/state") == b"online")


@pytest.mark.parametrize("connected", [True, False], ids=["at once", "when the broker is back"])
def test_camera_that_is_removed_leaves_nothing_at_the_broker(
    start: Start, broker: Mosquitto, heard: Listener, face: bytes, tmp_path: Path, connected: bool
) -> None:
    service = start({"url": broker.url})
    for camera in ("door", "gate"):
        capture_one(service, face, camera)
        counted(heard, 1, camera)
    if not connected:
        start.stop(service)
        eventually(lambda: heard.last("facecap/availability") == b"offline")
        service = start({})
    assert service.client.delete("/v1/cameras/gate?remove=true").status_code == 204
    if not connected:
        start({"url": broker.url})

    def rest() -> set[str]:
        held = kept(broker)
        told = {said["device"]["name"] for said in devices(held).values()}
        return told | {topic.split("/")[1] for topic in held if topic.startswith("facecap/")}

    eventually(lambda: rest() == {"availability", "door"})


def test_broker_says_that_a_service_is_gone_that_was_killed(
    broker: Mosquitto, heard: Listener, tmp_path: Path, pipeline: dict[str, Any]
) -> None:
    settings = tmp_path / "facecap.toml"
    lines = [f'[store]\nurl = "sqlite:///{tmp_path}/facecap.db"\nfolder = "{tmp_path}/crops"']
    lines += [f"[pipeline]\n{name} = {json.dumps(value)}" for name, value in list(pipeline.items())[:1]]
    lines += [f"{name} = {json.dumps(value)}" for name, value in list(pipeline.items())[1:]]
    lines += ["[server]\nport = 0", f'[mqtt]\nurl = "{broker.url}"']
    settings.write_text("\n".join(lines))
    process = Process(settings)
    eventually(lambda: heard.last("facecap/availability") == b"online")
    process.kill()
    eventually(lambda: heard.last("facecap/availability") == b"offline")
    assert kept(broker)["facecap/availability"] == b"offline"
