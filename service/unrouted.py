"""What a request is told that no route takes: what is there instead."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Scope

from .envelope import answers_head
from .problems import Problem

_LONGEST_PATH = 200


def install(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Answer such requests with a problem document that says what to do; `routes` are all there are."""

    async def on_unrouted(request: Request, error: Exception) -> Response:
        return _problem(request, routes).response()

    app.add_exception_handler(404, on_unrouted)
    app.add_exception_handler(405, on_unrouted)


def _problem(request: Request, routes: Sequence[BaseRoute]) -> Problem:
    """404, 405 or 426."""
    path = request.scope["path"][:_LONGEST_PATH]
    root = request.scope.get("root_path", "")
    if methods := _methods(routes, request.scope):
        detail = f"{request.method} came, {path} takes {', '.join(methods)}: see {root}/docs"
        allow = {"Allow": ", ".join(methods)}
        return Problem(405, "method_not_allowed", "Method Not Allowed", detail, allow)
    if _has(routes, {**request.scope, "type": "websocket"}):
        detail = f"{path} is a WebSocket and no upgrade came: a reverse proxy in between must pass it on"
        upgrade = {"Upgrade": "websocket", "Connection": "Upgrade"}
        return Problem(426, "upgrade_required", "Upgrade Required", detail, upgrade)
    detail = f"nothing is at {path}: {root}/docs lists every call"
    without = request.scope["path"].rstrip("/")
    if without != request.scope["path"] and _has(routes, {**request.scope, "path": without}):
        detail = f"nothing is at {path}: leave out the slash at its end"
    return Problem(404, "not_found", "Not Found", detail)


def _methods(routes: Sequence[BaseRoute], scope: Scope) -> list[str]:
    """Those that a path takes, of all of its routes."""
    found: set[str] = set()
    for route in routes:
        if route.matches(scope)[0] is not Match.NONE:
            found |= getattr(route, "methods", None) or set()
    if "GET" in found and answers_head(scope["path"]):
        found.add("HEAD")
    return sorted(found)


def _has(routes: Sequence[BaseRoute], scope: Scope) -> bool:
    return any(route.matches(scope)[0] is not Match.NONE for route in routes)
