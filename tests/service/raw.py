"""Clients that speak HTTP and WebSocket byte by byte, and stop where no library would."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from served import Served, eventually
from websockets.frames import Frame, Opcode
from websockets.sync.client import ClientConnection, connect


@contextmanager
def connection(service: Served, receive_buffer: int | None = None) -> Iterator[socket.socket]:
    """A connection that has not sent anything; `receive_buffer` in bytes, before the service is held up."""
    host, port = service.address.removeprefix("http://").split(":")
    with socket.socket() as client:
        if receive_buffer is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.settimeout(30)
        client.connect((host, int(port)))
        yield client


def ended(client: socket.socket) -> bytes:
    """What came until the service closed the connection."""
    read = b""
    try:
        while part := client.recv(1 << 16):
            read += part
    except ConnectionResetError:
        pass
    return read


def read_answer(client: socket.socket) -> bytes:
    """Status line, headers and body of one answer that says its length."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        part = client.recv(1)
        assert part, f"the connection ended after {head!r}"
        head += part
    body = b""
    length = next(
        int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
    )
    while len(body) < length:
        part = client.recv(length - len(body))
        assert part, f"the connection ended after {head + body!r}"
        body += part
    return head + body


@contextmanager
def raw_stream(service: Served, camera: str) -> Iterator[socket.socket]:
    """A WebSocket of which nobody reads, with a small buffer for what comes."""
    head = f"GET /v1/cameras/{camera}/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n"
    more = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + "A" * 22 + "==\r\n\r\n"
    with connection(service, receive_buffer=4096) as client:
        client.sendall((head + more).encode())
        assert b"101 Switching Protocols" in client.recv(4096)
        yield client


def open_stream(service: Served, camera: str) -> ClientConnection:
    """A WebSocket that answers no ping by itself for longer than a test lasts."""
    address = service.address.replace("http://", "ws://")
    return connect(f"{address}/v1/cameras/{camera}/stream", max_size=2**22, ping_interval=None)


def fragment(content: bytes, opcode: Opcode = Opcode.BINARY, *, fin: bool = False) -> bytes:
    """A frame of a WebSocket, as it goes over the wire."""
    return Frame(opcode, content, fin=fin).serialize(mask=True)


def all_gone(service: Served) -> None:
    """Wait until the service has no connection but that of its test's client."""
    service.client.close()
    eventually(lambda: not service.server.server_state.connections)
