"""What the broker keeps of every camera, brought to what holds now."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence

from starlette.concurrency import run_in_threadpool

from ..store import Event, Store, StoredCapture
from .discovery import device_message
from .now import CameraNow
from .sender import Sender
from .settings import Mqtt
from .topics import Topics


class Retained:
    """Retained messages are a state: whatever was missed, what is sent in the end is what holds then.

    Args:
        settings: of MQTT.
        store: of the crops.
        topics: of the service.
        look: tells how all cameras are now.
        public_url: under which people find the page.
    """

    def __init__(
        self,
        settings: Mqtt,
        store: Store,
        topics: Topics,
        look: Callable[[], Awaitable[Sequence[CameraNow]]],
        public_url: str | None,
    ) -> None:
        self.urgent = False
        """Something was heard that asks for a refresh."""
        self._settings = settings
        self._store = store
        self._topics = topics
        self._look = look
        self._public_url = public_url
        self._sent: dict[str, str] = {}
        self._shown: dict[str, str | None] = {}
        """Captures whose crops the broker has, by camera."""
        self._cameras: set[str] = set()
        """Of which the broker may have something."""

    @property
    def listened_to(self) -> list[str]:
        """Topics to subscribe to."""
        birth = self._topics.birth
        return [self._topics.all_cameras, *([birth] if birth else [])]

    def forget(self) -> None:
        """Take it that the broker has nothing."""
        self._sent.clear()
        self._shown.clear()

    def hear(self, topic: str, payload: bytes) -> None:
        """Learn what the broker has, and that Home Assistant has started and wants to know of the devices."""
        if topic == self._topics.birth:
            if payload == b"online":
                for camera in self._cameras:
                    self._sent.pop(self._topics.device(camera) or "", None)
                self.urgent = True
            return
        camera = self._topics.camera_of(topic)
        if camera not in self._cameras and self._is_ours(payload):
            self._cameras.add(camera)
            self.urgent = True

    async def refresh(self, sender: Sender) -> None:
        """Send what is not as the broker has it, and clear what is of cameras that were removed.

        The values of a camera come last: who hears of a capture in them finds its crop and the device there.
        """
        self.urgent = False
        cameras = await self._look()
        for camera in cameras:
            self._cameras.add(camera.name)
            await self._keep_crop(sender, camera.name, camera.today.newest)
            device = self._topics.device(camera.name)
            if device is not None:
                await self._keep(sender, device, self._device(camera))
            for what, payload in camera.values(self._topics.installation).items():
                await self._keep(sender, self._topics.of(camera.name, what), payload)
        for gone in self._cameras.difference(camera.name for camera in cameras):
            for topic in self._topics.kept(gone):
                await sender.send(topic, b"", retain=True)
                self._sent.pop(topic, None)
            self._shown.pop(gone, None)
            self._cameras.remove(gone)

    async def show(self, sender: Sender, capture: Event) -> bool:
        """Send the crop of a capture, where crops are sent; False where the capture is gone."""
        if not self._settings.crops:
            return True
        assert capture.crop is not None
        png = await run_in_threadpool(self._store.crop, capture.crop)
        if png is None:
            return False
        await self._send_crop(sender, capture.camera, capture.capture, png)
        return True

    def _device(self, camera: CameraNow) -> str:
        message = device_message(
            self._topics, camera, self._settings.qos, self._settings.crops, self._public_url
        )
        return json.dumps(message, ensure_ascii=False)

    def _is_ours(self, payload: bytes) -> bool:
        try:
            said = json.loads(payload)
        except ValueError:
            return False
        return isinstance(said, dict) and said.get("installation") == self._topics.installation

    async def _keep(self, sender: Sender, topic: str, payload: str) -> None:
        if self._sent.get(topic) != payload:
            await sender.send(topic, payload, retain=True)
            self._sent[topic] = payload

    async def _keep_crop(self, sender: Sender, camera: str, newest: StoredCapture | None) -> None:
        kept = newest if self._settings.crops and self._settings.retain_crops else None
        wanted = None if kept is None else kept.id
        if camera in self._shown and self._shown[camera] == wanted:
            return
        png = None if kept is None else await run_in_threadpool(self._store.crop, kept.crop)
        await sender.send(self._topics.of(camera, "crop"), png or b"", retain=True)
        self._shown[camera] = wanted

    async def _send_crop(self, sender: Sender, camera: str, capture: str | None, png: bytes) -> None:
        retain = self._settings.retain_crops
        await sender.send(self._topics.of(camera, "crop"), png, retain=retain)
        if retain:
            self._shown[camera] = capture
