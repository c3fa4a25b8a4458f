"""Who wore a mask, as a report."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from .. import spreadsheet
from ..calendar_steps import Step, midnight
from ..compliance import ANSWERS, Report, Row, TooManyRows, report
from ..problems import Problem, responses
from ..security import require
from ..services import services_of
from ..settings import Site
from ..store import CaptureQuery, Store
from .documents import Document
from .filters import CaptureChoice, Counted, check_range

router = APIRouter(tags=["captures"])
_FIRST_DAY, _LAST_DAY = date(1970, 1, 2), date(9999, 11, 30)
_COLUMNS = ("start", "end", "camera", *ANSWERS, "total", "mask_rate")


class ComplianceChoice(CaptureChoice):
    """What is counted, and how."""

    by: Step = "day"
    """steps of time, in the time zone of the site; weeks begin on Monday"""
    count: Counted = "visits"
    """what is counted"""
    first: date | None = None
    """from this day of the site on, in place of `from`"""
    last: date | None = None
    """to this day of the site, with it, in place of `to`"""
    form: Annotated[Literal["json", "csv"], Field(alias="format")] = "json"
    """of the answer"""

    def query_in(self, zone: ZoneInfo) -> CaptureQuery:
        """As the store takes it, with the days of a zone.

        Raises:
            Problem: as `query`, and where days and moments are given of one end.
        """
        if (self.first and self.time_from) or (self.last and self.time_to):
            detail = "first and from, or last and to, are given both: leave one out"
            raise Problem(422, "invalid_filter", "Two ranges", detail)
        check_range(self.first, self.last, "first and last")
        query = self.query()
        if self.first is not None:
            query = replace(query, time_from=midnight(zone, max(self.first, _FIRST_DAY)))
        if self.last is not None:
            query = replace(query, time_to=midnight(zone, min(self.last, _LAST_DAY) + timedelta(days=1)))
        return query


class ComplianceRow(Document):
    """One camera in one step of time."""

    start: datetime
    """with the offset of the site's clock, as `end`"""
    end: datetime
    camera: str
    mask: int
    no_mask: int
    incorrect: int
    unknown: int
    total: int
    mask_rate: float | None
    """`mask` among the known answers, 0 to 1; null where none is known"""


class ComplianceDocument(Document):
    """A report. Steps of time in which a camera has nothing are left out."""

    site: str
    time_zone: str
    by: Step
    count: Counted
    start: datetime
    end: datetime
    rows: list[ComplianceRow]
    """by time, then camera"""


@router.get(
    "/v1/compliance",
    summary="Who wore a mask, by hour, day or week and by camera",
    response_model=ComplianceDocument,
    responses={
        200: {
            "content": {"text/csv": {}},
            "description": "The report, as JSON or, with format=csv, as a table",
        },
        **responses(401, 403, 422, 429, 503),
    },
    dependencies=[Depends(require("read"))],
)
async def get_compliance(request: Request, wanted: Annotated[ComplianceChoice, Query()]) -> Response:
    """Counts by mask answer in steps of the site's clock: where it is set, a day has 23 or 25 hours and an
    hour that comes twice is two. What `from` and `to` cut of a step is not counted, and its row says so."""
    services = services_of(request)
    try:
        return await run_in_threadpool(_answer, services.store, services.settings.site, wanted)
    except TooManyRows as error:
        longer = {"hour": "by=day", "day": "by=week"}.get(wanted.by)
        advice = "choose a shorter time or one camera" + (f", or {longer}" if longer else "")
        raise Problem(422, "too_many_rows", "The report is too long", f"{error}: {advice}") from None


def _answer(store: Store, site: Site, wanted: ComplianceChoice) -> Response:
    zone = site.zone
    made = report(store, wanted.query_in(zone), wanted.by, zone, of_visits=wanted.count == "visits")
    rows = [_document(row) for row in made.rows]
    if wanted.form == "csv":
        table = [_COLUMNS, *([row[name] for name in _COLUMNS] for row in rows)]
        headers = {"content-disposition": f'attachment; filename="{_name(made, wanted.by)}"'}
        return Response(spreadsheet.lines(table), media_type=spreadsheet.MEDIA_TYPE, headers=headers)
    return JSONResponse(
        {
            "site": site.name,
            "time_zone": zone.key,
            "by": wanted.by,
            "count": wanted.count,
            "start": made.start.isoformat(),
            "end": made.end.isoformat(),
            "rows": rows,
        }
    )


def _document(row: Row) -> dict[str, Any]:
    return {
        "start": row.start.isoformat(),
        "end": row.end.isoformat(),
        "camera": row.camera,
        **row.masks,
        "total": row.total,
        "mask_rate": row.mask_rate,
    }


def _name(made: Report, by: Step) -> str:
    last = made.end - timedelta(microseconds=1)
    return f"compliance-{made.start:%Y-%m-%d}-{last:%Y-%m-%d}-by-{by}.csv"
