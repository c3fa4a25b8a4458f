"""From a request to the bytes of one picture."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, contextmanager

from starlette.requests import Request

from ..problems import Problem
from ..settings import Frames
from . import multipart
from .body import Claim, WaitingBytes, announced_length, check_size, read_body


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

    @asynccontextmanager
    async def picture(
        self, request: Request, refused: Callable[[Problem], None] = lambda problem: None
    ) -> AsyncIterator[bytes]:
        """The picture of a raw or multipart body, which counts as waiting until the context ends.

        Args:
            request: its body has not been read.
            refused: told of the problem where no picture comes out.

        Raises:
            Problem: as `read_body`, `multipart.picture_of` and `WaitingBytes.held`.
        """
        limit = self._settings.max_bytes
        content_type = request.headers.get("content-type", "")
        is_form = content_type.lower().startswith("multipart/form-data")
        if is_form:
            limit += multipart.OVERHEAD
        with ExitStack() as stack:
            try:
                stack.enter_context(self.room(request, limit))
                body = await read_body(request, limit, self._settings.receive_seconds)
                if is_form:
                    body = multipart.picture_of(body, content_type)
                check_size(body, self._settings.max_bytes)
            except Problem as problem:
                refused(problem)
                raise
            yield body
