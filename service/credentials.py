"""How a request shows its key: several ways, as cameras differ in what they can send."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from starlette.requests import HTTPConnection

TOKEN = "token"
"""Of the query: for cameras that can be given nothing but an address."""


@dataclass(frozen=True)
class Shown:
    """What came; `secret` is None where it was no key. An address is seen by many: its key may only push."""

    secret: str | None
    in_address: bool = False


def shown_by(connection: HTTPConnection) -> Shown | None:
    """The key of a request: Authorization (Bearer, or Basic with the key as password), X-API-Key, or ?token=.

    The first of these that is there counts alone. None where nothing came.
    """
    headers = connection.headers
    authorization = headers.get("authorization")
    if authorization is not None:
        return Shown(_of_authorization(authorization))
    own = headers.get("x-api-key")
    if own is not None:
        return Shown(own.strip())
    token = connection.query_params.get(TOKEN) if connection.scope["query_string"] else None
    return None if token is None else Shown(token, in_address=True)


def _of_authorization(value: str) -> str | None:
    scheme, _, rest = value.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() != "basic":
        return None
    try:
        pair = base64.b64decode(rest.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return pair.partition(":")[2]
