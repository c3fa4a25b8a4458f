"""A broker, services that speak to it, and who listens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mosquitto import Listener, Mosquitto, listening
from mqtt_service import Start

from facecap_service.webhooks import delivery


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first pause is a hundredth of what it is."""
    monkeypatch.setattr(delivery, "_FIRST_PAUSE", 0.01)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that runs."""
    found = Mosquitto(tmp_path)
    yield found
    found.kill()


@pytest.fixture
def start(tmp_path: Path, pipeline: dict[str, Any]) -> Iterator[Start]:
    """Starts services, and stops those that run in the end."""
    starting = Start(tmp_path, pipeline)
    yield starting
    starting.stop()


@pytest.fixture
def heard(broker: Mosquitto) -> Iterator[Listener]:
    """Who listens from the beginning."""
    with listening(broker) as listener:
        yield listener
