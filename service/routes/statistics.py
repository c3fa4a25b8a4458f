"""How many captures or visits there are, over time."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from ..problems import responses
from ..security import require
from ..services import services_of
from ..store import Statistics
from .filters import CaptureChoice, Counted

router = APIRouter(prefix="/v1/statistics", tags=["captures"])


class StatisticsChoice(CaptureChoice):
    """Which captures or visits are counted."""

    count: Counted = "captures"
    """what is counted"""


class MaskCounts(BaseModel):
    """Captures or visits by mask answer."""

    mask: int = 0
    no_mask: int = 0
    incorrect: int = 0
    unknown: int = 0


class Bucket(MaskCounts):
    """Captures or visits of one step of time."""

    start: datetime


class StatisticsDocument(BaseModel):
    """Captures or visits over time."""

    model_config = ConfigDict(use_attribute_docstrings=True, title="Statistics")

    time_from: Annotated[datetime, Field(alias="from")]
    """as asked, or that of the oldest"""
    time_to: Annotated[datetime, Field(alias="to")]
    """as asked, or now"""
    step: int
    """seconds"""
    buckets: list[Bucket]
    """all that the time touches, in their order, about 60 or fewer"""
    total: MaskCounts
    cameras: dict[str, int]
    """how many by camera, most first, whichever camera was asked for"""


@router.get(
    "",
    summary="How many captures or visits there are, over time",
    responses=responses(401, 403, 422, 429, 503),
    dependencies=[Depends(require("read"))],
)
async def count_captures(
    request: Request, wanted: Annotated[StatisticsChoice, Query()]
) -> StatisticsDocument:
    """Captures or visits by mask answer, in all and in round steps of time."""
    store = services_of(request).store
    counted = await run_in_threadpool(store.statistics, wanted.query(), of_visits=wanted.count == "visits")
    return StatisticsDocument.model_validate(_document(counted))


def _document(counted: Statistics) -> dict[str, Any]:
    return {
        "from": counted.time_from,
        "to": counted.time_to,
        "step": counted.step,
        "buckets": [{"start": step.start, **step.masks} for step in counted.steps],
        "total": counted.total,
        "cameras": counted.cameras,
    }
