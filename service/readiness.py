"""Whether captures can be stored, for those who look often."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from . import logs
from .store import Store, StoreError

_log = logging.getLogger("facecap.service")
_SECONDS = 3.0


class Readiness(Collector):
    """Tries the store out: nobody waits for it long, and however many ask, one thread does."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._asked: asyncio.Future[bool] | None = None
        self._seldom = logs.Seldom(_log)

    async def ready(self) -> bool:
        """Whether a capture could be stored, within seconds. Why not is in the log alone."""
        if self._asked is None or self._asked.done():
            # Not one of the threads that requests have: they may all be at a store that hangs.
            self._asked = asyncio.get_running_loop().run_in_executor(None, self._ask)
        try:
            return await asyncio.wait_for(asyncio.shield(self._asked), _SECONDS)
        except asyncio.TimeoutError:
            return False

    def collect(self) -> Iterable[Metric]:
        """Since when not, as far as is known."""
        text = "Since when captures cannot be stored, in seconds since 1970; 0: they can."
        yield GaugeMetricFamily("facecap_store_failing_since_seconds", text, self._store.failing_since or 0)

    def _ask(self) -> bool:
        try:
            self._store.ready()
        except StoreError as error:
            self._seldom.error("not ready", "captures cannot be stored: %s", error)
            return False
        return True
