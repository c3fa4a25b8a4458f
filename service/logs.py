"""Logs: a JSON object a line on standard error, without pictures, keys and queries of addresses."""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from collections.abc import Hashable
from contextvars import ContextVar
from datetime import datetime, timezone
from typing import Any

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Of the request that is being answered."""
_SELDOM_SECONDS = 60.0
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message", "taskName"}


class JsonFormatter(logging.Formatter):
    """`time`, `level`, `logger`, `message`, `request_id`, what the record was given as `extra`, `error`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        moment = datetime.fromtimestamp(record.created, timezone.utc)
        line: dict[str, Any] = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        identity = request_id.get()
        if identity is not None:
            line["request_id"] = identity
        line.update(
            (key, value) for key, value in vars(record).items() if key not in _STANDARD and key[0] != "_"
        )
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class Seldom:
    """Logs what happens again and again once a minute, with how often it `happened` since the last line."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._logged: dict[Any, tuple[float, int]] = {}
        self._counting = threading.Lock()

    def error(self, about: Hashable, message: str, *args: Any) -> None:
        """Log an error; `about`: what is the same at every occurrence, out of few."""
        self.log(logging.ERROR, about, message, *args)

    def log(self, level: int, about: Hashable, message: str, *args: Any, **more: Any) -> None:
        """As `error`, of a level; `more`: further members of the line."""
        if not self._logger.isEnabledFor(level):
            return
        now = time.monotonic()
        with self._counting:
            last, count = self._logged.get(about, (-_SELDOM_SECONDS, 0))
            due = now - last >= _SELDOM_SECONDS
            self._logged[about] = (now, 0) if due else (last, count + 1)
        if due:
            self._logger.log(level, message, *args, extra={**more, "happened": count + 1} if count else more)


def install(level: str) -> None:
    """Send everything that is logged to standard error in this form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("facecap").setLevel(level.upper())
