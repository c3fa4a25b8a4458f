"""All who follow the journal, for as long as the service runs."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from starlette.concurrency import run_in_threadpool

from .alerts.watcher import Watcher
from .follower import Follower
from .mqtt.bridge import Bridge
from .mqtt.now import CameraNow
from .mqtt.retained import Retained
from .mqtt.topics import Topics
from .services import Services
from .store import Store, StoreError
from .webhooks.courier import Courier
from .webhooks.delivery import client

_log = logging.getLogger("facecap.service")


@asynccontextmanager
async def follow_journal(services: Services) -> AsyncIterator[None]:
    """Deliver events until the block ends; what is not taken waits in the journal.

    Raises:
        StoreError: the store failed.
        FacecapError: a setting cannot be used.
    """
    settings, store, broker = services.settings, services.store, services.broker
    installation = await run_in_threadpool(store.installation)
    owner = str(uuid.uuid4())
    async with client() as http:
        services.couriers = [
            Courier(name, hook, store, broker, http, owner, installation, settings.server.public_url)
            for name, hook in settings.webhooks.items()
        ]
        services.bridge = _bridge(services, owner, installation)
        followers: list[Follower] = [*services.couriers]
        if services.bridge is not None:
            followers.append(services.bridge)
        if settings.alerts:
            followers.append(Watcher(settings.alerts, settings.site.zone, store, broker, owner))
        await run_in_threadpool(store.keep_hooks, [follower.place for follower in followers])
        tasks = [asyncio.create_task(follower.run()) for follower in followers]
        try:
            yield
        finally:
            # Attempts that are under way come to their end.
            broker.close()
            await asyncio.gather(*tasks)
            if followers:
                await run_in_threadpool(_release, store, owner)


def _bridge(services: Services, owner: str, installation: str) -> Bridge | None:
    settings, store = services.settings, services.store
    mqtt, public_url = settings.mqtt, settings.server.public_url
    if mqtt.url is None:
        return None

    async def look() -> Sequence[CameraNow]:
        reports = services.camera_reports()
        midnight = datetime.now(settings.site.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        names = [report["name"] for report in reports]
        return CameraNow.all(reports, await run_in_threadpool(store.today, names, midnight))

    topics = Topics(mqtt.prefix, mqtt.discovery_prefix, installation)
    retained = Retained(mqtt, store, topics, look, public_url)
    return Bridge(mqtt, store, services.broker, owner, topics, retained, public_url)


def _release(store: Store, owner: str) -> None:
    try:
        store.release_hooks(owner)
    except StoreError as error:
        _log.warning("other processes take the work over once their leases end: %s", error)
