"""What happens reaches the broker, also what happens while it or the service is away."""

from __future__ import annotations

import signal
import time
from datetime import timedelta
from pathlib import Path

from captures import new
from mosquitto import Listener, Mosquitto, kept, listening
from mqtt_service import Start, capture_ids, capture_one, counted, crop_of, state
from served import eventually

from facecap_service.store import Store


def test_capture_is_announced_with_its_crop(
    start: Start, broker: Mosquitto, heard: Listener, face: bytes
) -> None:
    service = start({"url": broker.url}, server={"public_url": "https://faces.example"})
    capture = capture_one(service, face)
    [message] = eventually(lambda: heard.of("facecap/door/capture"))
    said = message.json
    assert said.pop("event_type") == capture["mask"]
    assert said == {**capture, "crop": f"https://faces.example{capture['crop']}"}
    assert heard.last("facecap/door/crop") == crop_of(service, capture)
    topics = [message.topic for message in heard.heard]
    assert topics.index("facecap/door/crop") < topics.index("facecap/door/capture")


def test_alert_is_announced_once(start: Start, broker: Mosquitto, heard: Listener, face: bytes) -> None:
    service = start({"url": broker.url}, alerts={"door": {"answers": ["mask", "no_mask"]}})
    capture = capture_one(service, face)
    [message] = eventually(lambda: heard.of("facecap/door/alert"))
    said = message.json
    assert said["event_type"] == said["mask"] == capture["mask"] and said["capture"] == capture["id"]
    assert said["rule"] == "door" and said["crop"] == capture["crop"]
    assert "facecap/door/alert" not in kept(broker)


def test_captures_of_the_time_without_a_broker_come_when_it_is_back(
    start: Start, broker: Mosquitto, heard: Listener, face: bytes
) -> None:
    service = start({"url": broker.url})
    capture_one(service, face)
    eventually(lambda: heard.of("facecap/door/capture"))
    broker.kill()
    eventually(lambda: state(service)["state"] == "retrying")
    missed = [capture_one(service, face)["id"] for _ in range(3)]
    assert state(service)["behind"] > 0 and state(service)["last_error"]
    broker.start()
    eventually(lambda: state(service)["behind"] == 0 and state(service)["state"] == "connected")
    with listening(broker) as listener:  # of a broker that had forgotten all
        counted(listener, 4)
    text = service.client.get("/metrics").text
    assert "facecap_mqtt_connected 1.0" in text
    assert 'facecap_mqtt_results_total{result="delivered"} 4.0' in text
    came = [message.json["id"] for message in heard.of("facecap/door/capture")]
    assert missed[-1] == capture_ids(service)[0] and set(came) <= set(capture_ids(service))


def test_captures_of_the_time_without_a_service_come_when_it_is_back(
    start: Start, broker: Mosquitto, heard: Listener, face: bytes, tmp_path: Path
) -> None:
    service = start({"url": broker.url})
    ids = [capture_one(service, face)["id"]]
    eventually(lambda: heard.of("facecap/door/capture"))
    start.stop(service)
    eventually(lambda: heard.last("facecap/availability") == b"offline")
    store = Store.open(f"sqlite:///{tmp_path / 'facecap.db'}", tmp_path / "crops")
    ids += [item.id for item in store.add("door", [new(), new()])]
    store.close()
    ids.append(capture_one(start({"url": broker.url}), face)["id"])
    eventually(lambda: len(heard.of("facecap/door/capture")) == 4)
    assert [message.json["id"] for message in heard.of("facecap/door/capture")] == ids


def test_of_several_processes_one_is_connected(
    start: Start, broker: Mosquitto, heard: Listener, face: bytes
) -> None:
    services = [start({"url": broker.url}) for _ in range(2)]
    eventually(lambda: sorted(state(each)["state"] for each in services) == ["connected", "standby"])
    ids = [capture_one(each, face)["id"] for each in services]
    eventually(lambda: len(heard.of("facecap/door/capture")) == 2)
    assert [message.json["id"] for message in heard.of("facecap/door/capture")] == ids


def test_frames_are_answered_while_the_broker_hangs(start: Start, broker: Mosquitto, face: bytes) -> None:
    service = start({"url": broker.url})
    eventually(lambda: state(service)["state"] == "connected")
    assert broker.process is not None
    broker.process.send_signal(signal.SIGSTOP)
    begun = time.monotonic()
    ids = [capture_one(service, face)["id"] for _ in range(3)]
    assert timedelta(seconds=time.monotonic() - begun) < timedelta(seconds=60)
    broker.process.send_signal(signal.SIGCONT)
    with listening(broker) as heard:
        counted(heard, 3)
        eventually(lambda: state(service)["behind"] == 0)
    assert capture_ids(service) == ids[::-1]
