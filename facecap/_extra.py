"""What the extra `train` brings, and what is said where it is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from facecap.errors import FacecapError

BROUGHT = ("torch", "onnx", "scipy", "matplotlib")


@contextmanager
def extra_for(work: str) -> Iterator[None]:
    """Around code that needs the extra; `work` is what it does, for the error.

    Raises:
        FacecapError: one of its packages is missing; the text names it and says how to install it.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in BROUGHT:
            raise
        raise FacecapError(
            f"{work} needs {package}, which is not installed: pip install 'facecap[train]'"
        ) from error
