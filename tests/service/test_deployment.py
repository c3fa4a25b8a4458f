"""What the deployment files and the page on running the service name, exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra 'service' is not installed")

from facecap_service import configuration
from facecap_service.keys import new_key

ROOT = Path(__file__).resolve().parent.parent.parent
SECRET = "whsec_" + "A" * 32


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


def test_settings_on_the_page_apply(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "service.md").read_text()
    blocks = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert len(blocks) >= 2
    file = tmp_path / "facecap.toml"
    file.write_text("\n".join(blocks).replace("whsec_…", SECRET))
    settings = configuration.load(file).settings
    assert set(settings.pullers) == {"hall"} and set(settings.webhooks) == {"guard"}
    for section, key in re.findall(r"`(\w+)\.(\w+)(?: = \w+)?`", page):
        if hasattr(settings, section):
            assert hasattr(getattr(settings, section), key), f"{section}.{key}"


def test_calls_on_the_page_exist() -> None:
    from facecap_service.app import create_app
    from facecap_service.settings import Settings

    known = set(create_app(Settings()).openapi()["paths"]) | {"/v1/cameras/{camera}/stream"}
    page = (ROOT / "docs" / "service.md").read_text()
    named = set(re.findall(r"(/v1/[a-z]+(?:/\{[a-z]+\})?(?:/[a-z]+)?)`", page))
    assert named and named <= known
