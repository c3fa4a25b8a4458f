"""The page's recipe for nginx, with TLS, keys and a port of its own: everything works behind it."""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from browsing import OpenPage, sync_api
from docs_pages import blocks
from nginx import HEADING, PREFIX, Nginx, nginx
from programs import program
from receiver import Receiver
from served import eventually, running, settings_in
from test_access import bearer, key
from websockets.sync.client import connect

from facecap_service import configuration

expect = sync_api.expect
HOST = "faces.example"


@dataclass(frozen=True)
class Site:
    """The service as others see it."""

    address: str
    keys: dict[str, str]
    client: httpx.Client
    nginx: Nginx
    hooked: Receiver


@pytest.fixture(scope="module")
def browser(browser: Any) -> Iterator[Any]:
    """Chromium that finds the host of the recipe on this machine."""
    chromium = browser.browser_type.launch(
        executable_path=program("chromium-headless-shell", "chromium", "google-chrome"),
        args=[f"--host-resolver-rules=MAP {HOST} 127.0.0.1"],
    )
    yield chromium
    chromium.close()


@pytest.fixture
def site(tmp_path: Path, pipeline: dict[str, Any], certificate: dict[str, Path]) -> Iterator[Site]:
    """A service with the settings of the page and three keys, and nginx with its recipe."""
    file = tmp_path / "facecap.toml"
    file.write_text("\n".join(blocks("deploying.md", HEADING, "toml")))
    settings, capture = configuration.load(file).settings, {"mode": "fast", "min_hits": 2, "interval": 2}
    pairs = {scope: key(scope, scope) for scope in ("push", "read")}
    receiver = Receiver()
    given = {"server": settings.server, "capture": {**capture, "max_captures": 0}, "pipeline": pipeline}
    given |= {"keys": [entry for _, entry in pairs.values()], "webhooks": {"guard": receiver.hook}}
    files = {"certificate": certificate["tls_certificate"], "certificate_key": certificate["tls_key"]}
    with running(settings_in(tmp_path, **given)) as service, nginx(service, tmp_path, "", files) as server:
        port = server.address[1]
        headers = {"Host": f"{HOST}:{port}"}
        inside = f"https://127.0.0.1:{port}{PREFIX}"
        with httpx.Client(base_url=inside, headers=headers, verify=False, timeout=60) as client:
            secrets = {scope: secret for scope, (secret, _) in pairs.items()}
            yield Site(f"https://{HOST}:{port}{PREFIX}", secrets, client, server, receiver)
    receiver.stop()


def push(site: Site, face: bytes) -> httpx.Response:
    """A frame through nginx."""
    return site.client.post("/v1/cameras/door/frames", content=face, headers=bearer(site.keys["push"]))


def test_the_page_behind_nginx_asks_for_a_key_and_shows_captures_as_they_come(
    site: Site, face: bytes, open_page: OpenPage
) -> None:
    for _ in range(2):
        assert push(site, face).status_code == 200
    page = open_page(site.address, expect_failures=True, ready="A key is needed", ignore_https_errors=True)
    page.get_by_label("Key", exact=True).fill(site.keys["read"])
    page.get_by_label("Key", exact=True).press("Enter")
    cards = page.locator("#captures .card")
    expect(cards).to_have_count(1)
    image = cards.first.locator("img").element_handle()
    page.wait_for_function("image => image.naturalWidth === 112", arg=image)
    expect(page.locator("#connection")).to_have_text("Live")
    for _ in range(2):
        push(site, face)
    expect(cards).to_have_count(1)
    expect(cards).to_contain_text("2 shots")


def test_a_frame_of_eight_megabytes_passes_nginx(site: Site, face: bytes) -> None:
    padded = face + bytes(8 * 1024 * 1024 - len(face))
    assert push(site, padded).status_code == 200
    assert site.client.post("/v1/cameras/door/frames", content=face).status_code == 401


def test_a_stream_of_frames_passes_nginx(site: Site, face: bytes) -> None:
    port = site.nginx.address[1]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    address = f"wss://{HOST}:{port}{PREFIX}/v1/cameras/hall/stream?when_full=wait"
    with (
        socket.create_connection(site.nginx.address) as wire,
        connect(
            address,
            additional_headers=bearer(site.keys["push"]),
            origin=f"https://{HOST}:{port}",
            sock=wire,
            ssl=context,
            server_hostname=HOST,
        ) as stream,
    ):
        for number in range(2):
            stream.send(json.dumps({"frame_index": number}))
            stream.send(face)
            answer = json.loads(stream.recv(timeout=30))
            assert (answer["status"], answer["result"]["frame_index"]) == (200, number)
    assert answer["captures"]


def test_events_pass_nginx_as_they_happen(site: Site, face: bytes) -> None:
    with site.client.stream("GET", "/v1/events", headers=bearer(site.keys["read"])) as events:
        lines = events.iter_lines()
        assert next(lines).startswith("retry:")
        push(site, face)
        assert any(line == "event: camera.opened" for line in lines)


def test_links_lead_through_nginx(site: Site, face: bytes) -> None:
    for _ in range(2):
        push(site, face)
    message = eventually(lambda: site.hooked.taken and site.hooked.taken[0])
    inside = re.fullmatch(rf"https://{HOST}{PREFIX}(/v1/captures/\w+/crop)", message.event["data"]["crop"])
    assert inside, message.event
    crop = site.client.get(inside[1], headers=bearer(site.keys["read"]))
    assert crop.status_code == 200 and crop.headers["content-type"] == "image/png"
    without = site.client.get("/nothing", headers=bearer(site.keys["read"])).json()["detail"]
    assert f"{PREFIX}/docs" in without and f"{PREFIX}/nothing" in without
    assert site.client.get("/docs").status_code == 200
    bare = site.client.get(f"https://127.0.0.1:{site.nginx.address[1]}{PREFIX}")
    assert bare.headers["location"] == f"{site.address}/", "who leaves out the slash is led to the page"
