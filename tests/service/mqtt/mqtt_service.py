"""Services that speak to a broker, and what is known of them."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from mosquitto import Listener
from served import Served, eventually, running, settings_in

CAPTURE = {"mode": "fast", "min_hits": 2, "interval": 2, "max_captures": 0}


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


def capture_ids(service: Served) -> list[str]:
    return [item["id"] for item in service.client.get("/v1/captures").json()["captures"]]


def crop_of(service: Served, capture: dict[str, Any]) -> bytes:
    return service.client.get(capture["crop"]).content


def counted(heard: Listener, number: int, camera: str = "door") -> None:
    """Wait until so many captures of today are known, sent last of what the broker keeps of the camera."""
    eventually(lambda: heard.last(f"facecap/{camera}/captures_today") == str(number).encode())


def devices(held: dict[str, bytes]) -> dict[str, Any]:
    """Discovery messages by topic."""
    return {topic: json.loads(said) for topic, said in held.items() if topic.startswith("homeassistant/")}
