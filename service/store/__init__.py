"""Where captures are kept: SQLite or PostgreSQL, crops as files."""

from .errors import InvalidCursor, KeyReused, StoreError
from .records import CaptureQuery, Event, Mask, NewCapture, Page, StoredCapture, Swept
from .store import Store

__all__ = [
    "CaptureQuery",
    "Event",
    "InvalidCursor",
    "KeyReused",
    "Mask",
    "NewCapture",
    "Page",
    "Store",
    "StoreError",
    "StoredCapture",
    "Swept",
]
