"""What Home Assistant is told about a camera: one device with its entities, in one message."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, get_args

from facecap import MaskAnswer

from .now import CameraNow
from .topics import Topics

OFFLINE = "offline"
ANSWERS: tuple[str, ...] = get_args(MaskAnswer)


def device_message(
    topics: Topics, camera: CameraNow, qos: int, crops: bool, public_url: str | None
) -> dict[str, Any]:
    """The message; unique ids stay the same as long as the database is the same.

    Args:
        topics: of the service.
        camera: whose.
        qos: with which Home Assistant asks for messages.
        crops: whether there is a topic of crops; without it Home Assistant forgets the picture.
        public_url: under which people find the page.
    """
    identity = f"facecap_{topics.installation}_{camera.name}"
    device: dict[str, Any] = {
        "identifiers": [identity],
        "name": camera.display_name or camera.name,
        "manufacturer": "facecap",
        "model": "Camera",
        "sw_version": version("facecap"),
    }
    if camera.area:
        device["suggested_area"] = camera.area
    if public_url is not None:
        device["configuration_url"] = public_url
    components = {
        "state": _entity("binary_sensor", "Connection", "state_topic", topics.of(camera.name, "state"))
        | {
            "device_class": "connectivity",
            "payload_on": "online",
            "payload_off": OFFLINE,
            "entity_category": "diagnostic",
        },
        "face": _entity("image", "Last face", "image_topic", topics.of(camera.name, "crop"))
        | {"content_type": "image/png"},
        "last_answer": _entity("sensor", "Last answer", "state_topic", topics.of(camera.name, "last_answer"))
        | {"device_class": "enum", "options": list(ANSWERS)},
        "captures_today": _count("Captures today", topics.of(camera.name, "captures_today")),
        "visits_today": _count("Visits today", topics.of(camera.name, "visits_today")),
        "capture": _entity("event", "Capture", "state_topic", topics.of(camera.name, "capture"))
        | {"event_types": list(ANSWERS)},
        "alert": _entity("event", "Alert", "state_topic", topics.of(camera.name, "alert"))
        | {"event_types": [*ANSWERS, OFFLINE]},
    }
    for name, entity in components.items():
        entity["unique_id"] = f"{identity}_{name}"
    if not crops:
        components["face"] = {"platform": "image"}  # the platform alone: the entity goes
    return {
        "device": device,
        "origin": {"name": "facecap", "sw_version": version("facecap")},
        "components": components,
        "availability_topic": topics.availability,
        "qos": qos,
    }


def _entity(platform: str, name: str, topic_key: str, topic: str) -> dict[str, Any]:
    return {"platform": platform, "name": name, topic_key: topic}


def _count(name: str, topic: str) -> dict[str, Any]:
    # Not a total: it falls when captures are deleted.
    return _entity("sensor", name, "state_topic", topic) | {"state_class": "measurement"}
