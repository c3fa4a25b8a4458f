"""Kinds of settings, how each is checked, and how text says those that are no single word."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import httpx
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationInfo
from pydantic_settings import NoDecode

from facecap import Areas

from .schedule import Day, minutes
from .webhooks.signature import key_of


def _parts(value: Any) -> Any:
    """`a, b` as a flag or the environment says a list; JSON is read too."""
    if not isinstance(value, str):
        return value
    return json.loads(value) if value.startswith("[") else [part.strip() for part in value.split(",")]


def _size(value: Any) -> Any:
    """`640x480` as a flag or the environment says it."""
    return value.lower().split("x") if isinstance(value, str) else value


def _http_url(text: str) -> str:
    """An address that is called as it is written.

    Raises:
        ValueError: it is none; the text is not repeated, as it may hold a password.
    """
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        httpx.URL(text)  # who will call it is stricter
    except (ValueError, httpx.InvalidURL):  # its text repeats parts of the address
        usable = False
    if not usable or parts.fragment:
        raise ValueError("wanted http://HOST… or https://HOST…, without a fragment")
    if parts.username is not None:
        raise ValueError("wanted an address without a name and a password")
    return text


def _token(secret: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[!-~]+", secret.get_secret_value()):
        raise ValueError("wanted ASCII letters, digits and signs without spaces: it is sent as a header")
    return secret


def _hours(text: str) -> str:
    minutes(text)
    return text


def _label(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("wanted words without control characters")
    return text.strip()


def _polygons(polygons: Any, field: ValidationInfo) -> Any:
    Areas(**{str(field.field_name): polygons})
    return polygons


def _signing_secret(secret: SecretStr) -> SecretStr:
    key_of(secret.get_secret_value())
    return secret


CAMERA_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
CameraName = Annotated[str, Field(pattern=f"^{CAMERA_NAME}$")]
"""1 to 64 letters, digits, dots, hyphens and underscores; the first a letter or a digit."""
Count = Annotated[int, Field(ge=1)]
Days = Annotated[tuple[Day, ...], NoDecode, BeforeValidator(_parts)]
EventKind = Literal[
    "capture",
    "alert",
    "track.started",
    "track.ended",
    "camera.opened",
    "camera.clock",
    "camera.closed",
    "camera.online",
    "camera.offline",
]
Hours = Annotated[tuple[Annotated[str, AfterValidator(_hours)], ...], NoDecode, BeforeValidator(_parts)]
Label = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_label)]
"""A few words in any script."""
HttpUrl = Annotated[str, AfterValidator(_http_url)]
Limit = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_parts)]
Polygons = Annotated[tuple[tuple[tuple[float, float], ...], ...], AfterValidator(_polygons)]
"""`ignore` or `only` of `facecap.Areas`: corners as shares of a frame's width and height."""
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
SigningSecret = Annotated[SecretStr, AfterValidator(_signing_secret)]
Token = Annotated[SecretStr, AfterValidator(_token)]
Size = Annotated[tuple[Count, Count] | None, NoDecode, BeforeValidator(_size)]


class Section(BaseModel):
    """A table of the file; unknown keys are refused. A field's docstring is its help."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
