"""The body of an HTTP answer that has no end."""

from __future__ import annotations

import http.client
import os
import socket
from contextlib import suppress

_CHUNK = 256 * 1024  # bytes
_TOGETHER = 512 * 1024
"""Bytes that the system is asked to wait for; Linux enlarges a connection's buffer for them."""


class Body:
    """What comes of an answer, to be read as it comes.

    A network makes many pieces of a picture. To wake up for each costs more than all else of reading it.
    """

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.headers = answer.headers
        self._answer = answer
        self._socket: socket.socket | None = None
        self._most, self._awaited = 1, 1
        # Under TLS some of what is missing has left the socket already: it would be waited for in vain.
        if not answer.geturl().startswith("https:"):
            with suppress(OSError):  # the process has no descriptor left: it is read without that
                self._socket = socket.socket(fileno=os.dup(answer.fileno()))
        if self._socket is not None:
            self._await(self._socket, _TOGETHER)
            # What is waited for must have room with all that the system keeps of it, or no more comes.
            self._most = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 4

    def read(self, missing: int = 1) -> bytes:
        """Wait for what comes next; empty at the end.

        Args:
            missing: bytes that are expected, so that many of them may be waited for at once; where fewer come
                and the connection stays open, it is the time limit that ends the wait.

        Raises:
            OSError: the connection is lost; TimeoutError where the server is silent.
            http.client.HTTPException: the answer is cut off.
        """
        if self._socket is not None:
            left = self._answer.length or missing  # None where no length of the whole is stated
            self._await(self._socket, min(missing, left, self._most))
        return self._answer.read1(_CHUNK)

    def close(self) -> None:
        """Close the connection."""
        self._answer.close()
        if self._socket is not None:
            self._socket.close()

    def _await(self, plain: socket.socket, count: int) -> None:
        """Let nobody be woken before so many bytes are there, or the connection ends."""
        if count != self._awaited:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, count)
            self._awaited = count
