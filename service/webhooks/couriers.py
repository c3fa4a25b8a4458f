"""The couriers of all webhooks, for as long as the service runs."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from starlette.concurrency import run_in_threadpool

from ..broker import Broker
from ..settings import Webhook
from ..store import Store, StoreError
from .courier import Courier
from .delivery import client

_log = logging.getLogger("facecap.service")


@asynccontextmanager
async def run_webhooks(
    store: Store, broker: Broker, hooks: Mapping[str, Webhook], public_url: str | None
) -> AsyncIterator[list[Courier]]:
    """Deliver events to the hooks for as long as the block lasts; what is not taken waits in the journal.

    Raises:
        StoreError: the store failed.
    """
    await run_in_threadpool(store.keep_hooks, list(hooks))
    installation = await run_in_threadpool(store.installation)
    owner = str(uuid.uuid4())
    async with client() as http:
        couriers = [
            Courier(name, hook, store, broker, http, owner, installation, public_url)
            for name, hook in hooks.items()
        ]
        tasks = [asyncio.create_task(courier.run()) for courier in couriers]
        try:
            yield couriers
        finally:
            # Attempts that are under way come to their end.
            broker.close()
            await asyncio.gather(*tasks)
            if couriers:
                await run_in_threadpool(_release, store, owner)


def _release(store: Store, owner: str) -> None:
    try:
        store.release_hooks(owner)
    except StoreError as error:
        _log.warning("other processes take the webhooks over once their leases end: %s", error)
