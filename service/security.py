"""Who may do what: API keys with scopes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

from fastapi import Request

Scope = Literal["push", "read", "admin"]


def require(scope: Scope) -> Callable[[Request], Awaitable[None]]:
    """A dependency, `dependencies=[Depends(require("read"))]`: the request's key has the scope.

    Raises:
        Problem: 401 without a key that is known, 403 without the scope, 429 above the key's rate.
    """

    async def check(request: Request) -> None:
        authorize(request, scope)

    return check


def authorize(request: Request, scope: Scope) -> None:
    """As `require`, for routes that do without dependencies."""
