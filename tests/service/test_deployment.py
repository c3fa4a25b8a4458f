"""What the deployment files and the pages on the service name, exists."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

pytest.importorskip("fastapi", reason="the extra 'service' is not installed")

from docs_pages import DOCS, section
from served import running, settings_in

from facecap_service import configuration
from facecap_service.keys import new_key
from facecap_service.server_settings import Server

ROOT = Path(__file__).resolve().parent.parent.parent
SECRET = "whsec_" + "A" * 32
PAGES = section("replay.md", "In the service") + "".join(
    (DOCS / f"{name}.md").read_text()
    for name in ("service", "cameras", "deploying", "events", "limits", "mqtt", "store")
)


def test_settings_of_the_image_and_of_compose_apply(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    image = dict(re.findall(r"(FACECAP_\w+)=(\S+)", (ROOT / "deploy" / "Dockerfile").read_text()))
    compose = dict(re.findall(r"(FACECAP_STORE_\w+): (\S+)", (ROOT / "deploy" / "compose.yaml").read_text()))
    assert image.pop("FACECAP_SETTINGS") == "/etc/facecap/facecap.toml"
    file = tmp_path / "facecap.toml"
    file.write_text(new_key("office", ["read"])[1])
    for name, value in {**image, **compose}.items():
        monkeypatch.setenv(name, value)
    settings = configuration.load(file).settings
    assert settings.server.host == "0.0.0.0" and settings.server.port == 8000
    assert settings.store.url.startswith("postgresql+psycopg://")
    assert str(settings.store.folder) == "/var/lib/facecap/crops"
    assert [key.name for key in settings.keys] == ["office"]


def test_settings_on_the_pages_apply(tmp_path: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", PAGES, re.DOTALL)
    file = tmp_path / "facecap.toml"
    file.write_text("\n".join(blocks).replace("whsec_…", SECRET))
    settings = configuration.load(file).settings
    assert set(settings.pullers) == {"hall"} and set(settings.webhooks) == {"guard"}
    assert set(settings.alerts) == {"bare"} and set(settings.cameras.named) == {"door"}
    for name, key in re.findall(r"`(\w+)\.(\w+)(?: = \w+)?`", PAGES):
        if hasattr(settings, name):
            assert hasattr(getattr(settings, name), key), f"{name}.{key}"


def test_calls_on_the_pages_exist() -> None:
    from facecap_service.app import create_app
    from facecap_service.settings import Settings

    known = set(create_app(Settings()).openapi()["paths"]) | {"/v1/cameras/{camera}/stream"}
    named = set(re.findall(r"(/v1/[a-z]+(?:/\{[a-z]+\})?(?:/[a-z]+)?)`", PAGES))
    assert named and named <= known


def test_the_image_is_given_what_its_build_needs() -> None:
    image = (ROOT / "deploy" / "Dockerfile").read_text()
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(.*)$", image, re.MULTILINE)
        for source in line.split()[:-1]
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["scikit-build"]["wheel"]
    needed = {"pyproject.toml", "CMakeLists.txt", "cpp", project["project"]["readme"]}
    needed |= {*project["project"]["license-files"], "deploy/ray-ingress"}
    assert copied == needed | set(wheel["packages"]) | set(wheel["force-include"])
    ignored = (ROOT / "deploy" / "Dockerfile.dockerignore").read_text().splitlines()
    assert copied == {line[1:] for line in ignored if line.startswith("!")}
    assert all((ROOT / name).exists() for name in copied)


@pytest.mark.parametrize(
    ("name", "pattern", "workers"),
    [
        ("compose.yaml", r"stop_grace_period: (\d+)s", 0),
        ("compose.cluster.yaml", r"stop_grace_period: (\d+)s", 1),
        ("kuberay.yaml", r"terminationGracePeriodSeconds: (\d+)$", 1),
        ("facecap.service", r"TimeoutStopSec=(\d+)$", 0),
        ("../docs/deploying.md", r"--stop-timeout (\d+) ", 0),
    ],
)
def test_what_ends_the_service_waits_for_the_longest_end(name: str, pattern: str, workers: int) -> None:
    text = (ROOT / "deploy" / name).read_text()
    *of_workers, seconds = map(int, re.findall(pattern, text, re.MULTILINE))
    before = sum(map(int, re.findall(r'command: \["sleep", "(\d+)"\]', text)))
    assert seconds >= before + 2 * Server().drain_seconds + 60
    assert len(of_workers) == workers and all(each > 30 for each in of_workers), "Ray drains them for 30 s"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="this machine has no systemd")
def test_systemd_knows_every_option_of_the_unit(tmp_path: Path) -> None:
    unit = (ROOT / "deploy" / "facecap.service").read_text()
    installed = re.search(r"^ExecStart=(\S+) ", unit, re.MULTILINE)
    assert installed
    file = tmp_path / "facecap.service"
    file.write_text(unit.replace(installed[1], sys.executable))
    command = ["systemd-analyze", "verify", "--man=no", file]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "facecap.service:" not in done.stderr, done.stderr


def healthcheck(**changes: Any) -> subprocess.CompletedProcess[str]:
    """What Docker runs in the image, with its environment and changes to it."""
    image = (ROOT / "deploy" / "Dockerfile").read_text()
    line = re.search(r"^HEALTHCHECK .*CMD (\[.*\])$", image, re.MULTILINE)
    assert line
    name, *arguments = json.loads(line[1])
    assert name == "facecap"
    variables = {**os.environ, **dict(re.findall(r"(FACECAP_\w+)=(\S+)", image))}
    return subprocess.run(
        [sys.executable, "-m", name, *arguments],
        env={**variables, **{key: str(value) for key, value in changes.items()}},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("tls", [False, True])
def test_health_check_of_the_image_finds_another_port_and_tls(
    tmp_path: Path, pipeline: dict[str, Any], certificate: dict[str, Path], tls: bool
) -> None:
    server = {**(certificate if tls else {}), "hosts": ["faces.example"]}
    file = tmp_path / "facecap.toml"
    file.write_text("[server]\n" + "".join(f'{key} = "{path}"\n' for key, path in certificate.items() if tls))
    with running(settings_in(tmp_path, pipeline=pipeline, server=server)) as served:
        port = served.address.rpartition(":")[2]
        done = healthcheck(FACECAP_SETTINGS=file, FACECAP_SERVER_PORT=port)
        assert done.returncode == 0, done.stderr
    done = healthcheck(FACECAP_SETTINGS=file, FACECAP_SERVER_PORT=port)
    assert done.returncode == 1 and "no sign of life" in done.stderr, done.stderr


def test_health_check_needs_a_port_that_is_known(tmp_path: Path) -> None:
    (tmp_path / "facecap.toml").touch()
    done = healthcheck(FACECAP_SETTINGS=tmp_path / "facecap.toml", FACECAP_SERVER_PORT=0)
    assert done.returncode == 1 and "server.port is 0" in done.stderr, done.stderr
