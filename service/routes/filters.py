"""Which captures or visits a request is about."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from facecap import MaskAnswer

from ..moments import Moment
from ..problems import Problem
from ..setting_kinds import CameraName
from ..store import CaptureQuery, InvalidCursor
from ..store.ids import CAPTURE_ID

_CHOSEN = {field.name for field in fields(CaptureQuery)}
Counted = Literal["captures", "visits"]
CaptureId = Annotated[str, Field(pattern=f"^{CAPTURE_ID}$")]
Cursor = Annotated[str | None, Field(max_length=100)]
Limit = Annotated[int, Field(ge=1, le=200)]
Quality = Annotated[float, Field(allow_inf_nan=False)]


class Filter(BaseModel):
    """A query that knows no other names: mistyped, it would choose everything."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class VisitChoice(Filter):
    """Which visits; of captures, the same for each."""

    camera: CameraName | None = None
    """of this camera"""
    time_from: Annotated[Moment | None, Field(alias="from")] = None
    """shot at this time or later, RFC 3339; of visits, the first shot"""
    time_to: Annotated[Moment | None, Field(alias="to")] = None
    """shot before this time, RFC 3339; of visits, the first shot"""
    mask: MaskAnswer | None = None
    """with this answer of the classifier; of visits, the one by all shots"""
    min_quality: Quality | None = None
    """of this quality or better; of visits, the best shot"""
    max_quality: Quality | None = None
    """of this quality or worse; of visits, the best shot"""

    def query(self) -> CaptureQuery:
        """As the store takes it.

        Raises:
            Problem: a range ends before it begins.
        """
        check_range(self.time_from, self.time_to, "from and to")
        check_range(self.min_quality, self.max_quality, "min_quality and max_quality")
        return CaptureQuery(**self.model_dump(include=_CHOSEN))

    def said(self) -> dict[str, Any]:
        """As the audit log has it."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, include=_CHOSEN)


class CaptureChoice(VisitChoice):
    """Which captures."""

    visit: CaptureId | None = None
    """of the visit of this id"""


def check_range(low: Any, high: Any, names: str) -> None:
    """Refuse one that ends before it begins.

    Raises:
        Problem: 422 `invalid_filter`.
    """
    if low is not None and high is not None and low > high:
        detail = f"{names} are {low} and {high}: exchange them"
        raise Problem(422, "invalid_filter", "The range is empty", detail)


def invalid_cursor(error: InvalidCursor) -> Problem:
    """422."""
    return Problem(422, "invalid_cursor", "The cursor is not valid", str(error))
