"""Who may do what: API keys with scopes and rates."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import get_args

from fastapi import Request
from starlette.requests import HTTPConnection

from . import keys
from .credentials import Shown, shown_by
from .keys import ApiKey, Scope
from .problems import Problem
from .rate_limit import RateLimit
from .settings import Access

ANYBODY = "anybody"
_WHO = "facecap.who"


class Guard:
    """Checks the key of every request; without configured keys everybody may do everything."""

    def __init__(self, api_keys: Sequence[ApiKey], access: Access) -> None:
        self._keys = api_keys
        self._limits = {
            key.name: RateLimit(access.requests_per_second, access.burst)
            for key in api_keys
            if access.requests_per_second
        }

    def check(self, connection: HTTPConnection, scope: Scope) -> str:
        """Let a request pass, about the camera of its path where that names one.

        Returns:
            Who it is: the name of the key, or `anybody` where there are no keys.

        Raises:
            Problem: 401 without a known key, 403 without the scope or for another camera, 429 above the key's
                rate.
        """
        if not self._keys:
            return ANYBODY
        shown, camera = shown_by(connection), connection.path_params.get("camera")
        key = None if shown is None or shown.secret is None else keys.find(self._keys, shown.secret)
        if shown is None or key is None:
            raise _unauthorized(shown, scope)
        if shown.in_address and scope != "push":
            detail = f"a key in the address may only push: send it as a header to {scope}"
            raise Problem(403, "missing_scope", "The key may not do this", detail)
        if not key.allows(scope):
            detail = f"the key {key.name} has no scope {scope}: it has {', '.join(sorted(key.scopes))}"
            raise Problem(403, "missing_scope", "The key may not do this", detail)
        if not key.is_for(camera):
            detail = f"the key {key.name} is for the cameras {', '.join(sorted(key.cameras or ()))} alone"
            raise Problem(403, "other_camera", "The key is of another camera", detail)
        limit = self._limits.get(key.name)
        wait = limit.take() if limit else 0
        if wait:
            detail = f"the key {key.name} asks too often: wait {wait} s"
            raise Problem(429, "rate_limited", "Too many requests", detail, {"Retry-After": str(wait)})
        return key.name

    def scopes(self, name: str) -> list[Scope]:
        """What the key of a name may do, `admin` everything; anybody, where there are no keys, too."""
        key = next((key for key in self._keys if key.name == name), None)
        return [scope for scope in get_args(Scope) if key is None or key.allows(scope)]


def _unauthorized(shown: Shown | None, scope: Scope) -> Problem:
    """Many cameras send a password only once they were asked for it; a browser would ask its user."""
    if shown is None:
        came = "no key came"
    elif shown.secret is None:
        came = "Authorization came without a key that can be read"
    else:
        came = "the key is not known" if shown.secret else "the key that came is empty"
    challenge = 'Bearer realm="facecap"'
    if scope == "push":
        challenge = f'Basic realm="facecap", {challenge}'
    detail = f"{came}: send Authorization: Bearer KEY, X-API-Key: KEY, or KEY as the password of HTTP Basic"
    return Problem(401, "unauthorized", "A key is needed", detail, {"WWW-Authenticate": challenge})


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
    connection.scope[_WHO] = guard.check(connection, scope)


def who(request: Request) -> str:
    """Who makes a request that was let in: the name of its key, or `anybody`."""
    name: str = request.scope[_WHO]
    return name
