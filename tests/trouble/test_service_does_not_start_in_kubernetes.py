"""Variables that Kubernetes sets for a service whose name begins with facecap, beside settings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from facecap_service import configuration
from facecap_service.configuration import ConfigurationError


def links(service: str, port: int = 8000) -> dict[str, str]:
    """What a pod gets in its environment of a service in its namespace."""
    name = service.upper().replace("-", "_")
    address = f"tcp://10.96.12.7:{port}"
    return {
        f"{name}_SERVICE_HOST": "10.96.12.7",
        f"{name}_SERVICE_PORT": str(port),
        f"{name}_SERVICE_PORT_HTTP": str(port),
        f"{name}_PORT": address,
        f"{name}_PORT_{port}_TCP": address,
        f"{name}_PORT_{port}_TCP_PROTO": "tcp",
        f"{name}_PORT_{port}_TCP_PORT": str(port),
        f"{name}_PORT_{port}_TCP_ADDR": "10.96.12.7",
    }


@pytest.mark.parametrize(
    "service", ["facecap", "facecap-server", "facecap-store", "facecap-db", "facecap-frames"]
)
def test_a_service_of_a_like_name_changes_nothing(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = configuration.load().settings
    for name, value in links(service).items():
        monkeypatch.setenv(name, value)
    assert configuration.load().settings == plain
    monkeypatch.setenv("FACECAP_SERVER_HOST", "::1")
    assert configuration.load().settings.server.host == "::1"


def test_a_port_that_is_set_wins_over_what_kubernetes_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in links("facecap-server").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("FACECAP_SERVER_PORT", "9000")
    assert configuration.load().settings.server.port == 9000


@pytest.mark.parametrize(
    "name", ["FACECAP_PORT", "FACECAP_SERVICE", "FACECAP_SERVER_SERVICE", "FACECAP_HOST"]
)
def test_a_setting_that_is_none_is_still_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "8000")
    with pytest.raises(ConfigurationError, match=name):
        configuration.load()


def test_a_health_check_in_a_pod_asks_the_port_of_the_settings(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "facecap", "serve", "--probe"]
    environment = {
        **os.environ,
        **links("facecap"),
        **links("facecap-server"),
        "FACECAP_SERVER_HOST": "127.0.0.9",
    }
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "server.host 127.0.0.9, server.port 8000" in done.stderr, done.stderr
