"""Delivers events to one webhook, one after the other."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Literal

import httpx
from starlette.concurrency import run_in_threadpool

from ..broker import Broker
from ..follower import RENEW_SECONDS, Follower
from ..store import Event, Store
from .delivery import Attempt, Outcome, attempt, pause
from .message import CONTENT_TYPE, message, message_id
from .settings import Webhook
from .signature import key_of, signed_headers

_log = logging.getLogger("facecap.service")


@dataclass(slots=True)
class HookState:
    """How a webhook is doing, as this process sees it."""

    state: Literal["idle", "delivering", "retrying", "standby", "retired"] = "standby"
    """standby: another process delivers; retired: it answered 410 and gets nothing until a restart."""
    failures: int = 0
    """In a row."""
    next_attempt: datetime | None = None
    last_error: str | None = None
    last_delivered: datetime | None = None
    delivered: int = 0
    failed: int = 0
    dropped: int = 0
    """Events that were given up: refused, or too old."""


class Courier(Follower):
    """Delivers to one hook: in order, each event until it is taken, refused or too old.

    The position in the journal moves after the answer, so an event comes twice, with the same id, where the
    process dies in between; it is never left out. A process owns a hook by a lease that it renews, so that
    of several one delivers.
    """

    def __init__(
        self,
        name: str,
        hook: Webhook,
        store: Store,
        broker: Broker,
        http: httpx.AsyncClient,
        owner: str,
        installation: str,
        public_url: str | None,
    ) -> None:
        super().__init__(name, f"webhook {name}", store, broker, owner)
        self.name = name
        self.hook = hook
        self.state = HookState()
        self._key = key_of(hook.secret.get_secret_value())
        self._http = http
        self._installation = installation
        self._public_url = public_url

    @property
    def _ended(self) -> bool:
        return self.state.state == "retired" or super()._ended

    def _stand_by(self) -> None:
        self.state.state = "standby"

    async def _work(self) -> None:
        state = self.state
        if state.failures:
            # From the database: what was to be sent may have been deleted meanwhile.
            events = await self._broker.stored_after(self.position, 1)
            reached = self.position
            state.failures = state.failures if events else 0
        else:
            state.state = "idle"
            events, reached = await self._broker.after(self.position, RENEW_SECONDS)
        removals = self._broker.removals
        for event in events:
            if not self._wanted(event):
                self.position = event.id
                continue
            if self._broker.closing.is_set() or not await self._own():
                return
            if self._broker.removals != removals:
                return  # this one may be gone: all that is left is read again
            await self._deliver(event)
            if self.position != event.id:
                await self._wait_to_retry()
                return
        self.position = max(self.position, reached)

    def _wanted(self, event: Event) -> bool:
        hook = self.hook
        return event.kind in hook.events and (not hook.cameras or event.camera in hook.cameras)

    async def _deliver(self, event: Event) -> None:
        state = self.state
        state.state = "delivering"
        result = await self._attempt(event)
        if result.outcome is Outcome.DELIVERED:
            await self._done_with(event.id)
            state.last_delivered = datetime.now(timezone.utc)
            state.delivered += 1
            return
        state.failed += 1
        state.last_error = result.reason
        if result.outcome is Outcome.GONE:
            state.state = "retired"
            _log.error(
                "webhook %s %s; nothing is sent until the service starts again", self.name, result.reason
            )
        elif result.outcome is Outcome.REFUSED:
            await self._drop(event, result.reason)
        elif datetime.now(timezone.utc) - event.time > timedelta(hours=self.hook.give_up_hours):
            await self._drop(
                event, f"{result.reason}, and the event is older than {self.hook.give_up_hours:g} h"
            )
        else:
            self._note_failure(event, result)

    async def _attempt(self, event: Event) -> Attempt:
        crop = None
        if self.hook.inline_crop and event.crop is not None:
            crop = await run_in_threadpool(self._store.crop, event.crop)
            if crop is None:
                return Attempt(Outcome.REFUSED, "not sent: the capture was removed meanwhile")
        body = message(self._installation, event, self._public_url, crop)
        headers = {
            "content-type": CONTENT_TYPE,
            "user-agent": "facecap",
            **signed_headers(self._key, message_id(self._installation, event), int(time.time()), body),
        }
        if self.hook.token is not None:
            headers["authorization"] = f"Bearer {self.hook.token.get_secret_value()}"
        return await attempt(self._http, self.hook.url, headers, body, self.hook.timeout_seconds)

    async def _done_with(self, position: int) -> None:
        await super()._done_with(position)
        self.state.failures = 0
        self.state.next_attempt = None

    async def _drop(self, event: Event, reason: str) -> None:
        _log.warning("webhook %s does not get event %d: %s", self.name, event.id, reason)
        await self._done_with(event.id)
        self.state.dropped += 1

    def _note_failure(self, event: Event, result: Attempt) -> None:
        state = self.state
        state.failures += 1
        seconds = pause(state.failures, result.retry_after)
        state.next_attempt = datetime.now(timezone.utc) + timedelta(seconds=seconds)
        if state.failures == 1:
            _log.warning(
                "webhook %s: %s; tried again until it takes event %d", self.name, result.reason, event.id
            )

    async def _wait_to_retry(self) -> None:
        state = self.state
        if state.next_attempt is not None:
            state.state = "retrying"
            await self._wait((state.next_attempt - datetime.now(timezone.utc)).total_seconds())
