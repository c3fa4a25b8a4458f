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

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Scope = Literal["push", "read", "admin"]
_PREFIX = "facecap_"


class ApiKey(BaseModel):
    """A key as the settings have it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    hash: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$", repr=False)]
    scopes: Annotated[frozenset[Scope], Field(min_length=1)]

    def allows(self, scope: Scope) -> bool:
        """Whether the key may do what `scope` says; `admin` may do everything."""
        return scope in self.scopes or "admin" in self.scopes


def new_key(name: str, scopes: Sequence[str]) -> tuple[str, str]:
    """A new secret, and the lines of the settings file that let it in.

    Raises:
        ValueError: the name or a scope is not one.
    """
    secret = _PREFIX + secrets.token_urlsafe(32)
    try:
        key = ApiKey(name=name, hash=_hash(secret), scopes=frozenset(scopes))  # type: ignore[arg-type]
    except ValidationError as error:
        raise ValueError("; ".join(f"{item['loc'][0]}: {item['msg']}" for item in error.errors())) from None
    listed = ", ".join(f'"{scope}"' for scope in sorted(key.scopes))
    return secret, f'[[keys]]\nname = "{key.name}"\nhash = "{key.hash}"\nscopes = [{listed}]'


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
