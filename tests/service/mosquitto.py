"""A real MQTT broker, and somebody who listens to it."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_connection
from typing import Any

import paho.mqtt.client as paho
from authority import Authority
from cameras import closed_port
from programs import program
from served import eventually

NAME, PASSWORD = "facecap", "hunter2"


class Mosquitto:
    """Runs at once; keeps its port when it is started again, and nothing else.

    Args:
        folder: for its files.
        locked: whether it wants NAME and PASSWORD.
        authority: signs its certificate, with the name `broker`; None: no TLS.
    """

    def __init__(self, folder: Path, *, locked: bool = False, authority: Authority | None = None) -> None:
        self.port = closed_port()
        self.locked = locked
        self._config = folder / "mosquitto.conf"
        lines = [f"listener {self.port} 127.0.0.1", f"allow_anonymous {str(not locked).lower()}"]
        if locked:
            passwords = folder / "passwords"
            command = [program("mosquitto_passwd"), "-b", "-c", passwords, NAME, PASSWORD]
            subprocess.run(command, check=True, capture_output=True)
            passwords.chmod(0o644)
            lines.append(f"password_file {passwords}")
        if authority is not None:
            authority.server("broker")
            lines += [f"certfile {authority.certificate('broker')}", f"keyfile {authority.key('broker')}"]
        if Path("/etc/shadow").stat().st_uid == 0:
            lines.append("user root")
        self._config.write_text("\n".join(lines) + "\n")
        self._log = folder / "mosquitto.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        """Without TLS."""
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        """With an empty memory."""
        with self._log.open("ab") as log:
            command = [program("mosquitto", folders=[Path("/usr/sbin")]), "-c", self._config]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        eventually(self._listens)

    def kill(self) -> None:
        """It says goodbye to nobody."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(30)

    def _listens(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self._log.read_text()
        try:
            create_connection(("127.0.0.1", self.port), timeout=5).close()
        except OSError:
            return False
        return True


@dataclass(frozen=True)
class Heard:
    """A message."""

    topic: str
    payload: bytes
    retained: bool
    """Whether the broker had kept it."""

    @property
    def json(self) -> Any:
        """Its payload."""
        return json.loads(self.payload)


class Listener:
    """Hears all that is said from now on, and what the broker has kept."""

    def __init__(self, broker: Mosquitto, pattern: str = "#") -> None:
        self.heard: list[Heard] = []
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        if broker.locked:
            self._client.username_pw_set(NAME, PASSWORD)
        self._client.on_message = self._hear
        subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.connect("127.0.0.1", broker.port)
        self._client.subscribe(pattern, 1)
        self._client.loop_start()
        assert subscribed.wait(30)

    def of(self, topic: str) -> list[Heard]:
        """Messages of a topic, in their order."""
        return [message for message in list(self.heard) if message.topic == topic]

    def last(self, topic: str) -> bytes | None:
        """Payload of the last message of a topic."""
        messages = self.of(topic)
        return messages[-1].payload if messages else None

    def say(self, topic: str, payload: str, *, retain: bool = False) -> None:
        """Send a message."""
        self._client.publish(topic, payload, 1, retain).wait_for_publish(30)

    def stop(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()

    def _hear(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        self.heard.append(Heard(message.topic, message.payload, message.retain))


@contextmanager
def listening(broker: Mosquitto, pattern: str = "#") -> Iterator[Listener]:
    """Somebody who listens until the block ends."""
    listener = Listener(broker, pattern)
    try:
        yield listener
    finally:
        listener.stop()


def kept(broker: Mosquitto) -> dict[str, bytes]:
    """All that the broker has kept, by topic."""
    with listening(broker) as listener:
        listener.say("end/of/what/is/kept", "")  # comes after what was kept
        eventually(lambda: listener.of("end/of/what/is/kept"))
        return {message.topic: message.payload for message in listener.heard if message.retained}
