"""Errors as RFC 9457 problem documents with a stable `code`."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.responses import Response

from . import logs
from .store import StoreError

MEDIA_TYPE = "application/problem+json"
_log = logging.getLogger("facecap.service")
_CODES = {
    400: "invalid_request",
    413: "body_too_large",
    415: "unsupported_media_type",
}


class ProblemDocument(BaseModel):
    """The body of every error, `application/problem+json`."""

    model_config = ConfigDict(extra="allow")

    type: str
    """`urn:facecap:problem:` and the code."""
    title: str
    status: int
    detail: str
    code: str
    """Stable: programs may distinguish problems by it."""


class Problem(Exception):
    """An error that is answered to the client.

    Args:
        status: HTTP status.
        code: stable name, snake_case.
        title: a few words, the same at every occurrence.
        detail: what came, what was wanted and what to do.
        headers: of the answer, such as Retry-After.
        more: further members of the document, plain JSON types.
    """

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = dict(more or {})

    def document(self) -> dict[str, Any]:
        """The members of the problem document."""
        return {
            "type": f"urn:facecap:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            **self.more,
        }

    def plain(self) -> dict[str, Any]:
        """What it is made of, in plain types: `Problem(**plain)` is the same, in another process too."""
        return {
            "status": self.status,
            "code": self.code,
            "title": self.title,
            "detail": self.detail,
            "headers": self.headers,
            "more": self.more,
        }

    def response(self) -> Response:
        """The answer."""
        return Response(json.dumps(self.document()), self.status, headers=self.headers, media_type=MEDIA_TYPE)


def internal_error() -> Problem:
    """Where the service failed; what happened is in the log alone."""
    detail = "The service failed at this; its log says more under the same request id."
    return Problem(500, "internal_error", "Internal error", detail)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route's `responses=` says of the problems that it answers with."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
        }
        for status in statuses
    }


def install(app: FastAPI) -> None:
    """Answer every error of the application with a problem document."""
    seldom = logs.Seldom(_log)

    async def on_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return error.response()

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        phrase = HTTPStatus(error.status_code).phrase
        code = _CODES.get(error.status_code, phrase.lower().replace(" ", "_"))
        return Problem(error.status_code, code, phrase, str(error.detail), error.headers).response()

    async def on_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        errors = [{"where": ".".join(map(str, item["loc"])), "what": item["msg"]} for item in error.errors()]
        detail = "; ".join(f"{item['where']}: {item['what']}" for item in errors)
        more = {"errors": errors}
        return Problem(422, "invalid_request", "The request is not valid", detail, more=more).response()

    async def on_store_error(request: Request, error: Exception) -> Response:
        seldom.error("store", "the store failed: %s", error)
        detail = "the database or the folder of crops does not answer: try again later"
        return Problem(503, "store_unavailable", "The store is away", detail, {"Retry-After": "1"}).response()

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_invalid)

    async def on_failure(request: Request, error: Exception) -> Response:
        return internal_error().response()  # it comes on to `Envelope`, which logs it

    app.add_exception_handler(StoreError, on_store_error)
    app.add_exception_handler(Exception, on_failure)
