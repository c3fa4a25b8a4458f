"""The errors of the package; they derive from one class."""

from __future__ import annotations


class FacecapError(Exception):
    """The work failed; the text says what was found, what was wanted and what to do."""


class ModelError(FacecapError):
    """A model that cannot be used."""
