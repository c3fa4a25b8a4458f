"""A sign of life of a service on this machine: what the health check of a container asks for."""

from __future__ import annotations

import ssl
from http.client import HTTPConnection, HTTPException, HTTPSConnection

from facecap import FacecapError

from .server_settings import Server

_SECONDS = 5.0
_EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}


def probe(server: Server) -> None:
    """Ask the service of these settings for `/livez`.

    Raises:
        FacecapError: it does not answer, or otherwise than it should.
    """
    if server.port == 0:
        raise FacecapError("server.port is 0: which port the service took is not known, so set one")
    host = _EVERYWHERE.get(server.host, server.host)
    where = f"server.host {host}, server.port {server.port}"
    connection = HTTPConnection(host, server.port, timeout=_SECONDS)
    if server.tls_certificate is not None:
        connection = HTTPSConnection(host, server.port, timeout=_SECONDS, context=_unverified())
    try:
        connection.request("GET", "/livez", headers={"Host": "localhost"})
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        raise FacecapError(f"{where}: no sign of life: {error or type(error).__name__}") from None
    finally:
        connection.close()
    if status != 200:
        raise FacecapError(f"{where}: wanted 200 from /livez, found {status}")


def _unverified() -> ssl.SSLContext:
    """The certificate has the name that others use, not this address; nothing secret is sent."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
