"""What surrounds every request: its id, whom it may come from, security headers, count and log line."""

from __future__ import annotations

import ipaddress
import itertools
import logging
import re
import secrets
import time
from collections.abc import Callable, Mapping
from functools import lru_cache

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import logs
from .credentials import shown_by
from .problems import Problem, internal_error
from .refusals import HELD, KEY_REFUSED, Refusals

_log = logging.getLogger("facecap.service.access")
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_PORT = re.compile(r":\d*$")
_READ = frozenset({b"host", b"origin", b"sec-fetch-site", b"x-request-id", b"expect"})
_SECURITY: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
_LONG = ("/v1/events", "/v1/captures/export")
_STREAM_ACCEPTED, _STREAM_REFUSED = 101, 403
"""What the server answers to a handshake where the application says no status."""
_QUIET = frozenset({"/livez", "/readyz", "/metrics"})
Count = Callable[[str, str, int], None]


class Envelope:
    """Outermost ASGI application.

    Args:
        app: what answers.
        hosts: names that the Host header may have, without port; None for any.
        count: called with method, route and status of every answer.
        trouble: why the application did not start, where that is known; said in place of a traceback.
        refusals: hold back answers to clients that are refused again and again.
    """

    def __init__(
        self,
        app: ASGIApp,
        hosts: frozenset[str] | None,
        count: Count,
        trouble: Callable[[], str | None],
        refusals: Refusals,
    ) -> None:
        self._app = app
        self._hosts = hosts
        self._count = count
        self._trouble = trouble
        self._refusals = refusals
        self._prefix = secrets.token_hex(4)
        self._numbers = itertools.count(1)
        self._seldom = logs.Seldom(_log)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
            return
        headers = {name: value for name, value in scope["headers"] if name in _READ}
        identity = self._identity(headers.get(b"x-request-id", b""))
        logs.request_id.set(identity)
        started = time.perf_counter()
        status, answered = 0, False

        async def send_enveloped(message: Message) -> None:
            nonlocal status, answered
            kind = message["type"].removeprefix("websocket.")
            if kind == "http.response.start":
                status = message["status"]
                message["headers"] = _with_security(message.get("headers", ()), identity)
                if status >= 400:
                    await self._before_refusal(scope, status)
                    if b"expect" in headers:
                        # The body may not come any more, and what comes next would be taken for it.
                        message["headers"].append((b"connection", b"close"))
            elif kind == "http.response.body":
                answered = not message.get("more_body", False)
            elif kind == "accept":
                status = _STREAM_ACCEPTED
                message["headers"] = [*message.get("headers", ()), _identified(identity)]
            elif kind == "close" and not status:
                status = _STREAM_REFUSED
                await self._before_refusal(scope, status)
            await send(message)

        asked, scope = scope, _as_get(scope)
        try:
            problem = self._refusal(scope, headers)
            answer = self._app if problem is None else problem.response()
            await answer(scope, receive, send_enveloped)
        except Exception:
            if status and not answered:
                raise  # the answer has begun: uvicorn ends the connection, and logs why
            _log.exception("a request failed")
            if not answered:
                await internal_error().response()(scope, receive, send_enveloped)
        finally:
            # A WebSocket begins with GET.
            self._log_answer(scope, asked.get("method", "GET"), status, time.perf_counter() - started)

    async def _before_refusal(self, scope: Scope, status: int) -> None:
        if status not in HELD:
            return
        if status == 401 and shown_by(HTTPConnection(scope)) is None:
            return  # a camera that sends its password only once it was asked asks so for every frame
        address = (scope.get("client") or ("",))[0]
        # Cameras behind one address have queues of their own; without a key any name could be made up.
        camera = None if status in KEY_REFUSED else scope.get("path_params", {}).get("camera")
        await self._refusals.hold((address, status, _route(scope), camera))

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_trouble(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed" and (trouble := self._trouble()):
                message["message"] = trouble
            await send(message)

        await self._app(scope, receive, send_with_trouble)

    def _identity(self, asked: bytes) -> str:
        if asked and _REQUEST_ID.fullmatch(asked):
            return asked.decode()
        return f"{self._prefix}-{next(self._numbers):x}"

    def _refusal(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Problem | None:
        """Why a request is refused that some other site may have made a browser send."""
        if self._hosts is not None and _name(headers.get(b"host", b"")) not in self._hosts:
            detail = "the Host header has a name that is not served here: see the setting server.hosts"
            return Problem(421, "unknown_host", "This host is not served here", detail)
        foreign = headers.get(b"sec-fetch-site") in (b"cross-site", b"same-site")
        origin = headers.get(b"origin")
        if scope["type"] == "websocket" and origin is not None:  # not every browser says Sec-Fetch-Site here
            foreign |= origin.partition(b"://")[2].lower() != headers.get(b"host", b"").lower()
        if foreign and (scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD")):
            detail = "a page of another site sent this: only programs and pages of this service may"
            return Problem(403, "cross_site", "Another site sent this", detail)
        return None

    def _log_answer(self, scope: Scope, method: str, status: int, seconds: float) -> None:
        route = _route(scope)
        self._count(method if route != "(none)" else "(any)", route, status)
        is_frame = route.endswith("/frames")
        level = logging.DEBUG if status == 200 and (is_frame or route in _QUIET) else logging.INFO
        if not _log.isEnabledFor(level):
            return
        more = {
            "method": method,
            "path": scope["path"],
            "status": status,
            "milliseconds": round(seconds * 1000, 2),
            "client": (scope.get("client") or ("",))[0],
        }
        is_repeated = (is_frame and status != 200) or (route.endswith("/stream") and status >= 400)
        if is_repeated:
            # A camera comes again at once: the log says it once a minute, the figures count.
            self._seldom.log(level, (route, status), "request", **more)
        else:
            _log.log(level, "request", extra=more)


def _route(scope: Scope) -> str:
    """The path of the route that was found, with names in place of what they stand for."""
    return getattr(scope.get("route"), "path", "(none)")


def _as_get(scope: Scope) -> Scope:
    """HEAD is answered as GET: uvicorn, which has the request as it came, leaves the body out.

    Not of what is long, or has no end.
    """
    if scope["type"] != "http" or scope["method"] != "HEAD" or not answers_head(scope["path"]):
        return scope
    return {**scope, "method": "GET"}


def answers_head(path: str) -> bool:
    """Whether HEAD is answered where GET is."""
    return not path.endswith(_LONG)


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def allowed_hosts(configured: tuple[str, ...], host: str, unguarded: bool) -> frozenset[str] | None:
    """The names that the Host header may have; None for any.

    `unguarded`: a service without keys, for this machine alone. A page of another site must not reach it by a
    name of its own that leads here.
    """
    if configured:
        return (
            frozenset(name.lower() for name in configured) | _LOOPBACK_NAMES
        )  # health checks of this machine
    return _LOOPBACK_NAMES | {host} if unguarded else None


@lru_cache(64)  # most requests come to the same
def _name(host: bytes) -> str:
    return _PORT.sub("", host.decode("latin-1")).lower()


def _with_security(
    headers: list[tuple[bytes, bytes]] | tuple[()], identity: str
) -> list[tuple[bytes, bytes]]:
    """The headers, with those that a route did not set itself."""
    present = {name.lower() for name, _ in headers}
    added = [header for header in _SECURITY if header[0] not in present]
    return [*headers, *added, _identified(identity)]


def _identified(identity: str) -> tuple[bytes, bytes]:
    return b"x-request-id", identity.encode()
