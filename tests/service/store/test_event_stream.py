"""Server-sent events, from running services to clients that come, go and dawdle."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib.resources import files
from typing import Any

import httpx
import pytest
from pushing import push
from served import Served, eventually

from facecap_service.settings import Events
from facecap_service.store import journal

Event = tuple[int, str, dict[str, Any]]


class Stream:
    """What a client reads."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.blocks = self._read()
        self.last_id: str | None = None
        self.comments = 0

    def take(self, count: int) -> list[Event]:
        """The next so many events."""
        return [next(self.blocks) for _ in range(count)]

    def _read(self) -> Iterator[Event]:
        fields: dict[str, str] = {}
        for line in self.response.iter_lines():
            if line.startswith(":"):
                self.comments += 1
            elif line:
                name, _, value = line.partition(": ")
                fields[name] = value
            else:
                self.last_id = fields.get("id", self.last_id)
                if "data" in fields:
                    yield int(fields["id"]), fields["event"], json.loads(fields["data"])
                fields = {}


@contextmanager
def follow(service: Served, after: int | str | None = None, /, **query: Any) -> Iterator[Stream]:
    headers = {} if after is None else {"last-event-id": str(after)}
    with service.client.stream("GET", "/v1/events", params=query, headers=headers) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"
        yield Stream(response)


def followers(service: Served, count: int) -> None:
    eventually(lambda: service.services.broker.followers == count)


def test_capture_is_sent_as_it_is_listed(service: Served) -> None:
    with follow(service) as stream:
        followers(service, 1)
        identity = push(service, timestamp="2026-01-31T12:00:00Z")
        [(_, kind, data)] = stream.take(1)
    assert kind == "capture" and data == service.client.get(f"/v1/captures/{identity}").json()


def test_client_that_was_away_misses_nothing(service: Served) -> None:
    with follow(service) as stream:
        followers(service, 1)
        first = push(service)
        [(position, _, data)] = stream.take(1)
        assert data["id"] == first
    away = [push(service) for _ in range(5)]
    with follow(service, position) as stream:
        assert [data["id"] for _, _, data in stream.take(5)] == away
        later = push(service)
        assert stream.take(1)[0][2]["id"] == later
    with follow(service, last_event_id=position + 4) as stream:
        assert stream.take(2)[0][2]["id"] == away[-1]


def test_client_that_left_before_the_first_event_misses_nothing(service: Served) -> None:
    push(service)
    with follow(service) as stream:
        lines = stream.response.iter_lines()
        fields = dict(line.split(": ") for line in iter(lambda: next(lines), ""))
    missed = push(service)
    with follow(service, fields["id"]) as stream:
        assert stream.take(1)[0][2]["id"] == missed


def test_query_says_where_to_begin_and_the_header_wins(service: Served) -> None:
    before = service.services.store.last_event_id()
    pushed = [push(service) for _ in range(3)]
    with service.client.stream("GET", f"/v1/events?last_event_id={before}") as response:
        assert [data["id"] for _, _, data in Stream(response).take(3)] == pushed
    with follow(service, before + 2, last_event_id=before) as stream:
        assert stream.take(1)[0][2]["id"] == pushed[2]


def test_zero_begins_with_all_that_is_kept(start: Callable[..., Served]) -> None:
    service = start()
    pushed = [push(service) for _ in range(3)]
    with follow(service, 0) as stream:
        assert [data["id"] for _, _, data in stream.take(3)] == pushed
    # So does an id that this database never sent.
    with follow(service, 5000) as stream:
        assert [data["id"] for _, _, data in stream.take(3)] == pushed


def test_stream_of_one_camera_has_no_other(service: Served) -> None:
    with follow(service, camera="door") as stream:
        followers(service, 1)
        push(service, "gate")
        service.services.store.event("track.started", "gate", {"track_id": 1})
        push(service, "door")
        service.services.store.event("track.started", "door", {"track_id": 7})
        (_, kind, data), (last, second, track) = stream.take(2)
        assert (kind, data["camera"]) == ("capture", "door")
        assert second == "track.started" and track["camera"] == "door" and track["track_id"] == 7
        push(service, "gate")
        # Where to go on moves with what is not sent, so that nothing is looked through twice.
        next_block = push(service, "door")
        assert stream.take(1)[0][2]["id"] == next_block
        assert int(stream.last_id or 0) == last + 2


@pytest.mark.parametrize("wanted", ["-1", "1.5", "x", "9" * 30, "", "\u0661"])
def test_id_that_makes_no_sense_is_named(service: Served, wanted: str) -> None:
    answer = service.client.get("/v1/events", params={"last_event_id": wanted})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_last_event_id")


def test_idle_stream_is_kept_alive(start: Callable[..., Served]) -> None:
    service = start(events={"keep_alive_seconds": 0.05})
    with follow(service) as stream:
        lines = stream.response.iter_lines()
        comments = 0
        while comments < 3:
            comments += next(lines).startswith(":")


