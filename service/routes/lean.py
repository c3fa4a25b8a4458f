"""Routes that FastAPI documents and does not serve: every frame of every camera comes this way."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from ..problems import Problem


class LeanRoute(APIRoute):
    """`endpoint(request)` alone; `openapi_extra` and `responses` say what it takes and answers."""

    endpoint: Callable[[Request], Coroutine[Any, Any, Response]]


class LeanRoutes:
    """Serves lean routes, without FastAPI's dependencies, and hands on all else.

    Args:
        owner: the application that requests find as theirs.
        app: serves all else, such as a wrong method.
        routes: those of a router.
    """

    def __init__(self, owner: FastAPI, app: ASGIApp, routes: Sequence[BaseRoute]) -> None:
        self._owner = owner
        self._app = app
        self._routes = [route for route in routes if isinstance(route, LeanRoute)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            for route in self._routes:
                if scope["method"] not in (route.methods or ()):
                    continue
                match, found = route.matches(scope)
                if match is Match.FULL:
                    scope.update(found, app=self._owner)
                    await self._serve(route, scope, receive, send)
                    return
        await self._app(scope, receive, send)

    async def _serve(self, route: LeanRoute, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await route.endpoint(Request(scope, receive))
        except Problem as problem:
            response = problem.response()
        await response(scope, receive, send)
