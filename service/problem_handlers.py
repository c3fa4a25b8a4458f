"""Every error of the application, whatever it is, as a problem document."""

from __future__ import annotations

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from . import logs
from .problems import Problem, internal_error
from .store import StoreError

_log = logging.getLogger("facecap.service")
_CODES = {
    400: "invalid_request",
    413: "body_too_large",
    415: "unsupported_media_type",
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
