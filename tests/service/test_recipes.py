"""The page of recipes: each runs as it stands there, but for its addresses and keys."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the extra 'service' is not installed")

from docs_pages import blocks, commands, run, started, with_addresses
from esp32 import CameraWebServer, http_client_post
from programs import program
from raw import connection, read_answer
from receiver import SECRET, Receiver
from rtsp_camera import RtspCamera
from served import Served, eventually, running, settings_in
from test_access import basic, key

from facecap_service import configuration

PAGE = "recipes.md"
CAPTURE = {"mode": "fast", "min_hits": 2, "interval": 2, "max_captures": 0}


@pytest.fixture
def keys() -> dict[str, str]:
    """The secrets, as a shell has them."""
    return {}


@pytest.fixture
def kitchen(tmp_path: Path, pipeline: dict[str, Any], keys: dict[str, str], face: bytes) -> Iterator[Served]:
    """A service with the page's two keys and a folder with `face.jpg`."""
    known = []
    for variable, scope in {"PUSH": "push", "READ": "read"}.items():
        keys[variable], entry = key(scope, scope)
        known.append(entry)
    (tmp_path / "face.jpg").write_bytes(face)
    others = {"page": {"show_frames": True}, "cameras": {"queue": 64}}  # ffmpeg does not wait for answers
    with running(settings_in(tmp_path, pipeline=pipeline, capture=CAPTURE, keys=known, **others)) as served:
        keys["SERVICE"] = served.address
        served.client.headers["X-API-Key"] = keys["READ"]
        yield served


@pytest.fixture
def walk(tmp_path: Path, face: bytes) -> Path:
    """Three seconds of H.264 with somebody in it."""
    picture, video = tmp_path / "still.jpg", tmp_path / "walk.mp4"
    picture.write_bytes(face)
    command = [program("ffmpeg"), "-loglevel", "error", "-loop", "1", "-framerate", "10", "-t", "3"]
    command += [
        "-i",
        picture,
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-g",
        "5",
        "-pix_fmt",
        "yuv420p",
        video,
    ]
    subprocess.run(command, check=True, timeout=60)
    return video


@pytest.fixture
def restream(walk: Path) -> Iterator[RtspCamera]:
    """An RTSP camera."""
    camera = RtspCamera(walk)
    yield camera
    camera.stop()


def report(service: Served, camera: str) -> dict[str, Any]:
    """What the service says of a camera; empty where it has sent nothing."""
    answer = service.client.get(f"/v1/cameras/{camera}")
    found: dict[str, Any] = answer.json() if answer.is_success else {}
    return found


def taken(service: Served, camera: str) -> int:
    """How many of its frames were answered."""
    return int(report(service, camera).get("frames", {}).get("ok", 0))


def test_curl_pushes_in_every_way_of_the_page(kitchen: Served, keys: dict[str, str], tmp_path: Path) -> None:
    pushes = commands(blocks(PAGE, "curl", "sh")[0])
    assert len(pushes) == 4
    for number, push in enumerate(pushes, 1):
        done = run(push, tmp_path, **keys)
        assert done.returncode == 0 and len(json.loads(done.stdout)["faces"]) == 1, done
        assert taken(kitchen, "door") == number
    refused = run(pushes[0], tmp_path, **{**keys, "PUSH": "facecap_wrong"})
    assert refused.returncode == 22 and "the key is not known" in refused.stdout


def test_curl_reads_what_was_captured_and_follows_events(
    kitchen: Served, keys: dict[str, str], tmp_path: Path
) -> None:
    for push in commands(blocks(PAGE, "curl", "sh")[0]):
        run(push, tmp_path, **keys)
    listed, crop, events = commands(blocks(PAGE, "curl", "sh")[1])
    found = json.loads(run(listed, tmp_path, **keys).stdout)["captures"]
    assert found and {capture["camera"] for capture in found} == {"door"}
    assert run(crop, tmp_path, **keys, ID=found[0]["id"]).returncode == 0
    assert (tmp_path / "crop.png").read_bytes().startswith(b"\x89PNG")
    with started(events, tmp_path, **keys) as following:
        assert following.stdout is not None
        assert any(line == "event: capture\n" for line in following.stdout)


