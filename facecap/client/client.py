"""The service as an object."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

from facecap import MaskAnswer
from facecap.client.camera import CameraPush, WhenFull
from facecap.client.transport import Transport, json_of

_PATIENCE = 30.0  # seconds


class Client:
    """A service. For any number of threads; close it, or use it as a context manager.

    Args:
        address: http://host:port, with the path of a proxy where there is one.
        key: API key, where the service wants one.
        timeout: seconds without a sign of life after which a request is made again.

    Raises:
        FacecapError: httpx is not installed.
        ValueError: the address is none of HTTP.
    """

    def __init__(self, address: str, *, key: str | None = None, timeout: float = 30.0) -> None:
        self._transport = Transport(address, key, timeout)
        self._cameras: list[CameraPush] = []

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        for camera in self._cameras:
            camera.close(drain_seconds=30.0 if kind is None else 0.0)
        self._transport.close()

    def close(self) -> None:
        """Close every camera as `CameraPush.close` does, then the connections."""
        self.__exit__(None)

    def camera(self, name: str, *, queue: int = 8, when_full: WhenFull = "block") -> CameraPush:
        """A camera to push frames to.

        Args:
            name: 1 to 64 letters, digits, dots, hyphens and underscores.
            queue: frames that may wait besides the one on its way, at least 1.
            when_full: "block" makes `push` wait for room, for recordings; "drop_oldest" lets the oldest frame
                that waits go, for live cameras.
        """
        camera = CameraPush(self._transport, name, queue, when_full)
        self._cameras.append(camera)
        return camera

    def captures(
        self,
        *,
        camera: str | None = None,
        time_from: datetime | None = None,
        time_to: datetime | None = None,
        mask: MaskAnswer | None = None,
        min_quality: float | None = None,
        max_quality: float | None = None,
        visit: str | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Stored captures, the newest shot first, fetched page by page; None: no limit.

        Args:
            camera: of this camera.
            time_from: shot at this time or later, with a time zone.
            time_to: shot before this time, with a time zone.
            mask: with this answer.
            min_quality: of this quality or better.
            max_quality: of this quality or worse.
            visit: of the visit of this id.

        Raises:
            Refused: the service will not answer this.
            Unreachable: no usable answer in 30 s.
        """
        chosen = _choice(camera, time_from, time_to, mask, min_quality, max_quality)
        return self._pages("captures", {**chosen, "visit": visit})

    def visits(
        self,
        *,
        camera: str | None = None,
        time_from: datetime | None = None,
        time_to: datetime | None = None,
        mask: MaskAnswer | None = None,
        min_quality: float | None = None,
        max_quality: float | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Visits, each all captures of a track, the newest first, fetched page by page; None: no limit.

        Args:
            camera: of this camera.
            time_from: with the first shot at this time or later, with a time zone.
            time_to: with the first shot before this time, with a time zone.
            mask: with this answer by all shots.
            min_quality: with a best shot of this quality or better.
            max_quality: with a best shot of this quality or worse.

        Raises:
            ServiceError: as `captures`.
        """
        return self._pages("visits", _choice(camera, time_from, time_to, mask, min_quality, max_quality))

    def _pages(self, name: str, parameters: dict[str, Any]) -> Iterator[dict[str, Any]]:
        cursor = None
        while True:
            query = {**parameters, "limit": 200, "cursor": cursor}
            page = json_of(self._transport.send("GET", f"v1/{name}", parameters=query, patience=_PATIENCE))
            yield from page[name]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def crop(self, capture_id: str) -> bytes:
        """The PNG of a stored capture.

        Raises:
            ServiceError: as `captures`; `Refused` with status 404 where there is none (any more).
        """
        path = f"v1/captures/{quote(capture_id, safe='')}/crop"
        return self._transport.send("GET", path, patience=_PATIENCE).content

    def detect(self, picture: bytes) -> dict[str, Any]:
        """Every face of one picture (JPEG, PNG or WebP); nothing is kept.

        Raises:
            ServiceError: as `captures`.
        """
        answer = self._transport.send("POST", "v1/detect", content=picture, patience=_PATIENCE)
        return json_of(answer)


def _choice(
    camera: str | None,
    time_from: datetime | None,
    time_to: datetime | None,
    mask: MaskAnswer | None,
    min_quality: float | None,
    max_quality: float | None,
) -> dict[str, Any]:
    return {
        "camera": camera,
        "from": time_from and time_from.isoformat(),
        "to": time_to and time_to.isoformat(),
        "mask": mask,
        "min_quality": min_quality,
        "max_quality": max_quality,
    }
