"""Motion JPEG that the service pulls is decoded in full only where it must be."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cameras import ScriptedCamera
from served import eventually, running, settings_in

QUIET = 2 + 15
"""Frames without a face until one may be skipped: min_hits and some."""


class Door:
    """A camera that sends the next picture when it is told to."""

    def __init__(self, pictures: list[bytes]) -> None:
        self._pictures = pictures
        self._next = threading.Semaphore(0)

    def __call__(self, write: Any) -> None:
        for picture in self._pictures:
            self._next.acquire(timeout=60)
            write(b"--frame\r\nContent-Length: %d\r\n\r\n%b\r\n" % (len(picture), picture))
        self._next.acquire(timeout=60)

    def show(self) -> None:
        self._next.release()


def pulled(
    folder: Path, pipeline: dict[str, Any], pictures: list[bytes], motion: str, **more: Any
) -> tuple[list[dict[str, Any]], dict[str, Any], bytes]:
    """Captures, the camera's report, and its last frame."""
    folder.mkdir()
    door = Door(pictures)
    camera = ScriptedCamera(door, "multipart/x-mixed-replace; boundary=frame")
    threading.Thread(target=camera.serve_forever, daemon=True).start()
    settings = settings_in(
        folder,
        pipeline=pipeline,
        capture={"mode": "fast", "min_hits": 2, "interval": 2, "max_captures": 0, "motion": motion},
        pullers={"door": {"url": f"http://{camera.address}/video"}},
        page={"show_frames": True},
        **more,
    )
    with running(settings) as service:

        def report() -> dict[str, Any]:
            found: dict[str, Any] = service.client.get("/v1/cameras/door").json()
            return found

        for number in range(len(pictures)):
            door.show()
            eventually(lambda: sum(report().get("frames", {}).values()) == number + 1)  # noqa: B023
        service.client.post("/v1/cameras/door/flush")
        captures = service.client.get("/v1/captures?limit=100").json()["captures"]
        last = service.client.get("/v1/cameras/door/frame").content
        found = report()
    camera.shutdown()
    camera.server_close()
    kept = ("track_id", "sequence", "frame", "shot_frame", "box", "quality", "mask", "kind")
    return [{key: capture[key] for key in kept} for capture in captures], found, last


def test_an_empty_door_that_is_pulled_is_skipped_and_its_visits_are_captured_as_ever(
    tmp_path: Path, pipeline: dict[str, Any], face: bytes, empty: bytes
) -> None:
    pictures = [empty] * (QUIET + 8) + [face] * 6 + [empty] * 4
    found = {motion: pulled(tmp_path / motion, pipeline, pictures, motion) for motion in ("off", "auto")}
    assert found["off"][1]["skipped"] == 0 and found["auto"][1]["skipped"] == 8
    assert len(found["off"][0]) >= 2 and found["off"][0] == found["auto"][0]
    for _, report, last in found.values():
        assert report["frames"] == {"ok": len(pictures)} and report["source"] == "pull"
        assert last == empty


@pytest.mark.parametrize("before", [1, QUIET + 5])
def test_a_damaged_picture_of_a_camera_that_is_pulled_is_counted_by_its_reason(
    tmp_path: Path, pipeline: dict[str, Any], empty: bytes, before: int
) -> None:
    damaged = bytearray(empty)
    middle = len(damaged) * 2 // 3
    damaged[middle : middle + 20] = b"\x11\xfe" * 10
    pictures = [empty] * before + [bytes(damaged)] + [empty] * 2
    _, report, _ = pulled(tmp_path / "one", pipeline, pictures, "auto")
    assert report["frames"] == {"ok": before + 2, "damaged_picture": 1}
    assert report["puller"]["state"] == "streaming"


@pytest.mark.parametrize(
    ("code", "spoil"),
    [
        ("truncated_picture", lambda picture: picture[:-200]),
        ("picture_too_large", lambda picture: picture + bytes(1_000_000)),
        ("unsupported_picture", lambda picture: b"no picture"),
    ],
)
def test_pictures_of_a_camera_that_is_pulled_that_cannot_be_taken_are_its_trouble(
    tmp_path: Path,
    pipeline: dict[str, Any],
    empty: bytes,
    code: str,
    spoil: Callable[[bytes], bytes],
) -> None:
    pictures = [empty] + [spoil(empty)] * 3 + [empty]
    _, report, _ = pulled(tmp_path / "one", pipeline, pictures, "auto", frames={"max_bytes": 1_000_000})
    assert report["frames"] == {"ok": 2, code: 3}
    assert report["puller"]["state"] == "streaming"
    (trouble,) = report["trouble"]
    assert (trouble["kind"], trouble["code"], trouble["count"]) == ("refused", code, 3)
    assert trouble["detail"].startswith("the picture cannot be used: it ")
