"""Who may do what: API keys with scopes and rates."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from fastapi import Request
from starlette.requests import HTTPConnection

from . import keys
from .keys import ApiKey, Scope
from .problems import Problem
from .rate_limit import RateLimit
from .settings import Access


class Guard:
    """Checks the key of every request; without configured keys everybody may do everything."""

    def __init__(self, api_keys: Sequence[ApiKey], access: Access) -> None:
        self._keys = api_keys
        self._limits = {
            key.name: RateLimit(access.requests_per_second, access.burst)
            for key in api_keys
            if access.requests_per_second
        }

    def check(self, authorization: str | None, scope: Scope) -> None:
        """Let a request pass, by its Authorization header.

        Raises:
            Problem: 401 without a known key, 403 without the scope, 429 above the key's rate.
        """
        if not self._keys:
            return
        scheme, _, secret = (authorization or "").partition(" ")
        key = keys.find(self._keys, secret.strip()) if scheme.lower() == "bearer" else None
        if key is None:
            came = "the key is not known" if authorization else "no key came"
            raise Problem(
                401,
                "unauthorized",
                "A key is needed",
                f"{came}: send Authorization: Bearer KEY",
                {"WWW-Authenticate": 'Bearer realm="facecap"'},
            )
        if not key.allows(scope):
            detail = f"the key {key.name} has no scope {scope}: it has {', '.join(sorted(key.scopes))}"
            raise Problem(403, "missing_scope", "The key may not do this", detail)
        limit = self._limits.get(key.name)
        wait = limit.take() if limit else 0
        if wait:
            detail = f"the key {key.name} asks too often: wait {wait} s"
            raise Problem(429, "rate_limited", "Too many requests", detail, {"Retry-After": str(wait)})


def require(scope: Scope) -> Callable[[Request], Awaitable[None]]:
    """A dependency, `dependencies=[Depends(require("read"))]`: the request's key has the scope.

    Raises:
        Problem: as `Guard.check`.
    """

    async def check(request: Request) -> None:
        authorize(request, scope)

    return check


def authorize(connection: HTTPConnection, scope: Scope) -> None:
    """As `require`, for routes without dependencies and for WebSockets."""
    guard: Guard = connection.app.state.services.guard
    guard.check(connection.headers.get("authorization"), scope)
