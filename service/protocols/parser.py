"""The heads of requests, those that ask for a protocol which is not spoken here among them."""

from __future__ import annotations

from typing import Any, Protocol

import httptools


class Reader(Protocol):
    """What the parser reports of each request, besides the callbacks of httptools."""

    url: bytes
    headers: list[tuple[bytes, bytes]]

    @property
    def head_comes_again(self) -> bool:
        """Whether the head that was just read asks for an upgrade that is not made."""


class RequestParser(httptools.HttpRequestParser):
    """httptools' parser, for which a request that asks for any upgrade ends with its head.

    It would take the body for the next request: one that nobody between the client and here has seen. A
    server that does not make an upgrade ignores that it was asked (RFC 9110, 7.8), so such a head is read
    again without its `Upgrade`, and then its body like any other.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._begin()

    def feed_data(self, data: Any) -> None:
        """As httptools has it; `HttpParserUpgrade` is raised for upgrades that are made alone."""
        while True:
            try:
                super().feed_data(data)
                return
            except httptools.HttpParserUpgrade as upgrade:
                if not self._reader.head_comes_again:
                    raise
                data = data[upgrade.args[0] :]
            head = self._head()
            self._begin()
            super().feed_data(head)

    def _begin(self) -> None:
        """Expect a head, whatever came before."""
        super().__init__(self._reader)
        # As uvicorn has it: a request after one that closes is not answered, and does not disturb that one.
        self.set_dangerous_leniencies(lenient_data_after_close=True)

    def _head(self) -> bytes:
        """The head that was read, without its upgrade; the parser has refused what would end a line early."""
        request = b"%b %b HTTP/%b\r\n" % (
            self.get_method(),
            self._reader.url,
            self.get_http_version().encode(),
        )
        lines = [b"%b: %b\r\n" % header for header in self._reader.headers if header[0] != b"upgrade"]
        return b"".join([request, *lines, b"\r\n"])
