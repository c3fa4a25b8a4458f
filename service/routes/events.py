"""What happens, as server-sent events."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated

import anyio
from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from ..event_document import event_document
from ..problems import Problem, responses
from ..security import require
from ..services import Services, services_of
from ..setting_kinds import CameraName
from ..store import Event, StoreError

router = APIRouter(tags=["events"])
_LARGEST_ID = 2**63 - 1
_RETRY_MILLISECONDS = 2000
_STALLED_SECONDS = 60
_STOP_SECONDS = 2


@router.get(
    "/v1/events",
    summary="What happens, as server-sent events",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {"text/event-stream": {}},
            "description": "Events until the client or the service ends.",
        },
        **responses(401, 403, 422, 429, 503),
    },
    dependencies=[Depends(require("read"))],
)
async def follow_events(
    request: Request,
    camera: Annotated[CameraName | None, Query(description="of this camera only")] = None,
    last_event_id: Annotated[
        str | None, Query(description="go on after this event; 0: from the oldest that is kept")
    ] = None,
    last_event_id_header: Annotated[
        str | None, Header(alias="Last-Event-ID", description="as last_event_id, and wins over it")
    ] = None,
) -> StreamingResponse:
    """`capture`, `alert`, `track.started`, `track.ended`, `camera.online`, `camera.offline`,
    `camera.opened`, `camera.clock` and `camera.closed`, each with its id. A client that comes back with
    the last id that it has seen misses nothing that is still kept; one that comes without gets what
    happens from now on. Comments keep an idle connection alive."""
    services = services_of(request)
    broker = services.broker
    wanted = last_event_id_header if last_event_id_header is not None else last_event_id
    if broker.followers >= services.settings.events.max_streams:
        raise Problem(
            503,
            "too_many_streams",
            "Too many event streams",
            f"{broker.followers} clients follow the events, which is the limit: come again later, or raise "
            "events.max_streams",
            headers={"Retry-After": "10"},
        )
    last = await run_in_threadpool(services.store.last_event_id)
    position = last if wanted is None else _position(wanted, last)
    return EventStream(services, position, camera)


class EventStream(StreamingResponse):
    """The answer. It ends when the service stops, and for a client that takes nothing for a minute."""

    media_type = "text/event-stream"

    def __init__(self, services: Services, position: int, camera: str | None) -> None:
        super().__init__(
            _events(services, position, camera),
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        broker = self._services.broker
        broker.followers += 1
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self._end_with_client, receive, group.cancel_scope)
                group.start_soon(self._end_with_service, group.cancel_scope)
                await self._stream(send)
                group.cancel_scope.cancel()
        finally:
            broker.followers -= 1

    async def _stream(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async for chunk in self.body_iterator:
            with anyio.move_on_after(_STALLED_SECONDS) as patience:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            if patience.cancelled_caught:
                return
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _end_with_client(self, receive: Receive, scope: anyio.CancelScope) -> None:
        await self.listen_for_disconnect(receive)
        scope.cancel()

    async def _end_with_service(self, scope: anyio.CancelScope) -> None:
        await self._services.stopping.wait()
        # Enough for the stream to end by itself, unless the client does not read.
        await anyio.sleep(_STOP_SECONDS)
        scope.cancel()


async def _events(services: Services, position: int, camera: str | None) -> AsyncIterator[bytes]:
    broker = services.broker
    # An id without data: a client that leaves before the first event knows where to go on.
    yield f"retry: {_RETRY_MILLISECONDS}\nid: {position}\n\n".encode()
    while True:
        try:
            events, reached = await broker.after(position, services.settings.events.keep_alive_seconds)
        except StoreError:
            return  # the client comes again, with its last id
        if reached > position:
            position = reached
            mine = [_block(event) for event in events if camera in (None, event.camera)]
            yield b"".join(mine) or f"id: {position}\n\n".encode()
        elif broker.closing.is_set():
            return
        else:
            yield b": still here\n\n"


def _block(event: Event) -> bytes:
    text = json.dumps(event_document(event), allow_nan=False, separators=(",", ":"))
    return f"id: {event.id}\nevent: {event.kind}\ndata: {text}\n\n".encode()


def _position(text: str, last: int) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > _LARGEST_ID:
        raise Problem(
            422,
            "invalid_last_event_id",
            "The event id is not valid",
            f"the last event id is {text[:40]!r}, wanted the id of an event that this service sent, or 0",
        )
    # An id that was never sent is of another database: all that is kept is new to the client.
    return int(text) if int(text) <= last else 0