def test_page_takes_no_stream_for_dead_whose_service_sends_as_rarely_as_it_may() -> None:
    rarest = 30.0
    assert Events(keep_alive_seconds=rarest)
    with pytest.raises(ValueError, match="less than or equal to 30"):
        Events(keep_alive_seconds=rarest + 1)
    script = (files("facecap_service.page") / "assets" / "stream.js").read_text()
    silence = re.search(r"SILENCE = (\d+);", script)
    assert silence and int(silence[1]) / 1000 >= 1.5 * rarest


def test_client_that_does_not_read_blocks_nobody_and_loses_nothing(service: Served) -> None:
    store = service.services.store
    host, port = service.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as slow:
        slow.sendall(b"GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        followers(service, 1)
        with follow(service) as quick:
            followers(service, 2)
            row = {"kind": "track.started", "camera": "door", "time": 0, "data": {"padding": "x" * 10_000}}
            with store._database.writing() as connection:
                last = journal.append(connection, [row] * 1500)
            noted = list(range(last - 1499, last + 1))
            assert [identity for identity, _, _ in quick.take(1500)] == noted
        # More than sockets and the recent events in memory hold: the rest comes from the database.
        slow.settimeout(60)
        read = b""
        while f"id: {noted[-1]}\n".encode() not in read[-30_000:]:
            part = slow.recv(1 << 20)
            assert part
            read += part
    sent = [int(line[4:]) for line in read.split(b"\n") if line.startswith(b"id: ")]
    assert sent[-1500:] == noted
    followers(service, 0)


def test_too_many_streams_are_refused(start: Callable[..., Served]) -> None:
    service = start(events={"max_streams": 2})
    with follow(service), follow(service):
        followers(service, 2)
        answer = service.client.get("/v1/events")
        assert (answer.status_code, answer.json()["code"]) == (503, "too_many_streams")
        assert int(answer.headers["retry-after"]) > 0
    followers(service, 0)
    with follow(service):
        pass


def test_events_of_another_process_are_sent(start: Callable[..., Served], url: str) -> None:
    one, other = start(url), start(url)
    with follow(one) as stream:
        followers(one, 1)
        pushed = [push((one, other)[n % 2]) for n in range(10)]
        assert [data["id"] for _, _, data in stream.take(10)] == pushed
    with follow(other, 0) as stream:
        assert [data["id"] for _, _, data in stream.take(10)] == pushed


def test_streams_end_whole_when_the_service_stops(start: Callable[..., Served]) -> None:
    service = start()
    with service.client.stream("GET", "/v1/events") as response:
        followers(service, 1)
        identity = push(service)
        service.server.should_exit = True
        text = "".join(response.iter_text())  # a connection that breaks off raises here
    assert identity in text and text.endswith("\n\n")


def test_client_whose_news_were_all_deleted_waits_for_others(service: Served) -> None:
    store = service.services.store
    before = store.last_event_id()
    gone = push(service)
    eventually(lambda: service.services.broker.position > before)
    service.client.delete(f"/v1/captures/{gone}")
    with follow(service, before) as stream:
        followers(service, 1)
        identity = push(service)
        assert stream.take(1)[0][2]["id"] == identity
        assert stream.comments == 0


def test_deleted_capture_is_sent_to_nobody_who_comes_later(service: Served) -> None:
    before = service.services.store.last_event_id()
    gone, kept = push(service), push(service)
    eventually(lambda: service.services.broker.position == before + 2)
    assert service.client.delete(f"/v1/captures/{gone}").status_code == 204
    with follow(service, before) as stream:
        assert stream.take(1)[0][2]["id"] == kept


def test_removed_capture_is_sent_to_nobody_who_comes_later(service: Served) -> None:
    store = service.services.store
    before = store.last_event_id()
    push(service)
    eventually(lambda: service.services.broker.position > before)
    assert store.remove_old(timedelta(seconds=-1)).captures == 1
    with follow(service, before) as stream:
        followers(service, 1)
        later = push(service)
        assert stream.take(1)[0][2]["id"] == later


def test_capture_that_another_process_deleted_is_soon_sent_to_nobody(
    start: Callable[..., Served], url: str
) -> None:
    one, other = start(url), start(url)
    gone, kept = push(one), push(one)
    eventually(lambda: one.services.broker.position == one.services.store.last_event_id())
    assert other.client.delete(f"/v1/captures/{gone}").status_code == 204

    def first_sent() -> Any:
        with follow(one, 0) as stream:
            return stream.take(1)[0][2]["id"]

    eventually(lambda: first_sent() == kept)


def test_capture_deleted_while_its_event_is_read_is_sent_to_nobody(
    service: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = service.services.store
    reading, go_on = threading.Event(), threading.Event()
    events_after = store.events_after

    def slow(position: int | None, limit: int) -> Any:
        events = events_after(position, limit)
        if events and not reading.is_set():
            reading.set()
            assert go_on.wait(30)
        return events

    with follow(service) as stream:
        followers(service, 1)
        monkeypatch.setattr(store, "events_after", slow)
        gone = push(service)
        assert reading.wait(30), "the broker has the event in hand"
        assert service.client.delete(f"/v1/captures/{gone}").status_code == 204
        go_on.set()
        kept = push(service)
        assert stream.take(1)[0][2]["id"] == kept
