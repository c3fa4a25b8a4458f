"""Errors as RFC 9457 problem documents with a stable `code`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


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
