"""What can go wrong with the store."""

from __future__ import annotations

from facecap import FacecapError


class StoreError(FacecapError):
    """The database or the folder of crops cannot be used; what was asked has not been done."""


class KeyReused(FacecapError):
    """An idempotency key came again with other captures than the first time."""


class InvalidCursor(ValueError):
    """A page was asked for by a cursor that this service never issued."""
