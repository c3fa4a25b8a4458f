"""API keys: 256 random bits that are shown once and kept as a hash.

A plain SHA-256 is enough for a secret that nobody chose: there is nothing to guess. What people choose, a
password, would want a slow hash; `new_key` is the only way to a key.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from .setting_kinds import CameraName

Scope = Literal["push", "read", "admin"]
_PREFIX = "facecap_"


class ApiKey(BaseModel):
    """A key as the settings have it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    hash: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$", repr=False)]
    scopes: Annotated[frozenset[Scope], Field(min_length=1)]
    cameras: Annotated[frozenset[CameraName], Field(min_length=1)] | None = None
    """that the key may push for; all when not given"""

    @model_validator(mode="after")
    def _push_alone(self) -> ApiKey:
        if self.cameras and self.scopes != {"push"}:
            raise ValueError("a key of some cameras may have the scope push alone: captures are read of all")
        return self

    def allows(self, scope: Scope) -> bool:
        """Whether the key may do what `scope` says; `admin` may do everything."""
        return scope in self.scopes or "admin" in self.scopes

    def is_for(self, camera: str | None) -> bool:
        """Whether the key may be used for a camera; None for what is about none."""
        return self.cameras is None or camera in self.cameras


def new_key(name: str, scopes: Sequence[str], cameras: Sequence[str] | None = None) -> tuple[str, str]:
    """A new secret, and the lines of the settings file that let it in.

    Raises:
        ValueError: the name, a scope or a camera is not one, or they do not go together.
    """
    secret = _PREFIX + secrets.token_urlsafe(32)
    given = {"name": name, "hash": _hash(secret), "scopes": scopes, "cameras": cameras}
    try:
        key = ApiKey.model_validate(given)
    except ValidationError as error:
        said = (": ".join([*map(str, item["loc"][:1]), item["msg"]]) for item in error.errors())
        raise ValueError("; ".join(said)) from None
    lines = ["[[keys]]", f'name = "{key.name}"', f'hash = "{key.hash}"', f"scopes = {_listed(key.scopes)}"]
    if key.cameras is not None:
        lines.append(f"cameras = {_listed(key.cameras)}")
    return secret, "\n".join(lines)


def _listed(words: frozenset[str] | frozenset[Scope]) -> str:
    return "[" + ", ".join(f'"{word}"' for word in sorted(words)) + "]"


def find(keys: Sequence[ApiKey], secret: str) -> ApiKey | None:
    """The key that a client showed. Takes as long for a wrong one as for a right one."""
    shown = _hash(secret)
    found = None
    for key in keys:
        if hmac.compare_digest(key.hash, shown):
            found = key
    return found


def _hash(secret: str) -> str:
    return "sha256:" + hashlib.sha256(secret.encode()).hexdigest()
