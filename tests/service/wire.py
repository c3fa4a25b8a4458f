"""A wire to a server, which can be cut or go silent."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress


class Wire:
    """Forwards TCP on the loopback to a server: the path of its Unix socket, or host and port."""

    def __init__(self, server: str | tuple[str, int]) -> None:
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: set[socket.socket] = set()
        self.connections = 0
        """That were made, since the beginning."""
        self._whole = True
        self._speaking = threading.Event()
        self._last_words: bytes | None = None
        self.speak()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def cut(self) -> None:
        """Close what is open, and whatever comes."""
        self._whole = False
        for end in list(self._open):
            _shut(end)

    def mend(self) -> None:
        """Forward again after a cut."""
        self._whole = True

    def silence(self, after: bytes | None = None) -> None:
        """Take every byte and hand none on: from now on, or from when what the server received matches
        `after`; the answer to that is kept back."""
        if after is None:
            self._speaking.clear()
        self._last_words = after

    def speak(self) -> None:
        """Forward again after a silence, what was kept back first."""
        self._last_words = None
        self._speaking.set()

    def close(self) -> None:
        """Stop; every connection ends."""
        self.speak()
        self.cut()
        _shut(self._listener)
        self._listener.close()
        for thread in self._threads:
            thread.join(60)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
                self.connections += 1
            except OSError:
                return
            if not self._whole:
                near.close()
                continue
            far = socket.socket(socket.AF_UNIX if isinstance(self._server, str) else socket.AF_INET)
            far.connect(self._server)
            self._open |= {near, far}
            copies = [threading.Thread(target=self._copy, args=way) for way in ((near, far), (far, near))]
            self._threads += copies
            for thread in copies:
                thread.start()

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        said = b""
        with suppress(OSError):
            while True:
                block = source.recv(65536)
                self._speaking.wait()
                if not block:
                    break
                said = said + block if self._last_words else b""
                if self._last_words and re.search(self._last_words, said, re.DOTALL):
                    self._speaking.clear()
                target.sendall(block)
        for end in (source, target):
            self._open.discard(end)
            _shut(end)
        source.close()


def _shut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
