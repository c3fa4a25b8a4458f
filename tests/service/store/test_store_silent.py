"""A PostgreSQL server that vanishes without a word, and comes back."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from postgresql import Server
from served import Served, running, settings_in
from wire import Wire

from facecap_service.store import CaptureQuery, Store, StoreError
from facecap_service.store import postgresql as connections
from facecap_service.store.database import Database

CAPTURE = {"mode": "fast", "min_hits": 2, "interval": 1, "max_captures": 0}


@pytest.fixture
def wire(postgresql: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """A wire to an empty database; who waits at its end gives up soon."""
    monkeypatch.setattr(connections.PatientConnection, "patience", 1.0)
    monkeypatch.setattr(connections, "CONNECT_SECONDS", 2)
    postgresql.empty_database()
    one = Wire(str(postgresql.folder / ".s.PGSQL.5432"))
    yield one
    one.close()


def url_over(wire: Wire) -> str:
    return f"postgresql+psycopg://postgres@{wire.address}/postgres"


def captured(service: Served) -> list[str]:
    return [item["id"] for item in service.client.get("/v1/captures").json()["captures"]]


@pytest.mark.parametrize("after", [None, rb"INSERT INTO captures.*COMMIT"], ids=["at once", "at commit"])
def test_a_server_that_goes_silent_is_a_problem_and_what_was_accepted_is_stored_once(
    wire: Wire, start: Callable[..., Served], face: bytes, after: bytes | None
) -> None:
    service = start(url_over(wire), capture=CAPTURE)
    answers = [service.push("door", face, frame_index=index) for index in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3

    wire.silence(after)
    for _ in range(2):
        away = service.push("door", face, frame_index=3)
        assert (away.status_code, away.json()["code"]) == (503, "store_unavailable")
    away = service.client.get("/readyz")
    assert (away.status_code, away.json()["code"]) == (503, "store_unavailable")
    assert service.client.get("/livez").status_code == 200
    assert service.client.get("/v1/captures").json()["code"] == "store_unavailable"

    wire.speak()
    answers += [service.push("door", face, frame_index=index) for index in range(3, 6)]
    assert [answer.status_code for answer in answers] == [200] * 6
    assert service.client.get("/readyz").status_code == 200
    ids = [identity for answer in answers if (identity := answer.headers.get("Facecap-Captures"))]
    assert captured(service) == ids[::-1] and len(ids) == 5


def test_an_idle_connection_whose_server_went_silent_is_found_out_soon(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections.PatientConnection, "patience", 600.0)
    monkeypatch.setattr(connections, "SILENCE_SECONDS", 1.0)
    database = Database(url_over(wire))

    def ask() -> Any:
        with database.reading() as connection:
            return connection.exec_driver_sql("SELECT 1").scalar()

    assert ask() == 1
    wire.silence()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask)
        try:
            with pytest.raises(StoreError, match="failed"):
                asked.result(60)
        finally:
            wire.speak()
    assert ask() == 1
    database.close()


def test_a_service_ends_while_its_server_is_silent(
    tmp_path: Path,
    pipeline: dict[str, Any],
    wire: Wire,
    face: bytes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = {"url": url_over(wire), "folder": tmp_path / "crops"}
    hook = {"url": "http://127.0.0.1:1/", "secret": "whsec_" + "A" * 32}
    settings = settings_in(
        tmp_path,
        store=store,
        pipeline=pipeline,
        capture=CAPTURE,
        server={"drain_seconds": 1},
        webhooks={"guard": hook},
    )
    with running(settings) as service:
        assert service.push("door", face).status_code == 200
        wire.silence()
    assert "other processes take the work over" in caplog.text, "it ends in order"
    assert "Traceback" not in caplog.text


def test_an_end_waits_once_for_a_silent_server_and_says_what_each_camera_loses(
    tmp_path: Path,
    pipeline: dict[str, Any],
    wire: Wire,
    face: bytes,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "SILENCE_SECONDS", 1.0)
    settings = settings_in(
        tmp_path,
        store={"url": url_over(wire), "folder": tmp_path / "crops"},
        pipeline=pipeline,
        capture={"mode": "once", "min_hits": 2},
        cameras={"threads": 1},
        server={"drain_seconds": 1},
    )
    names = [f"door{number}" for number in range(6)]
    with running(settings) as service:
        for name in names:
            assert [service.push(name, face).status_code for _ in range(3)] == [200] * 3
        wire.silence()
        before = wire.connections
    lost = re.findall(r"camera (\w+): 1 captures are lost: the store did not take them in 1 s", caplog.text)
    assert sorted(lost) == names
    assert wire.connections - before < len(names), "nobody waits for the server once for each camera"


def test_an_end_stores_the_captures_of_all_cameras_however_long_that_takes(
    tmp_path: Path, pipeline: dict[str, Any], face: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_in(
        tmp_path,
        pipeline=pipeline,
        capture={"mode": "once", "min_hits": 2},
        cameras={"threads": 1},
        server={"drain_seconds": 0.01},
    )
    names = {f"door{number}" for number in range(4)}
    add = Store.add

    def slow(self: Store, *arguments: Any) -> Any:
        time.sleep(0.05)
        return add(self, *arguments)

    with running(settings) as service:
        for name in names:
            assert [service.push(name, face).status_code for _ in range(3)] == [200] * 3
        monkeypatch.setattr(Store, "add", slow)
    store = Store.open(settings.store.url, settings.store.folder)
    assert {capture.camera for capture in store.captures(CaptureQuery()).captures} == names
    store.close()


def test_a_process_that_ends_does_not_wait_again_for_a_server_that_was_silent(wire: Wire) -> None:
    def ask(database: Database) -> Any:
        with database.reading() as connection:
            return connection.exec_driver_sql("SELECT 1").scalar()

    database = Database(url_over(wire))
    database.ending.begin(0)
    assert ask(database) == 1, "one that answers is asked"
    with pytest.raises(StoreError, match="said nothing"), database.writing() as connection:
        wire.silence()
        connection.exec_driver_sql("SELECT 1")
    wire.speak()
    with pytest.raises(StoreError, match=r"said nothing.*not tried again, as this process ends"):
        ask(database)
    database.close()


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="this system's TCP has no such bound")
def test_tcp_gives_a_lost_host_up(wire: Wire) -> None:
    database = Database(url_over(wire))
    with database.reading() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, connections.PatientConnection)
        with socket.socket(fileno=os.dup(driver.fileno())) as end:
            options = (socket.TCP_USER_TIMEOUT, socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
            assert [end.getsockopt(socket.IPPROTO_TCP, option) for option in options] == [10_000, 10, 5, 2]
            assert end.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    database.close()


def test_a_start_may_take_longer_than_an_answer(wire: Wire) -> None:
    """As where it brings a large database to its version, or waits for another process that does."""
    database = Database(url_over(wire))
    with database.alone(1) as connection:
        connection.exec_driver_sql("SELECT pg_sleep(1.5)")
    with pytest.raises(StoreError, match="said nothing"), database.writing() as connection:
        connection.exec_driver_sql("SELECT pg_sleep(1.5)")
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
    database.close()
