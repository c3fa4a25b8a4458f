"""Where captures are kept: SQLite or PostgreSQL, crops as files."""

from .errors import InvalidCursor, KeyReused, StoreError
from .records import CaptureQuery, Counted, Event, NewCapture, Page, Removed, Statistics, StoredCapture
from .store import Store

__all__ = [
    "CaptureQuery",
    "Counted",
    "Event",
    "InvalidCursor",
    "KeyReused",
    "NewCapture",
    "Page",
    "Removed",
    "Statistics",
    "Store",
    "StoreError",
    "StoredCapture",
]
