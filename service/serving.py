"""`facecap serve`: one process, one event loop, an orderly end."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from types import FrameType

import uvicorn

from facecap import FacecapError, FaceCapture

from . import logs
from .app import create_app
from .envelope import is_loopback
from .protocols.http import HttpProtocol
from .protocols.patience import end_overdue
from .protocols.stream import StreamProtocol
from .server_settings import Server as ServerSettings
from .services import Services
from .settings import Settings

_log = logging.getLogger("facecap.service")
_BACKLOG = 2048
_TICKS_A_LOOK = 5


class Server(uvicorn.Server):
    """uvicorn, with an end that streams learn of, and that a second signal cuts short."""

    def __init__(self, config: uvicorn.Config, services: Services) -> None:
        super().__init__(config)
        self._services = services

    @property
    def trouble(self) -> str | None:
        """Why the application did not start."""
        return self._services.trouble

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say where."""
        await super().startup(sockets)
        for listener in sockets or ():
            host, port = listener.getsockname()[:2]
            scheme = "https" if self.config.is_ssl else "http"
            place = f"[{host}]" if ":" in host else host
            _log.info("listening", extra={"address": f"{scheme}://{place}:{port}"})

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Notify who streams, then wait for requests, then let the application drain."""
        self._services.stopping.set()
        await super().shutdown(sockets)

    async def on_tick(self, counter: int) -> bool:
        """Called by uvicorn ten times a second."""
        if counter % _TICKS_A_LOOK == 0:
            end_overdue(self.server_state.connections)
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal ends in order, the second at once. What was answered is on the disk either way."""
        if self.should_exit:
            _log.warning("ended by a second signal")
            os._exit(128 + sig)
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle SIGINT and SIGTERM meanwhile; an orderly end is a success, whatever asked for it."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = (signal.SIGINT, signal.SIGTERM)
        earlier = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            for number, handler in earlier.items():
                signal.signal(number, handler)


def serve(settings: Settings) -> int:
    """Serve until a signal comes; returns the exit code.

    Raises:
        FacecapError: the settings do not go together, or a model, the store or the address cannot be used.
    """
    check_exposure(settings)
    check_tls(settings.server)
    logs.install(settings.logs.level)
    listener = listen(settings.server.host, settings.server.port)
    server = make_server(settings)
    # What is there now stays: looking through it for garbage again and again would cost every frame.
    gc.collect()
    gc.freeze()
    try:
        server.run([listener])
    except SystemExit:  # how uvicorn ends where the application did not start
        raise FacecapError(server.trouble or "the service did not start: its log says why") from None
    return 0


def make_server(settings: Settings, capture_factory: Callable[[], FaceCapture] | None = None) -> Server:
    """A server for a socket that listens; `capture_factory` as for `create_app`."""
    own = settings.server
    app = create_app(settings, capture_factory=capture_factory)
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=HttpProtocol,
        ws=StreamProtocol,
        ws_max_size=settings.frames.max_bytes,
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(own.trusted_proxies),
        forwarded_allow_ips=list(own.trusted_proxies),
        root_path=own.root_path,
        backlog=_BACKLOG,
        limit_concurrency=own.max_connections,
        timeout_keep_alive=own.keep_alive_seconds,
        timeout_graceful_shutdown=max(1, round(own.drain_seconds)),
        ssl_certfile=own.tls_certificate,
        ssl_keyfile=own.tls_key,
    )
    return Server(config, app.state.services)


def listen(host: str, port: int) -> socket.socket:
    """A socket on which connections wait.

    Raises:
        FacecapError: the address cannot be used.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        raise FacecapError(f"server.host {host}, server.port {port}: {error.strerror or error}") from None
    return listener


def check_exposure(settings: Settings) -> None:
    """Refuse to be reached from elsewhere without keys.

    Raises:
        FacecapError: that would be so.
    """
    host = settings.server.host
    if not settings.keys and not is_loopback(host):
        raise FacecapError(
            f"server.host is {host}, which other machines reach, and there are no keys: make one with "
            "`facecap serve --new-key NAME --scopes push,read`, or listen at 127.0.0.1"
        )


def check_tls(own: ServerSettings) -> None:
    """Refuse a certificate and a key that cannot be used.

    Raises:
        FacecapError: that is so; it names the files.
    """
    if own.tls_certificate is None and own.tls_key is None:
        return
    if own.tls_certificate is None or own.tls_key is None:
        raise FacecapError("server.tls_certificate and server.tls_key go together: give both or none")
    for name, file in (("tls_certificate", own.tls_certificate), ("tls_key", own.tls_key)):
        try:
            file.open("rb").close()
        except OSError as error:
            raise FacecapError(f"server.{name} {file}: cannot be read: {error.strerror}") from None
    try:
        # A key with a password is refused: nobody is there to be asked for it.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(own.tls_certificate, own.tls_key, lambda: "")
    except OSError as error:
        raise FacecapError(
            f"server.tls_certificate {own.tls_certificate}, server.tls_key {own.tls_key}: wanted PEM files "
            f"of a certificate and of its key without a password: {error}"
        ) from None
