"""Requests inside of requests: what a proxy takes for a body must never be answered as a request."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from nginx import PREFIX, Nginx, nginx
from raw import read_answer
from served import Served, running, settings_in
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

HIDDEN = b"GET /v1/captures?limit=1 HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Request-ID: hidden\r\n\r\n"
PIECES = ["whole", "head first", "byte by byte"]
_LENGTH = b"Content-Length: %d\r\n" % len(HIDDEN)
_CHUNKED = b"Transfer-Encoding: chunked\r\n"
_CHUNKS = b"%x\r\n%b\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN)
_H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
HANDSHAKE = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)

SMUGGLING: dict[str, tuple[bytes, bytes]] = {
    "h2c": (_H2C + _LENGTH, HIDDEN),
    "h2c with chunks": (_H2C + _CHUNKED, _CHUNKS),
    "h2c and close": (b"Connection: close, Upgrade\r\nUpgrade: h2c\r\n" + _LENGTH, HIDDEN),
    "h2c, two Connection headers": (
        b"Connection: Upgrade\r\nConnection: keep-alive\r\nUpgrade: h2c\r\n" + _LENGTH,
        HIDDEN,
    ),
    "WebSocket that is none": (b"Connection: Upgrade\r\nUpgrade: websocket\r\n" + _LENGTH, HIDDEN),
    "WebSocket, two Connection headers": (
        b"Connection: Upgrade\r\nConnection: keep-alive\r\nUpgrade: websocket\r\n" + _LENGTH,
        HIDDEN,
    ),
    "WebSocket among others": (b"Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n" + _LENGTH, HIDDEN),
    "unknown upgrade": (b"Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n" + _LENGTH, HIDDEN),
    "empty upgrade": (b"Connection: Upgrade\r\nUpgrade:\r\n" + _LENGTH, HIDDEN),
    "plain body": (_LENGTH, HIDDEN),
    "plain chunks": (_CHUNKED, _CHUNKS),
    "chunk extension": (_CHUNKED, b"%x;a=b\r\n%b\r\n0;c\r\n\r\n" % (len(HIDDEN), HIDDEN)),
    "chunk extension with a bare LF": (_CHUNKED, b"2;a\nxx\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN)),
    "long chunk extension": (_CHUNKED, b"%x;%b\r\n%b\r\n0\r\n\r\n" % (len(HIDDEN), b"a" * 9000, HIDDEN)),
    "trailer": (_CHUNKED, b"0\r\nX: " + HIDDEN),
    "both lengths, chunks last": (b"Content-Length: 5\r\n" + _CHUNKED, b"0\r\n\r\n" + HIDDEN),
    "both lengths, chunks first": (_CHUNKED + _LENGTH, b"0\r\n\r\n" + HIDDEN),
    "two lengths": (b"Content-Length: 0\r\n" + _LENGTH, HIDDEN),
    "list of lengths": (b"Content-Length: 0, %d\r\n" % len(HIDDEN), HIDDEN),
    "signed length": (b"Content-Length: +%d\r\n" % len(HIDDEN), HIDDEN),
    "length before a space": (b"Content-Length : %d\r\n" % len(HIDDEN), HIDDEN),
    "no length": (b"Content-Length:\r\n" + _LENGTH, HIDDEN),
    "unknown coding": (b"Transfer-Encoding: xchunked\r\n" + _LENGTH, HIDDEN),
    "chunked twice": (_CHUNKED + _CHUNKED, b"0\r\n\r\n" + HIDDEN),
    "identity": (b"Transfer-Encoding: identity\r\n" + _LENGTH, HIDDEN),
    "bare LF": (b"X: x\n" + _LENGTH, HIDDEN),
    "bare LF before the length": (b"X: x\nContent-Length: 0\r\n" + _LENGTH, HIDDEN),
    "bare CR": (b"X: x\rContent-Length: 0\r\n" + _LENGTH, HIDDEN),
    "folded line": (b"X: x\r\n Content-Length: 0\r\n" + _LENGTH, HIDDEN),
    "folded coding": (b"Transfer-Encoding:\r\n chunked\r\n" + _LENGTH, b"0\r\n\r\n" + HIDDEN),
    "NUL": (b"X: \x00\r\n" + _LENGTH, HIDDEN),
}


def head(path: str, lines: bytes, method: str = "POST") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n".encode() + lines + b"\r\n"


def exchange(address: tuple[str, int], pieces: str, first: bytes, body: bytes) -> bytes:
    """All that a server says to a request, sent in pieces, and to an orderly one after it that closes."""
    last = head("/livez", b"Connection: close\r\nX-Request-ID: last\r\n", "GET")
    parts = {
        "whole": [first + body],
        "head first": [first, body],
        "byte by byte": [bytes([byte]) for byte in first + body[:200]] + [body[200:]],
    }[pieces]
    read = b""
    with socket.create_connection(address, timeout=30) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for part in parts:
                client.sendall(part)
                if pieces == "head first":
                    time.sleep(0.05)  # so that it is read by itself
            client.sendall(last)
            while part := client.recv(1 << 16):
                read += part
        except (BrokenPipeError, ConnectionResetError):
            pass
    return read


def host_and_port(service: Served) -> tuple[str, int]:
    host, port = service.address.removeprefix("http://").split(":")
    return host, int(port)


def captures_asked(service: Served) -> list[str]:
    """How often captures were asked for, in the service's own figures."""
    return re.findall(
        r'facecap_http_requests_total{.*?route="/v1/captures".*', service.client.get("/metrics").text
    )


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, pipeline: dict[str, Any]) -> Iterator[Served]:
    """A service behind `/faces`, for all tests."""
    server = {"root_path": PREFIX, "trusted_proxies": ["127.0.0.1"]}
    with running(settings_in(tmp_path_factory.mktemp("served"), pipeline=pipeline, server=server)) as served:
        yield served


