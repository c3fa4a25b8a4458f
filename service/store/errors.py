"""What can go wrong with the store."""

from __future__ import annotations

from facecap import FacecapError


class StoreError(FacecapError):
    """The database or the folder of crops cannot be used; what was asked has not been done."""


class PartlyRemoved(StoreError):
    """A removal failed in the midst; what was `removed` stays so.

    Args:
        message: why.
        removed: captures.
    """

    def __init__(self, message: str, removed: int) -> None:
        super().__init__(message)
        self.removed = removed


class CountDiffers(FacecapError):
    """Not so many captures are chosen as were to be removed.

    Args:
        count: how many there are.
    """

    def __init__(self, count: int) -> None:
        super().__init__(f"the filter chooses {count} captures now")
        self.count = count


class KeyReused(FacecapError):
    """An idempotency key came again with other captures than the first time."""


class InvalidCursor(ValueError):
    """A page was asked for by a cursor that this service never issued."""
