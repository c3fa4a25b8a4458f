"""What Home Assistant is told of cameras."""

from __future__ import annotations

import json

from discovery_rules import check_device
from mosquitto import Listener, Mosquitto, kept
from mqtt_service import Start, capture_one, counted, devices
from served import eventually


def test_home_assistant_finds_a_device_for_each_camera(
    start: Start, broker: Mosquitto, heard: Listener, face: bytes
) -> None:
    service = start({"url": broker.url}, server={"public_url": "https://faces.example"})
    for camera in ("door", "a.b", "a_b"):
        capture_one(service, face, camera)
        counted(heard, 1, camera)
        eventually(lambda camera=camera: heard.of(f"facecap/{camera}/capture"))
    held = kept(broker)
    found = devices(held)
    assert {said["device"]["name"] for said in found.values()} == {"door", "a.b", "a_b"}
    identities = [check_device(topic, said) for topic, said in found.items()]
    assert len(set().union(*identities)) == sum(map(len, identities)) == 3 * 7
    for said in found.values():
        assert said["device"]["configuration_url"] == "https://faces.example"
        for component in said["components"].values():
            topic = component.get("state_topic") or component["image_topic"]
            assert topic in held or heard.of(topic) or topic.endswith("/alert")
        answers = said["components"]["last_answer"]["options"]
        assert held[said["components"]["last_answer"]["state_topic"]].decode() in answers


def test_devices_are_the_same_after_a_restart_and_are_told_again_to_a_home_assistant_that_starts(
    start: Start, broker: Mosquitto, heard: Listener, face: bytes
) -> None:
    service = start({"url": broker.url})
    capture_one(service, face)
    counted(heard, 1)
    before = devices(kept(broker))
    [topic] = before
    heard.say("homeassistant/status", "online")
    eventually(lambda: len(heard.of(topic)) == 2)
    start.stop(service)
    eventually(lambda: heard.last("facecap/availability") == b"offline")
    again = start({"url": broker.url})
    capture_one(again, face)
    counted(heard, 2)
    assert devices(kept(broker)) == before


def test_nothing_is_said_to_home_assistant_where_it_is_switched_off(
    start: Start, broker: Mosquitto, heard: Listener, face: bytes
) -> None:
    service = start({"url": broker.url, "discovery_prefix": "", "prefix": "site/hall"})
    capture_one(service, face)
    eventually(lambda: heard.of("site/hall/door/capture"))
    held = kept(broker)
    assert held and all(topic.startswith("site/hall/") for topic in held)


def test_camera_is_called_what_people_call_it(
    start: Start, broker: Mosquitto, heard: Listener, face: bytes
) -> None:
    named = {"door": {"display_name": "大门", "area": "North wing"}}
    service = start({"url": broker.url}, cameras=named)
    capture_one(service, face)
    counted(heard, 1)
    held = kept(broker)
    [said] = devices(held).values()
    assert said["device"]["name"] == "大门" and said["device"]["suggested_area"] == "North wing"
    assert json.loads(held["facecap/door/camera"])["display_name"] == "大门"
