"""Whether the store answers, for those who look often."""

from __future__ import annotations

import asyncio
import logging

from .store import Store, StoreError

_log = logging.getLogger("facecap.service")
_SECONDS = 3.0


class Readiness:
    """Asks the store for a sign of life: nobody waits for it long, and however many ask, one thread does."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._asked: asyncio.Future[bool] | None = None

    async def ready(self) -> bool:
        """Whether the store answers within seconds. Why not is in the log alone."""
        if self._asked is None or self._asked.done():
            # Not one of the threads that requests have: they may all be at a store that hangs.
            self._asked = asyncio.get_running_loop().run_in_executor(None, self._ask)
        try:
            return await asyncio.wait_for(asyncio.shield(self._asked), _SECONDS)
        except asyncio.TimeoutError:
            return False

    def _ask(self) -> bool:
        try:
            self._store.ready()
        except StoreError as error:
            _log.error("the store is not ready: %s", error)
            return False
        return True
