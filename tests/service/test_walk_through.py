"""The first commands of the page on the service, as a new user types them in a folder of its own."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import httpx
import pytest

pytest.importorskip("fastapi", reason="the extra 'service' is not installed")

from cameras import closed_port
from docs_pages import DOCS, indented, run, section, started, with_addresses
from served import eventually
from test_access import bearer

from facecap import CaptureConfig, FaceCapture
from facecap.demo.portrait import photograph
from facecap.sources import decode_picture

INTRODUCTION = (DOCS / "service.md").read_text().partition("\n## ")[0]
ADDRESS = "http://127.0.0.1:8000"
PORTRAIT = 217.0  # height of its face in pixels, as the detector has it


@contextmanager
def serving(command: str, folder: Path) -> Iterator[httpx.Client]:
    """`facecap serve` as the page has it, at a port that is free."""
    port = str(closed_port())
    with (
        started(command, folder, FACECAP_SERVER_PORT=port) as process,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
    ):

        def listens() -> bool:
            said = (folder / "said").read_text()
            assert process.poll() is None, said
            return '"listening"' in said

        eventually(listens, seconds=120)
        yield client


def picture(height: float) -> bytes:
    """A photograph of somebody whose face is so high, in pixels."""
    scale = height / PORTRAIT
    small = cv2.resize(photograph(), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", small)[1].tobytes()


def test_the_first_commands_end_in_captures_on_the_page(tmp_path: Path) -> None:
    install, demo, own = indented(INTRODUCTION)
    serve = install.splitlines()[-1]
    assert serve.startswith("facecap serve")
    (tmp_path / "face.jpg").write_bytes(picture(100))
    with serving(serve, tmp_path) as client:
        here = str(client.base_url).rstrip("/")
        pushed = run(with_addresses(demo, **{ADDRESS: here}), tmp_path)
        assert pushed.returncode == 0 and pushed.stdout.startswith("2 captures: see "), pushed
        assert client.get(pushed.stdout.split()[-1]).headers["content-type"].startswith("text/html")
        done = run(with_addresses(own, **{ADDRESS: here}), tmp_path)
        assert done.returncode == 0, done
        found = client.get("/v1/captures").json()["captures"]
    assert [capture["camera"] for capture in found] == ["door", "demo", "demo"]
    assert (tmp_path / "facecap.db").is_file() and (tmp_path / "crops").is_dir()


def test_keys_that_the_page_makes_let_in(tmp_path: Path) -> None:
    *makes, serve = indented(section("service.md", "Keys"))[0].splitlines()
    secrets = []
    for make in makes:
        done = run(make, tmp_path)
        secrets += re.findall(r"facecap_\S+", done.stderr)
        assert done.returncode == 0 and secrets[-1] not in (tmp_path / "facecap.toml").read_text()
    assert "0.0.0.0" in shlex.split(serve)
    with serving(serve, tmp_path) as client:
        door, office = map(bearer, secrets)
        assert client.get("/v1/captures").status_code == 401
        assert client.get("/v1/captures", headers=office).status_code == 200
        assert client.post("/v1/detect", content=picture(100), headers=door).status_code == 200
        assert client.post("/v1/detect", content=picture(100), headers=office).status_code == 403


def test_a_face_is_captured_from_the_size_on_that_the_page_says() -> None:
    (said,) = re.findall(r"a frontal one about (\d+) pixels high", INTRODUCTION)
    (apart,) = re.findall(r"the (\d+) pixels apart\s+that `capture.min_eye_distance`", INTRODUCTION)
    (sides,) = re.findall(r"`min_face`\s+\((\d+),\s+the\s+sides", INTRODUCTION)
    config = CaptureConfig(mode="once")
    assert (config.min_eye_distance, config.min_face) == (int(apart), int(sides))
    reasons = {}
    for height in (int(said), 0.75 * int(said), 0.5 * int(said)):
        capture, frame = FaceCapture(config), decode_picture(picture(height))
        for _ in range(15):
            (reason,) = capture.process(frame).faces.reasons
        reasons[height] = "captured" if len(capture.flush()) else reason
    assert list(reasons.values()) == ["captured", "eyes_too_close", "too_small"]
