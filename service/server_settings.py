"""Where the service listens, and whom it believes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from .setting_kinds import Count, HttpUrl, Names, Seconds, Section


class Server(Section):
    """Where the service listens and whom it believes."""

    host: str = "127.0.0.1"
    """address to listen at; without keys it must be a loopback address"""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """TCP port; 0 takes a free one"""
    hosts: Names = ()
    """names that the Host header may have, besides those of this machine; without any: these alone where
    there are no keys, else all"""
    trusted_proxies: Names = ()
    """addresses or networks of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed"""
    root_path: str = ""
    """path under which a reverse proxy shows the service, such as /faces"""
    tls_certificate: Path | None = None
    """PEM file; with tls_key the service speaks HTTPS"""
    tls_key: Path | None = None
    """PEM file of the certificate's key"""
    drain_seconds: Seconds = 30.0
    """how long a shutdown waits for requests that are under way, and again for a store that fails"""
    max_connections: Count = 1000
    """connections at once; beyond it 503"""
    head_seconds: Seconds = 10.0
    """how long a client may take to send the head of a request"""
    keep_alive_seconds: Annotated[int, Field(ge=1)] = 30
    """how long an idle connection is kept"""
    public_url: HttpUrl | None = None
    """under which others reach the service; with it webhooks get whole addresses of crops, not paths"""