@pytest.fixture(scope="module")
def proxy(kept: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """nginx before it, which lets nobody at captures."""
    folder = tmp_path_factory.mktemp("nginx")
    with nginx(kept, folder, "location /faces/v1/captures { return 403; }") as server:
        yield server


@pytest.mark.parametrize("pieces", PIECES)
@pytest.mark.parametrize("name", SMUGGLING)
def test_a_body_is_not_answered_as_a_request(kept: Served, name: str, pieces: str) -> None:
    lines, body = SMUGGLING[name]
    before = captures_asked(kept)
    answers = exchange(host_and_port(kept), pieces, head("/v1/cameras/door/flush", lines), body)
    assert b"hidden" not in answers and captures_asked(kept) == before, answers
    assert answers.count(b"HTTP/1.1 ") <= 2


@pytest.mark.parametrize("path", ["/v1/cameras/door/stream", "/v1/captures", "/nothing"])
@pytest.mark.parametrize("pieces", PIECES)
def test_nothing_is_answered_after_a_websocket_was_asked_for(kept: Served, path: str, pieces: str) -> None:
    before = captures_asked(kept)
    answers = exchange(host_and_port(kept), pieces, head(path, HANDSHAKE, "GET"), HIDDEN)
    assert b"hidden" not in answers and captures_asked(kept) == before, answers
    assert answers.count(b"HTTP/1.1 ") <= 1  # none where the connection was reset before it was read


def test_nothing_is_answered_after_a_tunnel_was_asked_for(kept: Served) -> None:
    answers = exchange(host_and_port(kept), "whole", head("127.0.0.1:80", b"", "CONNECT"), HIDDEN)
    assert answers[:12] in (b"HTTP/1.1 400", b"") and answers.count(b"HTTP/1.1 ") <= 1


def test_a_stream_that_is_asked_for_behind_a_request_is_refused(kept: Served) -> None:
    stream = head("/v1/cameras/door/stream", HANDSHAKE, "GET")
    answers = exchange(host_and_port(kept), "whole", head("/v1/captures", b"", "GET") + stream, b"")
    assert b"101 Switching" not in answers


# As Java's HttpClient and curl --http2 ask, each without being asked to use anything but HTTP.
CLIENTS = {
    "Java": b"Connection: Upgrade, HTTP2-Settings\r\nContent-Length: %d\r\n"
    b"HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\nUpgrade: h2c\r\n",
    "curl": b"Accept: */*\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
    b"HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\nContent-Length: %d\r\nContent-Type: image/jpeg\r\n",
}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("way", ["alone", "nginx"])
def test_a_frame_of_a_client_that_offers_http2_is_taken(
    kept: Served, proxy: Nginx, face: bytes, client: str, way: str
) -> None:
    address, prefix = (proxy.address, PREFIX) if way == "nginx" else (host_and_port(kept), "")
    camera = f"{client}-{way}"
    request = head(f"{prefix}/v1/cameras/{camera}/frames", CLIENTS[client] % len(face))
    with socket.create_connection(address, timeout=30) as connection:
        for number in range(3):
            connection.sendall(request)
            time.sleep(0.05)  # a segment of its own for the head
            connection.sendall(face)
            answer = read_answer(connection)
            assert b" 200 " in answer.splitlines()[0] and b'"frame_index":%d' % number in answer


@pytest.mark.parametrize("name", SMUGGLING)
def test_a_route_that_nginx_denies_is_not_reached(kept: Served, proxy: Nginx, name: str) -> None:
    lines, body = SMUGGLING[name]
    before = captures_asked(kept)
    for path in ("flush", "stream", "frames"):
        seen = len(proxy.requests)
        answers = exchange(proxy.address, "head first", head(f"/faces/v1/cameras/door/{path}", lines), body)
        assert b"hidden" not in answers and captures_asked(kept) == before, answers
        assert answers.count(b"HTTP/1.1 ") <= len(proxy.requests) - seen, "nginx has seen every request"


def test_nginx_hands_on_the_stream_and_nothing_else_as_a_websocket(
    kept: Served, proxy: Nginx, face: bytes
) -> None:
    host, port = proxy.address
    origin = f"http://{host}:{port}"  # as a page that comes through nginx has it
    with connect(f"ws://{host}:{port}{PREFIX}/v1/cameras/hall/stream", origin=origin) as stream:  # type: ignore[arg-type]
        stream.send(face)
        assert '"status":200' in str(stream.recv(timeout=30))
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://{host}:{port}{PREFIX}/v1/cameras/hall/stream?when_full=drop")
    assert refused.value.response.status_code == 400, "the query goes along"
    asked = b"Connection: Upgrade, close\r\nUpgrade: websocket\r\n"
    with socket.create_connection(proxy.address, timeout=30) as client:
        client.sendall(head(f"{PREFIX}/livez", asked, "GET"))
        assert b" 200 " in read_answer(client).splitlines()[0]
    with socket.create_connection(proxy.address, timeout=30) as client:
        client.sendall(head(f"{PREFIX}/v1/captures", b"", "GET"))
        assert b" 403 " in read_answer(client).splitlines()[0]
