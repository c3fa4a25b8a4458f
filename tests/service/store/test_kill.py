"""kill -9 of a server at work: what was answered is there, and the store is sound."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
from captures import png, wherever_crops_lie
from process import Process
from pushing import pushed

from facecap_service.store import CaptureQuery, Store

ROUNDS = 6
BOARDS = 3


class Board:
    """Pushes captures, each under a key of its own until it is answered, as a board does."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0
        self.answered: dict[str, int] = {}
        """Id -> which capture."""

    def push_until(self, end: threading.Event, address: str) -> None:
        """Push until the server dies or `end`."""
        with httpx.Client(base_url=address, timeout=30, trust_env=False) as client:
            while not end.is_set():
                try:
                    self.push_one(client)
                except httpx.TransportError:
                    return

    def push_one(self, client: httpx.Client) -> None:
        """The next capture, or again the one that was not answered."""
        answer = client.post(
            f"/v1/cameras/{self.name}/captures",
            json=self.body(self.count),
            headers={"Idempotency-Key": f"{self.name}-{self.count}"},
        )
        assert answer.status_code in (200, 201), answer.text
        self.answered[answer.headers["facecap-captures"]] = self.count
        self.count += 1

    def body(self, number: int) -> dict[str, Any]:
        """Crops repeat now and then, also between boards."""
        return pushed(number % 7, frame=number)


class Camera:
    """Pushes frames, and remembers which captures they were answered with."""

    def __init__(self, frame: bytes) -> None:
        self.answered: list[str] = []
        self._frame = frame

    def push_until(self, end: threading.Event, address: str) -> None:
        with httpx.Client(base_url=address, timeout=30, trust_env=False) as client:
            while not end.is_set():
                try:
                    answer = client.post("/v1/cameras/lobby/frames", content=self._frame)
                except httpx.TransportError:
                    return
                assert answer.status_code == 200, answer.text
                ids = answer.headers.get("facecap-captures", "")
                self.answered += [identity for identity in ids.split(",") if identity]


def settings_file(folder: Path, url: str, crops: str, pipeline: dict[str, Any]) -> Path:
    """Retention is always at work, without any grace."""
    path = folder / "facecap.toml"
    path.write_text(
        f"""
[server]
port = 0
[store]
url = "{url}"
folder = "{folder / "crops"}"
crops = "{crops}"
[retention]
interval_seconds = 0.05
grace_seconds = 0.001
[pipeline]
detector = "{pipeline["detector"]}"
classifier = "{pipeline["classifier"]}"
refiner = "none"
[capture]
mode = "fast"
min_hits = 2
interval = 2
max_captures = 0
"""
    )
    return path


def check(url: str, folder: Path, boards: list[Board], camera: Camera) -> None:
    """Look into the store itself."""
    store = Store.open(url, folder)  # reads those in the database too
    rows = {row.id: row for row in store.captures(CaptureQuery(limit=1_000_000)).captures}
    for board in boards:
        for identity, number in board.answered.items():
            assert rows[identity].capture["frame"] == number, "an answered capture is lost or another"
            assert store.crop(rows[identity].crop) == png(number % 7)
    assert set(camera.answered) <= set(rows), "a capture of a frame that was answered is lost"
    for row in rows.values():
        crop = store.crop(row.crop)
        assert crop is not None and hashlib.sha256(crop).hexdigest() == row.crop, "a row lacks its crop"
    events, position = [], 0
    while batch := store.events_after(position, 1000):
        events += batch
        position = batch[-1].id
    assert [event.id for event in events] == list(range(1, store.last_event_id() + 1))
    with_event = [event.capture for event in events if event.kind == "capture"]
    assert sorted(with_event) == sorted(rows), "a capture has two events or none"
    if url.startswith("sqlite"):
        with store._database.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalars().all() == ["ok"]
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    store.close()


@wherever_crops_lie
def test_killed_server_has_kept_every_capture_that_it_answered(
    url: str, crops: str, tmp_path: Path, pipeline: dict[str, Any], face: bytes
) -> None:
    chance = random.Random()
    settings = settings_file(tmp_path, url, crops, pipeline)
    boards, camera = [Board(f"board-{n}") for n in range(BOARDS)], Camera(face)
    for _ in range(ROUNDS):
        server, end = Process(settings), threading.Event()
        with ThreadPoolExecutor(BOARDS + 1) as pool:
            work = [pool.submit(each.push_until, end, server.address) for each in (*boards, camera)]
            time.sleep(chance.uniform(0.05, 1.0))
            server.kill()
            for each in work:
                each.result()
        check(url, tmp_path / "crops", boards, camera)
    assert any(board.answered for board in boards)

    server = Process(settings)
    with httpx.Client(base_url=server.address, timeout=30, trust_env=False) as client:
        for board in boards:
            board.push_one(client)  # what was under way when the server died, under the same key
            listed = client.get("/v1/captures", params={"camera": board.name, "limit": 200}).json()[
                "captures"
            ]
            numbers = [item["frame"] for item in listed]
            assert len(numbers) == len(set(numbers)), "a capture that was sent again is there twice"
            item = listed[0]
            assert client.get(item["crop"]).content == png(item["frame"] % 7)
    assert server.stop() == 0
    check(url, tmp_path / "crops", boards, camera)
    assert all(board.count == len(board.answered) for board in boards)
