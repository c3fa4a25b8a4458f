"""From a request to the bytes of one picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager

from starlette.requests import Request

from ..problems import Problem
from . import multipart
from .body import Claim, WaitingBytes, announced_length, check_size, header, read_body
from .settings import Frames


class Intake:
    """Receives pictures under the limits of the settings."""

    def __init__(self, settings: Frames) -> None:
        self._settings = settings
        self._waiting = WaitingBytes(settings.max_waiting_bytes)

    @contextmanager
    def held(self, picture: bytes) -> Iterator[None]:
        """Count a picture as waiting that came another way.

        Raises:
            Problem: 413 `body_too_large`, or as `WaitingBytes.held`.
        """
        check_size(picture, self._settings.max_bytes)
        with self._waiting.held(len(picture)):
            yield

    def claim(self) -> Claim:
        """As `WaitingBytes.claim`, for what a connection holds that no picture has come of yet."""
        return self._waiting.claim()

    def room(self, request: Request, limit: int) -> AbstractContextManager[None]:
        """Count a body of up to `limit` bytes as waiting until the context ends, by the length it announces.

        Raises:
            Problem: as `WaitingBytes.held`.
        """
        return self._waiting.held(min(announced_length(request) or limit, limit))

    def picture(
        self, request: Request, refused: Callable[[Problem], None] = lambda problem: None
    ) -> AbstractAsyncContextManager[bytes]:
        """The picture of a raw or multipart body, which counts as waiting until the context ends.

        Args:
            request: its body has not been read.
            refused: called with the problem where no picture comes out.

        Raises:
            Problem: as `read_body`, `multipart.picture_of` and `WaitingBytes.held`.
        """
        return _Receiving(self._settings, self.claim(), request, refused)


class _Receiving:
    """Written out, as every frame comes this way: contextlib's generators take several times as long."""

    __slots__ = ("_claim", "_refused", "_request", "_settings")

    def __init__(
        self, settings: Frames, claim: Claim, request: Request, refused: Callable[[Problem], None]
    ) -> None:
        self._settings = settings
        self._claim = claim
        self._request = request
        self._refused = refused

    async def __aenter__(self) -> bytes:
        try:
            return await self._receive()
        except BaseException as error:
            self._claim.resize(0)
            if isinstance(error, Problem):
                self._refused(error)
            raise

    async def __aexit__(self, *_: object) -> None:
        self._claim.resize(0)

    async def _receive(self) -> bytes:
        request, limit = self._request, self._settings.max_bytes
        content_type = header(request, b"content-type") or ""
        is_form = content_type.lower().startswith("multipart/form-data")
        if is_form:
            limit += multipart.OVERHEAD
        self._claim.resize(min(announced_length(request) or limit, limit))
        body = await read_body(request, limit, self._settings.receive_seconds)
        if is_form:
            body = multipart.picture_of(body, content_type)
            check_size(body, self._settings.max_bytes)
        return body
