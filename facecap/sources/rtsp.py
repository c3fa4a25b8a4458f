"""One question to an RTSP server: whether it has a stream."""

from __future__ import annotations

import hashlib
import re
import socket
import urllib.request
from base64 import b64encode

_LONGEST_ANSWER = 16 * 1024  # bytes


def describe(connection: socket.socket, address: str, user: tuple[str, str] | None) -> int:
    """Status of the answer to DESCRIBE (RFC 2326).

    Args:
        connection: to the server.
        address: without name and password.
        user: both, for a server that asks.

    Raises:
        OSError: there is no answer.
        ValueError, LookupError: it is none of RTSP.
    """
    status, challenge = _ask(connection, address, 1, "")
    if status == 401 and user is not None and challenge:
        status, _ = _ask(connection, address, 2, _authorization(challenge, *user, address))
    return status


def _ask(connection: socket.socket, address: str, number: int, header: str) -> tuple[int, str]:
    """The status, and what the server wants to know about who asks."""
    request = f"DESCRIBE {address} RTSP/1.0\r\nCSeq: {number}\r\nAccept: application/sdp\r\n{header}\r\n"
    connection.sendall(request.encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        more = connection.recv(4096)
        answer += more
        if not more or len(answer) > _LONGEST_ANSWER:
            raise ValueError("no answer of RTSP")
    lines = answer.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    status = re.match(r"RTSP/1\.\d (\d{3})", lines[0])
    if status is None:
        raise ValueError("no answer of RTSP")
    wanted = [
        line.partition(":")[2].strip() for line in lines if line.lower().startswith("www-authenticate:")
    ]
    wanted.sort(key=lambda text: not text.lower().startswith("digest"))
    return int(status[1]), wanted[0] if wanted else ""


def _authorization(challenge: str, user: str, password: str, address: str) -> str:
    """The header that answers a challenge (RFC 2617)."""
    kind, _, rest = challenge.partition(" ")
    if kind.lower() != "digest":
        return f"Authorization: Basic {b64encode(f'{user}:{password}'.encode()).decode()}\r\n"
    asked = urllib.request.parse_keqv_list(urllib.request.parse_http_list(rest))
    realm, nonce = asked.get("realm", ""), asked.get("nonce", "")
    response = _md5(f"{_md5(f'{user}:{realm}:{password}')}:{nonce}:{_md5(f'DESCRIBE:{address}')}")
    return (
        f'Authorization: Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{address}", '
        f'response="{response}"\r\n'
    )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