def of_ffmpeg(service: Served, number: int, **addresses: str) -> str:
    """A command of the section on ffmpeg."""
    (command,) = commands(blocks(PAGE, "ffmpeg", "sh")[number])
    return with_addresses(command, **{"127.0.0.1:8000": service.address.removeprefix("http://"), **addresses})


def test_ffmpeg_sends_a_recording(kitchen: Served, keys: dict[str, str], walk: Path, tmp_path: Path) -> None:
    command = of_ffmpeg(kitchen, 1)
    done = run(command, tmp_path, **keys)
    assert done.returncode == 0, done.stderr
    eventually(lambda: taken(kitchen, "gate") >= 10)
    assert report(kitchen, "gate")["frames"].keys() == {"ok"}
    assert taken(kitchen, "gate") < 30, "five of the ten frames a second"
    captures = kitchen.client.get("/v1/captures?camera=gate").json()["captures"]
    assert captures and {capture["mask"] for capture in captures} == {"no_mask"}


def test_ffmpeg_with_a_wrong_address_ends_with_an_error(
    kitchen: Served, keys: dict[str, str], walk: Path, tmp_path: Path
) -> None:
    command = of_ffmpeg(kitchen, 1).replace("/v1/cameras/", "/v1/camera/")
    assert run(command, tmp_path, **keys).returncode != 0


def test_ffmpeg_sends_an_rtsp_camera(
    kitchen: Served, keys: dict[str, str], restream: RtspCamera, tmp_path: Path
) -> None:
    command = of_ffmpeg(kitchen, 0, **{"camera.example": restream.address})
    with started(command, tmp_path, **keys):
        eventually(lambda: taken(kitchen, "gate") >= 5)
        eventually(lambda: kitchen.client.get("/v1/captures?camera=gate").json()["captures"])
    assert restream.paths == {"/stream1"}


def settings_of(heading: str, folder: Path, pipeline: dict[str, Any], **addresses: str) -> Any:
    """Settings with what a section has for the settings file."""
    (block,) = blocks(PAGE, heading, "toml")
    file = folder / "facecap.toml"
    file.write_text(with_addresses(block, **addresses))
    read = configuration.load(file).settings
    sections = {"pullers": read.pullers, "webhooks": read.webhooks}
    return settings_in(folder, pipeline=pipeline, capture=CAPTURE, **sections)


def test_settings_for_few_frames_a_second_are_those_of_the_camera(tmp_path: Path) -> None:
    (block,) = blocks(PAGE, "ffmpeg", "toml")
    file = tmp_path / "facecap.toml"
    file.write_text(block)
    gate = configuration.load(file).settings.cameras.named["gate"].capture
    assert (gate.min_hits, gate.miss_limit) == (4, 15)


def test_the_stream_of_an_esp32_is_read_and_read_again(
    tmp_path: Path, pipeline: dict[str, Any], face: bytes
) -> None:
    camera = CameraWebServer(face, frames_a_connection=15)
    threading.Thread(target=camera.serve_forever, args=(0.01,), daemon=True).start()
    settings = settings_of("ESP32 camera", tmp_path, pipeline, **{"esp32.example:81": camera.address})
    try:
        with running(settings) as service:
            eventually(lambda: camera.connections >= 2 and taken(service, "yard") >= 10)
            assert report(service, "yard")["frames"].keys() == {"ok"}
            assert service.client.get("/v1/captures?camera=yard").json()["captures"]
    finally:
        camera.shutdown()
        camera.server_close()


def test_frames_of_arduinos_http_client_are_taken_on_one_connection(
    kitchen: Served, keys: dict[str, str], face: bytes
) -> None:
    (sketch,) = blocks(PAGE, "ESP32 camera", "cpp")
    (host, path), (header,) = (
        re.findall(r'begin\("http://([^/]+)(/[^"]+)"\)', sketch)[0],
        re.findall(r'addHeader\("([^"]+)", "facecap_…"\)', sketch),
    )
    with connection(kitchen) as client:
        for secret, status in ((keys["PUSH"], b"200"), ("facecap_wrong", b"401"), (keys["PUSH"], b"200")):
            client.sendall(http_client_post(host, path, [(header, secret)], face))
            answer = read_answer(client)
            assert answer.startswith(b"HTTP/1.1 " + status) and b"chunked" not in answer.lower()
    assert taken(kitchen, "yard") == 2


