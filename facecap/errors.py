"""The errors of the package, which derive from one class, and words for those of the system."""

from __future__ import annotations


class FacecapError(Exception):
    """The work failed; the text says what was found, what was wanted and what to do."""


def why_not_read(error: OSError | ValueError) -> str:
    """In a few words, why a file of some name cannot be read: no file has a name with a NUL byte, say."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return f"no file has such a name: {error}"


class ModelError(FacecapError):
    """A model that cannot be used."""
