"""Where captures are kept: SQLite or PostgreSQL, crops as files."""

from .camera_table import CameraTable, RememberedCamera, Sighting
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
    "CameraTable",
    "CaptureQuery",
    "CountDiffers",
    "Counted",
    "Event",
    "InvalidCursor",
    "KeyReused",
    "NewCapture",
    "Page",
    "PartlyRemoved",
    "RememberedCamera",
    "Removed",
    "Sighting",
    "Statistics",
    "Store",
    "StoreError",
    "StoredCapture",
    "Visit",
    "VisitPage",
]