def test_a_restream_of_frigate_is_read_and_read_again(
    tmp_path: Path, pipeline: dict[str, Any], restream: RtspCamera
) -> None:
    (frigate,) = blocks(PAGE, "Frigate", "yaml")
    addresses = {"frigate.example:8554": restream.address}
    with running(settings_of("Frigate", tmp_path, pipeline, **addresses)) as service:
        eventually(lambda: taken(service, "front") >= 3)
        restream.drop()
        eventually(lambda: report(service, "front")["puller"]["reconnects"] >= 1)
        before = taken(service, "front")
        eventually(lambda: taken(service, "front") > before)
        eventually(lambda: service.client.get("/v1/captures?camera=front").json()["captures"])
    assert {f"/{name}" for name in re.findall(r"^    (\w+):$", frigate, re.M)} == restream.paths


class _Frigate(BaseHTTPRequestHandler):
    picture = b""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/api/front/latest.jpg" else 404)
        self.end_headers()
        self.wfile.write(self.picture)

    def log_message(self, *arguments: Any) -> None:
        pass


def test_the_latest_picture_of_frigate_says_who_wears_a_mask(
    kitchen: Served, keys: dict[str, str], face: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Frigate, "picture", face)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Frigate) as frigate:
        threading.Thread(target=frigate.serve_forever, args=(0.01,), daemon=True).start()
        (command,) = commands(blocks(PAGE, "Frigate", "sh")[0])
        address = f"127.0.0.1:{frigate.server_port}"
        done = run(with_addresses(command, **{"frigate.example:5000": address}), tmp_path, **keys)
        frigate.shutdown()
    assert done.returncode == 0 and json.loads(done.stdout)["faces"][0]["mask"] == "no_mask", done


def test_an_automation_of_home_assistant_finds_what_its_templates_ask_for(
    tmp_path: Path, pipeline: dict[str, Any], face: bytes
) -> None:
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    (automation,) = yaml.safe_load(blocks(PAGE, "Home Assistant", "yaml")[0])["automation"]
    (trigger,) = automation["triggers"]
    receiver = Receiver()
    addresses = {"homeassistant.example:8123": f"127.0.0.1:{receiver.server_port}", "whsec_…": SECRET}
    with running(settings_of("Home Assistant", tmp_path, pipeline, **addresses)) as service:
        for _ in range(2):
            service.push("door", face)
        message = eventually(lambda: receiver.taken and receiver.taken[0])
    receiver.stop()
    assert message.path == f"/api/webhook/{trigger['webhook_id']}" and trigger["allowed_methods"] == ["POST"]
    assert "json" in message.headers["content-type"], "or Home Assistant would not read it as such"

    def filled(text: str) -> str:
        """The template with what came in its places."""
        for name in re.findall(r"trigger\.json\.([\w.]+)", text):
            value: Any = message.event
            for part in name.split("."):
                value = value[part]
            text = text.replace(f"trigger.json.{name}", repr(value))
        return text

    (condition,), (action,) = automation["conditions"], automation["actions"]
    assert filled(condition) == "{{ 'no_mask' == 'no_mask' }}"
    assert filled(action["data"]["message"]).startswith("{{ 'door' }}, {{ '20")


def test_home_assistant_sees_the_last_frame_with_a_password(
    kitchen: Served, keys: dict[str, str], face: bytes
) -> None:
    kitchen.client.post("/v1/cameras/door/frames", content=face, headers={"X-API-Key": keys["PUSH"]})
    del kitchen.client.headers["X-API-Key"]
    seen = kitchen.client.get("/v1/cameras/door/frame", headers=basic(keys["READ"]))
    assert seen.status_code == 200 and seen.headers["content-type"] == "image/jpeg"
