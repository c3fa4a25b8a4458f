"""How many captures there are, over time."""

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
from .captures import CaptureChoice

router = APIRouter(prefix="/v1/statistics", tags=["captures"])


class MaskCounts(BaseModel):
    """Captures by mask answer."""

    mask: int = 0
    no_mask: int = 0
    incorrect: int = 0
    unknown: int = 0


class Bucket(MaskCounts):
    """Captures of one step of time."""

    start: datetime


class StatisticsDocument(BaseModel):
    """Captures over time."""

    model_config = ConfigDict(use_attribute_docstrings=True, title="Statistics")

    time_from: Annotated[datetime, Field(alias="from")]
    """as asked, or the oldest capture's"""
    time_to: Annotated[datetime, Field(alias="to")]
    """as asked, or now"""
    step: int
    """seconds"""
    buckets: list[Bucket]
    """all that the time touches, in their order, about 60 or fewer"""
    total: MaskCounts
    cameras: dict[str, int]
    """captures by camera, most first, whichever camera was asked for"""


@router.get(
    "",
    summary="How many captures there are, over time",
    responses=responses(401, 403, 422, 429, 503),
    dependencies=[Depends(require("read"))],
)
async def count_captures(request: Request, wanted: Annotated[CaptureChoice, Query()]) -> StatisticsDocument:
    """Captures by mask answer, in all and in round steps of time."""
    counted = await run_in_threadpool(services_of(request).store.statistics, wanted.query())
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
