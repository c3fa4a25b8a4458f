"""Whether the service can do its work, for those who look often."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from . import logs
from .cluster.health import Health
from .problems import Problem
from .store import Store, StoreError

_log = logging.getLogger("facecap.service")
_SECONDS = 3.0


class Readiness(Collector):
    """Tries the store out: nobody waits for it long, and however many ask, one thread does.

    Args:
        store: takes captures.
        cluster: that cameras are at work on; None: they are in this process.
    """

    def __init__(self, store: Store, cluster: Health | None) -> None:
        self._store = store
        self._cluster = cluster
        self._asked: asyncio.Future[bool] | None = None
        self._seldom = logs.Seldom(_log)

    async def problem(self) -> Problem | None:
        """What keeps the service from its work, 503, within seconds; more of it is in the log alone."""
        if self._cluster is not None and self._cluster.is_lost:
            detail = "the Ray cluster that the cameras are at work on cannot be looked at: the log says why"
            return Problem(503, "cluster_unavailable", "The cluster is lost", detail)
        if not await self.can_store():
            detail = "captures cannot be stored: the database or the folder of crops fails; the log says why"
            return Problem(503, "store_unavailable", "Captures cannot be stored", detail)
        return None

    async def can_store(self) -> bool:
        """Whether a capture could be stored, within seconds. Why not is in the log alone."""
        if self._asked is None or self._asked.done():
            # Not one of the threads that requests have: they may all be at a store that hangs.
            self._asked = asyncio.get_running_loop().run_in_executor(None, self._ask)
        try:
            return await asyncio.wait_for(asyncio.shield(self._asked), _SECONDS)
        except asyncio.TimeoutError:
            return False

    def collect(self) -> Iterable[Metric]:
        """Since when no capture could be stored, as far as is known."""
        text = "Since when captures cannot be stored, in seconds since 1970; 0: they can."
        yield GaugeMetricFamily("facecap_store_failing_since_seconds", text, self._store.failing_since or 0)

    def _ask(self) -> bool:
        try:
            self._store.ready()
        except StoreError as error:
            self._seldom.error("not ready", "captures cannot be stored: %s", error)
            return False
        return True
