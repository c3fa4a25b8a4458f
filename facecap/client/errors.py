"""What goes wrong between a program and the service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from facecap.errors import FacecapError


class ServiceError(FacecapError):
    """The service did not do what it was asked for."""


class Unreachable(ServiceError):
    """No usable answer came although it was tried again; the same request may be made later."""


class Refused(ServiceError):
    """The service will not do this, however often it is asked.

    Args:
        status: HTTP status.
        document: the problem document of the answer; empty where it had none.
    """

    def __init__(self, status: int, document: Mapping[str, Any]) -> None:
        self.status = status
        self.document = dict(document)
        self.code = str(document.get("code", ""))
        """Stable name of the problem, such as `stale_frame`; empty where the answer had none."""
        said = document.get("detail") or document.get("title") or "without saying why"
        super().__init__(f"the service refused ({status} {self.code or 'no code'}): {said}")
