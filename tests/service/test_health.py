"""Whether the service says that it works, in time and without its secrets."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from served import Served, eventually

from facecap_service.store import StoreError


def test_many_who_ask_a_store_that_hangs_hear_soon_and_take_one_thread(
    service: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging, waiting = threading.Event(), []

    def hang(*_: Any) -> None:
        waiting.append(threading.current_thread())
        assert hanging.wait(60)

    with monkeypatch.context() as patch:
        patch.setattr(type(service.services.store), "ready", hang)
        with ThreadPoolExecutor(20) as pool:
            away = list(pool.map(lambda _: service.client.get("/readyz"), range(60)))
        assert {(answer.status_code, answer.json()["code"]) for answer in away} == {
            (503, "store_unavailable")
        }
        assert len(waiting) == 1
    hanging.set()
    eventually(lambda: service.client.get("/readyz").status_code == 200)


def test_why_the_store_does_not_answer_is_in_the_log_alone(
    service: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(*_: Any) -> None:
        raise StoreError("the folder of crops /srv/hidden is not there")

    monkeypatch.setattr(type(service.services.store), "ready", failing)
    away = service.client.get("/readyz")
    assert (away.status_code, away.json()["code"]) == (503, "store_unavailable")
    assert "hidden" not in away.text and "/srv/hidden is not there" in caplog.text
