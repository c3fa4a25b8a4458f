"""Requests that are made again where that helps, with growing pauses."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from facecap.addresses import shown_address
from facecap.client.errors import Refused, ServiceError, Unreachable
from facecap.errors import FacecapError

if TYPE_CHECKING:
    import httpx

_LATER = frozenset({408, 425, 429, 502, 503, 504})
_FAILURES_OF_THE_SERVICE = 3
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 10.0  # seconds
_LONGEST_ASKED_FOR = 120.0


class Transport:
    """One service, over connections that stay open. For any number of threads.

    Raises:
        FacecapError: httpx is not installed.
        ValueError: the address is none of HTTP, or the key cannot be one.
    """

    def __init__(self, address: str, key: str | None, timeout: float) -> None:
        try:
            import httpx
        except ModuleNotFoundError as error:
            raise FacecapError(
                "facecap.client needs httpx, which is not installed: pip install httpx"
            ) from error
        if not address.startswith(("http://", "https://")):
            raise ValueError("the address begins with neither http:// nor https://")
        if key and not (key.isascii() and key.isprintable()):
            raise ValueError(
                "the key has characters that no key has: look for a line break or a quotation mark"
            )
        self._no_answer = httpx.RequestError
        self._http = httpx.Client(
            base_url=address,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(timeout, connect=min(5.0, timeout)),
            limits=httpx.Limits(max_connections=None),
        )

    def send(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        parameters: Mapping[str, Any] | None = None,
        patience: float | None = None,
        given_up: threading.Event | None = None,
        on_retry: Any = None,
    ) -> httpx.Response:
        """The answer with a status below 300.

        Args:
            method: of HTTP.
            path: below the address.
            content: body.
            parameters: of the query; those that are None are left out.
            patience: seconds in which to try again; None for no limit.
            given_up: ends the trying when set.
            on_retry: called without arguments before each further try.

        Raises:
            Refused: trying again would not help.
            Unreachable: patience is over, or `given_up` was set.
        """
        given_up = given_up or threading.Event()
        query = {name: value for name, value in (parameters or {}).items() if value is not None}
        end = None if patience is None else time.monotonic() + patience
        pause, failures = _FIRST_PAUSE, 0
        while True:
            asked_for = 0.0
            try:
                answer = self._http.request(method, path, content=content, params=query)
            except self._no_answer as error:
                reason = f"{type(error).__name__}: {error}"
            else:
                if answer.status_code < 300:
                    return answer
                failures += answer.status_code == 500
                if answer.status_code not in _LATER and not 0 < failures < _FAILURES_OF_THE_SERVICE:
                    raise Refused(answer.status_code, _document(answer.content))
                reason = f"status {answer.status_code}"
                asked_for = _retry_after(answer.headers.get("retry-after"))
            wait = max(asked_for, pause * random.uniform(0.5, 1.0))
            pause = min(2 * pause, _LONGEST_PAUSE)
            if end is not None and time.monotonic() + wait > end:
                raise Unreachable(f"{method} {path}: no answer in {patience:g} s; last: {reason}")
            if given_up.wait(wait):
                raise Unreachable(f"{method} {path}: given up; last: {reason}")
            if on_retry is not None:
                on_retry()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def json_of(answer: httpx.Response) -> dict[str, Any]:
    """The object that an answer holds.

    Raises:
        ServiceError: it holds none, as where a proxy answers in the service's place.
    """
    document = _document(answer.content)
    if not document:
        kind = answer.headers.get("content-type", "no type")
        where = shown_address(str(answer.url))
        raise ServiceError(f"{where} answered no JSON object but {kind}: is this the service's address?")
    return document


def _document(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _retry_after(text: str | None) -> float:
    """Seconds of a Retry-After header: a number or a date."""
    if not text:
        return 0.0
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return 0.0
        seconds = (moment.astimezone(timezone.utc) - datetime.now(timezone.utc)).total_seconds()
    return min(max(0.0, seconds), _LONGEST_ASKED_FOR) if seconds == seconds else 0.0
