"""A wire to a PostgreSQL server that can go silent: it takes every byte and hands none on."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress
from pathlib import Path


class SilentProxy:
    """Forwards TCP on the loopback to a Unix socket, until it is silenced and from when it speaks again."""

    def __init__(self, folder: Path) -> None:
        """`folder` has the server's socket."""
        self._server = str(folder / ".s.PGSQL.5432")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"postgresql+psycopg://postgres@127.0.0.1:{self._listener.getsockname()[1]}/postgres"
        self._speaking = threading.Event()
        self._last_words: bytes | None = None
        self._closed = False
        self.speak()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def silence(self, after: bytes | None = None) -> None:
        """Hand nothing on from now on, or from when the server was told what matches `after`: its answer is
        kept back."""
        if after is None:
            self._speaking.clear()
        self._last_words = after

    def speak(self) -> None:
        """Forward again, what was kept back first."""
        self._last_words = None
        self._speaking.set()

    def close(self) -> None:
        """Stop; every connection ends."""
        self._closed = True
        self.speak()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(60)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._server)
            copies = [threading.Thread(target=self._copy, args=way) for way in ((near, far), (far, near))]
            self._threads += copies
            for thread in copies:
                thread.start()

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        said = b""
        with suppress(OSError):
            source.settimeout(0.1)
            while not self._closed:
                try:
                    block = source.recv(65536)
                except TimeoutError:
                    continue
                self._speaking.wait()
                if not block:
                    break
                said = said + block if self._last_words else b""
                if self._last_words and re.search(self._last_words, said, re.DOTALL):
                    self._speaking.clear()
                target.sendall(block)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
        source.close()
