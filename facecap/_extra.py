"""What each extra brings, and what is said where it is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from facecap.errors import FacecapError

BROUGHT = {
    "train": ("torch", "onnx", "scipy", "matplotlib"),
    "batch": ("pyarrow",),
    "cluster": ("ray",),
    "service": (
        "alembic",
        "fastapi",
        "httptools",
        "httpx",
        "prometheus_client",
        "psycopg",
        "pydantic",
        "pydantic_settings",
        "python_multipart",
        "sqlalchemy",
        "starlette",
        "uvicorn",
        "uvloop",
        "websockets",
    ),
}


@contextmanager
def extra_for(work: str, extra: str = "train") -> Iterator[None]:
    """Around code that needs the extra; `work` is what it does, for the error.

    Raises:
        FacecapError: one of its packages is missing; the text names it and says how to install it.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in BROUGHT[extra]:
            raise
        raise FacecapError(
            f"{work} needs {package}, which is not installed: pip install 'facecap[{extra}]'"
        ) from error
