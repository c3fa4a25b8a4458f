"""MQTT: what a real broker gets, keeps and loses, and what Home Assistant is told."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from authority import Authority
from captures import new
from discovery_rules import check_device
from mosquitto import NAME, PASSWORD, Listener, Mosquitto, kept, listening
from process import Process
from served import Served, eventually, running, settings_in

from facecap_service.configuration import ConfigurationError, load
from facecap_service.store import Store
from facecap_service.webhooks import delivery

CAPTURE = {"mode": "fast", "min_hits": 2, "interval": 2, "max_captures": 0}


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first pause is a hundredth of what it is."""
    monkeypatch.setattr(delivery, "_FIRST_PAUSE", 0.01)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that runs."""
    found = Mosquitto(tmp_path)
    yield found
    found.kill()


class Start:
    """Starts services on one store, with these settings of MQTT."""

    def __init__(self, folder: Path, pipeline: dict[str, Any]) -> None:
        self._folder = folder
        self._pipeline = pipeline
        self._running: dict[str, AbstractContextManager[Served]] = {}

    def __call__(self, mqtt: dict[str, Any], **sections: Any) -> Served:
        settings = settings_in(self._folder, pipeline=self._pipeline, capture=CAPTURE, mqtt=mqtt, **sections)
        context = running(settings)
        service = context.__enter__()
        self._running[service.address] = context
        return service

    def stop(self, *services: Served) -> None:
        """Stop services in order, of none all that run."""
        for address in [service.address for service in services] or list(self._running):
            self._running.pop(address).__exit__(None, None, None)


@pytest.fixture
def start(tmp_path: Path, pipeline: dict[str, Any]) -> Iterator[Start]:
    """Starts services, and stops those that run in the end."""
    starting = Start(tmp_path, pipeline)
    yield starting
    starting.stop()


@pytest.fixture
def heard(broker: Mosquitto) -> Iterator[Listener]:
    """Who listens from the beginning."""
    with listening(broker) as listener:
        yield listener


def counted(heard: Listener, number: int, camera: str = "door") -> None:
    """Wait until so many captures of today are known, which is said last of all that is of the camera."""
    eventually(lambda: heard.last(f"facecap/{camera}/captures_today") == str(number).encode())


def state(service: Served) -> dict[str, Any]:
    answer = service.client.get("/v1/mqtt")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def capture_one(service: Served, face: bytes, camera: str = "door") -> dict[str, Any]:
    """Push frames until there is a capture; its document."""
    for _ in range(2):
        answer = service.push(camera, face)
        assert answer.status_code == 200, answer.text
    identity = answer.headers["facecap-captures"].split(",")[0]
    found: dict[str, Any] = service.client.get(f"/v1/captures/{identity}").json()
    return found


def crop_of(service: Served, capture: dict[str, Any]) -> bytes:
    return service.client.get(capture["crop"]).content


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


def devices(held: dict[str, bytes]) -> dict[str, Any]:
    """Discovery messages by topic."""
    return {topic: json.loads(said) for topic, said in held.items() if topic.startswith("homeassistant/")}


def test_home_assistant_finds_a_device_for_each_camera(
    start: Start, broker: Mosquitto, heard: Listener, face: bytes
) -> None:
    service = start({"url": broker.url}, server={"public_url": "https://faces.example"})
    for camera in ("door", "a.b", "a_b"):
        capture_one(service, face, camera)
        counted(heard, 1, camera)
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


@pytest.mark.parametrize("choice", ["none", "passing"])
def test_crops_stay_away_from_the_broker_where_that_is_chosen(
    start: Start, broker: Mosquitto, heard: Listener, face: bytes, choice: str
) -> None:
    heard.say("facecap/door/crop", "of an earlier choice", retain=True)
    mqtt = {"crops": False} if choice == "none" else {"retain_crops": False}
    service = start({"url": broker.url, **mqtt})
    capture = capture_one(service, face)
    counted(heard, 1)
    eventually(lambda: "facecap/door/crop" not in kept(broker))
    crops = [message.payload for message in heard.of("facecap/door/crop")]
    assert (crop_of(service, capture) in crops) == (choice == "passing")
    [said] = devices(kept(broker)).values()
    assert (said["components"]["face"] == {"platform": "image"}) == (choice == "none")


def test_alert_is_announced_once(start: Start, broker: Mosquitto, heard: Listener, face: bytes) -> None:
    service = start({"url": broker.url}, alerts={"door": {"answers": ["mask", "no_mask"]}})
    capture = capture_one(service, face)
    [message] = eventually(lambda: heard.of("facecap/door/alert"))
    said = message.json
    assert said["event_type"] == said["mask"] == capture["mask"] and said["capture"] == capture["id"]
    assert said["rule"] == "door" and said["crop"] == capture["crop"]
    assert "facecap/door/alert" not in kept(broker)


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


def capture_ids(service: Served) -> list[str]:
    return [item["id"] for item in service.client.get("/v1/captures").json()["captures"]]


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


def test_password_is_given_and_a_wrong_one_is_said_and_never_shown(
    start: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broker = Mosquitto(tmp_path, locked=True)
    place = f"127.0.0.1:{broker.port}"
    with listening(broker) as heard:
        right = start({"url": f"mqtt://{NAME}:{PASSWORD}@{place}"})
        eventually(lambda: heard.last("facecap/availability") == b"online")
        start.stop(right)
        eventually(lambda: heard.last("facecap/availability") == b"offline")
        wrong = start({"url": f"mqtt://{place}", "username": NAME, "password": "swordfish"})
        eventually(lambda: state(wrong)["failures"] > 2)
    assert "mqtt.username and mqtt.password" in state(wrong)["last_error"]
    said = [record for record in caplog.records if "MQTT" in record.getMessage()]
    assert len(said) == 1, "once a minute"
    text = caplog.text + wrong.client.get("/v1/mqtt").text + wrong.client.get("/metrics").text
    assert "swordfish" not in text and PASSWORD not in text and "not authorized" in caplog.text.lower()
    broker.kill()


# paho leaves the socket of a handshake that failed to Python, which closes it.
@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
@pytest.mark.parametrize("trust", ["ours", "strangers"])
def test_tls_is_spoken_with_a_broker_that_the_authority_signed(
    start: Start, tmp_path: Path, trust: str
) -> None:
    authority = Authority(tmp_path, "ours")
    broker = Mosquitto(tmp_path, authority=authority)
    believed = authority if trust == "ours" else Authority(tmp_path, "theirs")
    service = start({"url": f"mqtts://localhost:{broker.port}", "ca_file": believed.file})
    if trust == "ours":
        eventually(lambda: state(service)["state"] == "connected")
    else:
        eventually(lambda: "certificate verify failed" in (state(service)["last_error"] or ""))
    broker.kill()


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


def test_service_without_a_broker_says_that_it_has_none(service: Served) -> None:
    assert state(service)["state"] == "off"
    assert "facecap_mqtt" not in service.client.get("/metrics").text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"url": "http://me:hunter2@host/"}, "wanted mqtt://HOST"),
        ({"url": "mqtt://me:hunter2@host/topic"}, "wanted mqtt://HOST"),
        ({"url": "mqtt://:hunter2"}, "wanted mqtt://HOST"),
        ({"prefix": "a/#"}, "wanted levels of a topic"),
        ({"prefix": "$SYS"}, "wanted levels of a topic"),
        ({"prefix": ""}, "at least 1"),
        ({"url": "mqtt://host", "password": "hunter2"}, "a password and no username"),
        ({"url": "mqtt://me@host", "username": "you"}, "a username in url and another"),
        ({"url": "mqtt://me:a@host", "password": "hunter2"}, "a password in url and another"),
        ({"url": "mqtt://host", "ca_file": "ca.pem"}, "needs a url of mqtts://"),
        ({"qos": 3}, "0, 1 or 2"),
    ],
)
def test_broker_that_cannot_be_is_refused(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence) as error:
        load(flags={"mqtt": change})
    assert "hunter2" not in str(error.value)


def test_password_is_hidden_where_settings_are_shown() -> None:
    broker = {"url": "mqtt://host", "username": "me", "password": "hunter2"}
    lines = "\n".join(load(flags={"mqtt": broker}).lines())
    assert 'password = "(hidden)"' in lines and "hunter2" not in lines
