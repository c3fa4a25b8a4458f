"""How the service reaches the broker, and what it says there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from ..setting_kinds import Section

_PORTS = {"mqtt": 1883, "mqtts": 8883}


def _broker_url(text: str) -> str:
    """The address of a broker.

    Raises:
        ValueError: it is none; the text is not repeated, as it may hold a password.
    """
    try:
        parts = urlsplit(text)
        usable = parts.scheme in _PORTS and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("wanted mqtt://HOST[:PORT] or mqtts://HOST[:PORT], with USER:PASSWORD@ where needed")
    return text


def _topic(text: str) -> str:
    if text and not re.fullmatch(r"[^/+#\0\s$][^+#\0\s]*(?<!/)", text):
        raise ValueError(
            "wanted levels of a topic with / between them, without +, # and spaces, and no $ first"
        )
    return text


BrokerUrl = Annotated[str, AfterValidator(_broker_url)]
TopicPrefix = Annotated[str, Field(max_length=200), AfterValidator(_topic)]


class Mqtt(Section):
    """The MQTT broker that learns what happens; none without a url."""

    url: BrokerUrl | None = None
    """mqtt://HOST or mqtts://HOST (TLS), with USER:PASSWORD@ and :PORT where needed"""
    username: str | None = None
    """at the broker, instead of one in the url"""
    password: SecretStr | None = None
    """at the broker, instead of one in the url"""
    ca_file: Path | None = None
    """PEM file of the authorities that are believed; without it those of the system"""
    client_id: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """at the broker; without it a name that this database alone has"""
    prefix: Annotated[TopicPrefix, Field(min_length=1)] = "facecap"
    """first level or levels of all topics; another for every service at a broker"""
    discovery_prefix: TopicPrefix = "homeassistant"
    """where Home Assistant looks for devices; empty: nothing is said there"""
    crops: bool = True
    """send the crops of captures"""
    retain_crops: bool = True
    """the broker keeps each camera's last crop for whoever comes later"""
    qos: Literal[0, 1, 2] = 1
    """quality of service; with 0 the broker does not say what it took, and what it missed is lost"""

    @model_validator(mode="after")
    def _fit(self) -> Mqtt:
        if self.ca_file is not None and self.address is not None and self.address.scheme != "mqtts":
            raise ValueError("ca_file needs a url of mqtts://")
        for name, given in (("username", self.username), ("password", self.password)):
            if given is not None and self.address is not None and getattr(self.address, name) is not None:
                raise ValueError(f"there is a {name} in url and another beside it: give one")
        if self.password is not None and self.user is None:
            raise ValueError("there is a password and no username")
        return self

    @property
    def address(self) -> SplitResult | None:
        """Of the broker."""
        return None if self.url is None else urlsplit(self.url)

    @property
    def port(self) -> int:
        """TCP port of the broker."""
        assert self.address is not None
        return self.address.port or _PORTS[self.address.scheme]

    @property
    def user(self) -> str | None:
        """Who the broker is told that this is."""
        own = None if self.address is None else self.address.username
        return self.username if own is None else unquote(own)

    @property
    def secret(self) -> str | None:
        """The user's password."""
        if self.password is not None:
            return self.password.get_secret_value()
        own = None if self.address is None else self.address.password
        return None if own is None else unquote(own)
