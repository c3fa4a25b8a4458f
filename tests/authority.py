"""Certificates for servers of tests."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

from programs import program

NAMES = "DNS:localhost,IP:127.0.0.1"


class Authority:
    """Signs certificates, each in a file with its key."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder / name
        self.folder.mkdir()
        self.file = self.folder / "ca.pem"
        self._openssl = program("openssl")
        self._request("ca", "/CN=authority", "-x509", "-days", "30", out=self.file)

    def server(self, name: str, names: str = NAMES, days: int = 30) -> ssl.SSLContext:
        """What a server with a certificate for these names needs; of negative days it has expired."""
        request = self.folder / f"{name}.csr"
        self._request(name, f"/CN={name}", out=request)
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={names}\n")
        command = ["x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self.folder / "ca.key"]
        command += ["-CAcreateserial", "-days", str(days), "-extfile", extensions]
        self._run(*command, "-out", self.certificate(name))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate(name), self.key(name))
        return context

    def certificate(self, name: str) -> Path:
        """File of a certificate."""
        return self.folder / f"{name}.pem"

    def key(self, name: str) -> Path:
        """File of its key."""
        return self.folder / f"{name}.key"

    def fingerprint(self, name: str) -> str:
        """As openssl prints it: AB:CD:..."""
        said = self._run("x509", "-in", self.certificate(name), "-noout", "-fingerprint", "-sha256")
        return said.strip().partition("=")[2]

    def _request(self, name: str, subject: str, *more: str, out: Path) -> None:
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        self._run("req", *key, "-keyout", self.key(name), "-subj", subject, *more, "-out", out)

    def _run(self, *arguments: object) -> str:
        command = [str(self._openssl), *map(str, arguments)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
