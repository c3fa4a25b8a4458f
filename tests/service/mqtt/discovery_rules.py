"""What Home Assistant wants of a discovery message of a device, from its documentation of MQTT."""

from __future__ import annotations

import re
from typing import Any

_DEVICE = {
    "identifiers",
    "name",
    "manufacturer",
    "model",
    "sw_version",
    "suggested_area",
    "configuration_url",
}
_COMMON = {"platform", "name", "unique_id", "entity_category"}
_PLATFORMS: dict[str, tuple[set[str], set[str]]] = {
    # What each needs, and what else it may have.
    "binary_sensor": ({"state_topic"}, {"device_class", "payload_on", "payload_off"}),
    "sensor": ({"state_topic"}, {"device_class", "options", "state_class"}),
    "event": ({"state_topic", "event_types"}, set()),
    "image": ({"image_topic"}, {"content_type"}),
}


def check_device(topic: str, message: dict[str, Any]) -> set[str]:
    """Assert that Home Assistant takes a message; the unique ids of its entities."""
    assert re.fullmatch(r"homeassistant/device/[a-zA-Z0-9_-]+/config", topic)
    assert set(message) == {"device", "origin", "components", "availability_topic", "qos"}
    device = message["device"]
    assert set(device) <= _DEVICE and device["identifiers"] and all(device["identifiers"])
    assert message["origin"]["name"] == "facecap" and set(message["origin"]) <= {"name", "sw_version"}
    assert message["qos"] in (0, 1, 2)
    identities = set()
    for component in message["components"].values():
        needed, allowed = _PLATFORMS[component["platform"]]
        assert needed | {"platform", "unique_id", "name"} <= set(component) <= needed | allowed | _COMMON
        topic = component.get("state_topic") or component["image_topic"]
        assert not set("+#\0") & set(topic)
        if component.get("device_class") == "enum":
            assert component["options"] and "state_class" not in component
        identities.add(component["unique_id"])
    return identities
