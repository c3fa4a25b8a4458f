"""Where captures are kept: SQLite or PostgreSQL, crops as files."""

from .errors import CountDiffers, InvalidCursor, KeyReused, PartlyRemoved, StoreError
from .records import (
    AuditEntry,
    AuditPage,
    AuditQuery,
    CaptureQuery,
    Counted,
    Event,
    NewCapture,
    Page,
    Removed,
    Statistics,
    StoredCapture,
    Visit,
    VisitPage,
)
from .store import Store

__all__ = [
    "AuditEntry",
    "AuditPage",
    "AuditQuery",
    "CaptureQuery",
    "CountDiffers",
    "Counted",
    "Event",
    "InvalidCursor",
    "KeyReused",
    "NewCapture",
    "Page",
    "PartlyRemoved",
    "Removed",
    "Statistics",
    "Store",
    "StoreError",
    "StoredCapture",
    "Visit",
    "VisitPage",
]
