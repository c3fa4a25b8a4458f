"""nginx in front of a service, as the page on deploying the service has it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cameras import closed_port
from docs_pages import blocks, with_addresses
from programs import program
from served import Served, eventually

HEADING = "Behind a reverse proxy"
PREFIX = "/faces"
_AROUND = """
daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1; {user}
events {{ worker_connections 256; }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  {server}
}}
"""


@dataclass(frozen=True)
class Nginx:
    """A server that runs."""

    address: tuple[str, int]
    folder: Path

    @property
    def requests(self) -> list[str]:
        """What its log says of the requests that it has seen: method, path and status."""
        lines = (self.folder / "access.log").read_text().splitlines()
        return [" ".join(re.findall(r'"(\S+ \S+) HTTP/\S+" (\d+)', line)[0]) for line in lines]


@contextmanager
def nginx(
    service: Served, folder: Path, before: str = "", certificate: dict[str, Path] | None = None
) -> Iterator[Nginx]:
    """The page's recipe in front of a service whose root_path is `/faces`.

    Args:
        service: it runs already.
        folder: for the files of nginx, which a test may look at.
        before: further locations.
        certificate: `certificate` and `certificate_key` of TLS; None for a server without.
    """
    port = closed_port()
    (server,) = blocks("deploying.md", HEADING, "nginx")
    server = with_addresses(
        server,
        **{
            "http://127.0.0.1:8000": service.address,
            "listen 443 ssl;": f"listen 127.0.0.1:{port}{' ssl' if certificate else ''};\n{before}",
        },
    )
    for name in ("certificate", "certificate_key"):
        line = f"ssl_{name} {certificate[name]};" if certificate else ""
        server, count = re.subn(rf"ssl_{name} .*;", line, server)
        assert count == 1
    file = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    file.write_text(_AROUND.format(folder=folder, user=user, server=server))
    command = [
        program("nginx", folders=[Path("/usr/sbin")]),
        "-p",
        folder,
        "-c",
        file,
        "-e",
        folder / "start.log",
    ]
    running = subprocess.Popen(command)

    def listens() -> bool:
        assert running.poll() is None, (folder / "start.log").read_text()
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            return True
        return False

    try:
        eventually(listens)
        yield Nginx(("127.0.0.1", port), folder)
    finally:
        running.terminate()
        running.wait(30)
