"""One attempt to hand a message to a webhook, and what its answer means."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from enum import Enum

import anyio
import httpx

_UNDERSTOOD = 64 * 1024
_LONGEST_PAUSE = 3600.0
_FIRST_PAUSE, _LONGEST_BACK_OFF = 1.0, 300.0


class Outcome(Enum):
    """What becomes of the message."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    """This message will never be taken; the next may be."""
    FAILED = "failed"
    """To be tried again."""
    GONE = "gone"
    """Nothing is wanted there any more."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """How an attempt ended."""

    outcome: Outcome
    reason: str = ""
    """For people; empty where delivered."""
    retry_after: float | None = None
    """Seconds that the receiver asked for."""


def client() -> httpx.AsyncClient:
    """Speaks to the webhooks: follows no redirect, knows no proxy, keeps no cookie."""
    return httpx.AsyncClient(follow_redirects=False, trust_env=False, timeout=None)


async def attempt(
    http: httpx.AsyncClient, url: str, headers: dict[str, str], body: bytes, seconds: float
) -> Attempt:
    """POST a message and judge the answer, all within so many seconds."""
    http.cookies.clear()  # the client keeps what receivers set
    try:
        with anyio.fail_after(seconds):
            async with http.stream("POST", url, headers=headers, content=body) as answer:
                await _drain(answer)
                return judge(answer)
    except TimeoutError:
        return Attempt(Outcome.FAILED, f"no answer within {seconds:g} s")
    except (httpx.HTTPError, OSError) as error:
        return Attempt(Outcome.FAILED, str(error) or type(error).__name__)


def judge(answer: httpx.Response) -> Attempt:
    """What an answer means."""
    status = answer.status_code
    if answer.is_success:
        return Attempt(Outcome.DELIVERED)
    if answer.is_redirect:
        return Attempt(Outcome.FAILED, f"answered {status}; redirects are not followed, set the final URL")
    if status == 410:
        return Attempt(Outcome.GONE, "answered 410: it wants nothing any more")
    if status in (400, 413, 415, 422):
        return Attempt(Outcome.REFUSED, f"answered {status}: it does not take this message")
    return Attempt(Outcome.FAILED, f"answered {status}", _retry_after(answer.headers.get("retry-after")))


def pause(failures: int, retry_after: float | None) -> float:
    """Seconds until the next attempt after so many failures in a row.

    From 1 s doubled up to 300 s, cut by up to a half at random so that hooks that failed together do not come
    back together; not before the receiver asked for.
    """
    longest = min(_LONGEST_BACK_OFF, _FIRST_PAUSE * 2.0 ** min(failures - 1, 30))
    return max(random.uniform(longest / 2, longest), retry_after or 0.0)


async def _drain(answer: httpx.Response) -> None:
    """Read a short answer to its end, so that the connection can be used again; a long one ends it."""
    size = 0
    async for part in answer.aiter_raw():
        size += len(part)
        if size > _UNDERSTOOD:
            return


def _retry_after(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        seconds = float(text) if text.isdigit() else _seconds_until(text)
    except (TypeError, ValueError):
        return None
    return min(max(seconds, 0.0), _LONGEST_PAUSE)


def _seconds_until(text: str) -> float:
    moment = parsedate_to_datetime(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return (moment - datetime.now(timezone.utc)).total_seconds()
