"""Keeps a connection to the broker, and hands on what happens."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Literal

from aiomqtt import Client, MqttCodeError, MqttError, Will
from paho.mqtt.reasoncodes import ReasonCode

from facecap import FacecapError
from facecap.addresses import shown_address

from ..broker import Broker
from ..event_document import event_document
from ..follower import Follower
from ..logs import Seldom
from ..store import Event, Store, StoreError
from ..webhooks.delivery import pause
from .retained import Retained
from .sender import Sender
from .settings import Mqtt
from .topics import Topics

PLACE = "(mqtt)"
"""No webhook can have this name."""
_LOOK_SECONDS = 1.0
_REFRESH_SECONDS = 60.0
_PASSING = {"track.started", "track.ended"}
"""Events that change nothing of what the broker keeps."""
_LONGEST_PAUSE = 60.0
_TIMEOUT = 10.0
_KEEP_ALIVE = 30
_REFUSED = {"Bad user name or password", "Not authorized"}
_log = logging.getLogger("facecap.service")


@dataclass(slots=True)
class MqttState:
    """How the connection is doing, as this process sees it."""

    state: Literal["connecting", "connected", "retrying", "standby"] = "connecting"
    """standby: another process is connected"""
    since: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    """when it began"""
    failures: int = 0
    """In a row."""
    last_error: str | None = None
    delivered: int = 0
    """Events that the broker took."""
    failed: int = 0
    """Connections that could not be made, or were lost."""

    def become(self, state: Literal["connecting", "connected", "retrying", "standby"]) -> None:
        """Note the state, and since when where it is another."""
        if state != self.state:
            self.state, self.since = state, datetime.now(timezone.utc)


class Bridge(Follower):
    """Says to the broker what happens, at least once and in order, and keeps there how each camera is.

    With the connection the broker is told what to say where that is lost (the last will). So one process
    alone is connected, that which owns the place.

    Raises:
        FacecapError: the file of authorities cannot be used.
    """

    def __init__(
        self,
        settings: Mqtt,
        store: Store,
        broker: Broker,
        owner: str,
        topics: Topics,
        retained: Retained,
        public_url: str | None,
    ) -> None:
        super().__init__(PLACE, "MQTT", store, broker, owner)
        self.state = MqttState()
        self._settings = settings
        self._topics = topics
        self._retained = retained
        self._public_url = public_url
        self._tls = _tls(settings)
        self._seldom = Seldom(_log)
        self._looked = -math.inf
        self._stale = False
        """Whether the broker may have what does not hold any more."""
        self._removals = broker.removals

    def _stand_by(self) -> None:
        self.state.become("standby")

    async def _work(self) -> None:
        try:
            async with self._client() as client:
                await self._serve(Sender(client, self._settings.qos))
        except MqttError as error:
            self._note_failure(error)
            await self._wait(min(pause(self.state.failures, None), _LONGEST_PAUSE))

    def _client(self) -> Client:
        address = self._settings.address
        assert address is not None and address.hostname is not None
        will = Will(self._topics.availability, "offline", qos=self._settings.qos, retain=True)
        return Client(
            address.hostname,
            self._settings.port,
            username=self._settings.user,
            password=self._settings.secret,
            identifier=self._settings.client_id or f"facecap-{self._topics.installation}",
            will=will,
            tls_context=self._tls,
            timeout=_TIMEOUT,
            keepalive=_KEEP_ALIVE,
        )

    async def _serve(self, sender: Sender) -> None:
        """Until the connection is lost, the service ends, or another process takes over."""
        listening = asyncio.create_task(self._listen(sender.client))
        try:
            await sender.client.subscribe([(topic, 1) for topic in self._retained.listened_to])
            self._retained.forget()
            await self._retained.refresh(sender)
            await sender.send(self._topics.availability, "online", retain=True)
            self._looked = time.monotonic()
            self.state.become("connected")
            if self.state.failures:
                _log.info("MQTT: the broker %s is there again", shown_address(self._settings.url or ""))
            self.state.failures = 0
            while not self._ended and not listening.done() and await self._held():
                await self._deliver_some(sender)
            if listening.done():
                listening.result()
            elif self._ended:
                await sender.send(self._topics.availability, "offline", retain=True)
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError, MqttError):
                await listening

    async def _listen(self, client: Client) -> None:
        async for message in client.messages:
            if isinstance(message.payload, bytes):
                self._retained.hear(message.topic.value, message.payload)

    async def _held(self) -> bool:
        """Whether the place is this process's; while the store fails, the connection stays."""
        try:
            return await self._own()
        except StoreError as error:
            self._wait_for_store(error)
            await self._rest(_LOOK_SECONDS)
            return True

    async def _deliver_some(self, sender: Sender) -> None:
        try:
            events, reached = await self._broker.after(self.position, _LOOK_SECONDS)
            removals = self._broker.removals
            done = self.position
            for event in events:
                if removals != self._broker.removals or not await self._own():
                    reached = done  # what is left may be gone: it is read again
                    break
                if await self._hand_on(sender, event):
                    self.state.delivered += 1
                done = event.id
            if events:
                await self._done_with(max(done, reached))
            else:
                self.position = max(self.position, reached)
            await self._refresh(sender, any(event.kind not in _PASSING for event in events))
        except StoreError as error:
            self._wait_for_store(error)
            await self._rest(_LOOK_SECONDS)

    async def _refresh(self, sender: Sender, happened: bool) -> None:
        self._stale |= happened or self._retained.urgent or self._removals != self._broker.removals
        if time.monotonic() - self._looked >= (_LOOK_SECONDS if self._stale else _REFRESH_SECONDS):
            self._removals = self._broker.removals
            self._stale = False
            await self._retained.refresh(sender)
            self._looked = time.monotonic()

    async def _hand_on(self, sender: Sender, event: Event) -> bool:
        """Send an event; False where it is none for MQTT, or is gone."""
        if event.kind == "capture":
            if not await self._retained.show(sender, event):
                return False
            kind = event.data["mask"]
        elif event.kind == "alert":
            kind = event.data["mask"] or "offline"
        else:
            return False
        document = {"event_type": kind, **event_document(event, self._public_url)}
        await sender.send(self._topics.of(event.camera, event.kind), json.dumps(document))
        return True

    def _wait_for_store(self, error: StoreError) -> None:
        self._seldom.error("store", "MQTT waits for the store: %s", error)

    def _note_failure(self, error: MqttError) -> None:
        state = self.state
        state.failures += 1
        state.failed += 1
        state.last_error = _reason(error)
        state.become("retrying")
        text = "MQTT: the broker %s: %s; tried again until it is there"
        self._seldom.error("broker", text, shown_address(self._settings.url or ""), state.last_error)


def _reason(error: MqttError) -> str:
    if isinstance(error, MqttCodeError) and isinstance(error.rc, ReasonCode):
        reason = str(error.rc)
        hint = ": look at mqtt.username and mqtt.password" if reason in _REFUSED else ""
        return f"it answered {reason}{hint}"
    return str(error)


def _tls(settings: Mqtt) -> ssl.SSLContext | None:
    if settings.address is None or settings.address.scheme != "mqtts":
        return None
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except OSError as error:
        raise FacecapError(
            f"mqtt.ca_file {settings.ca_file}: wanted a PEM file of certificates: {error}"
        ) from None
