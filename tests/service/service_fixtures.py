"""Fixtures of tests with a service: scripted models, for which a face is where a frame has a white block."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import scripted
from painted import FACE, encoded
from programs import program
from served import Served, running, settings_in


@pytest.fixture(scope="session")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Settings that choose the scripted models."""
    folder = tmp_path_factory.mktemp("models")
    return {
        "detector": str(scripted.detector(folder)),
        "classifier": str(scripted.mask_classifier(folder)),
        "refiner": "none",
    }


@pytest.fixture(scope="session")
def face() -> bytes:
    """A JPEG with one face."""
    return encoded(".jpg", FACE)


@pytest.fixture(scope="session")
def empty() -> bytes:
    """A JPEG without faces."""
    return encoded(".jpg")


@pytest.fixture
def service(tmp_path: Path, pipeline: dict[str, Any]) -> Iterator[Served]:
    """A service with the scripted models; a face is captured at its second frame, and at each second one."""
    capture = {"mode": "fast", "min_hits": 2, "interval": 2, "max_captures": 0}
    with running(settings_in(tmp_path, pipeline=pipeline, capture=capture)) as served:
        yield served


@pytest.fixture
def certificate(tmp_path: Path) -> dict[str, Path]:
    """Settings of TLS, for a name that is not this machine's."""
    made = {"tls_certificate": tmp_path / "certificate.pem", "tls_key": tmp_path / "key.pem"}
    command = [program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-subj", "/CN=faces.example", "-days", "1"]
    command += ["-out", made["tls_certificate"], "-keyout", made["tls_key"]]
    subprocess.run(command, check=True, capture_output=True)
    return made
