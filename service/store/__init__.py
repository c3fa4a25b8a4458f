"""Where captures are kept: SQLite or PostgreSQL, crops as files or there too."""

from .alert_records import Alert, AlertPage, AlertQuery, NewAlert
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
    Today,
    Visit,
    VisitPage,
)
from .store import Store

__all__ = [
    "Alert",
    "AlertPage",
    "AlertQuery",
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
    "NewAlert",
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
    "Today",
    "Visit",
    "VisitPage",
]
