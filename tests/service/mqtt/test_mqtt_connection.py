"""How the service reaches the broker: passwords, TLS, and settings that cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from authority import Authority
from mosquitto import NAME, PASSWORD, Mosquitto, listening
from mqtt_service import Start, state
from served import Served, eventually

from facecap_service.configuration import ConfigurationError, load


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
