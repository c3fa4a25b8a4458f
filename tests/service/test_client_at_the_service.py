"""The Python client at the real service: what was pushed is worked on once and in order, whatever happens."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from served import Served
from wire import Wire

from facecap.client import Client, Refused

LONG = 60  # seconds; a bound, never reached


@pytest.fixture
def wire(service: Served) -> Iterator[Wire]:
    one = Wire(("127.0.0.1", int(service.address.rpartition(":")[2])))
    yield one
    one.close()


def test_pushed_frames_are_captured_listed_and_flushed(service: Served, face: bytes) -> None:
    with Client(service.address) as client, client.camera("door") as door:
        answers = [door.push(face, timestamp=1.7e9 + number).result(LONG) for number in range(2)]
        [stored] = client.captures(camera="door")
        assert answers[1].capture_ids == (stored["id"],)
        [given] = answers[1].result["captures"]
        assert {name: stored[name] for name in given} == given
        assert stored["visit"] == {"shots": 2, "lost": {"track_unconfirmed": 1}}
        assert client.crop(stored["id"]).startswith(b"\x89PNG")
        assert list(client.captures(mask="mask", camera="hall")) == []
        assert len(client.detect(face)["faces"]) == 1
        assert isinstance(door.flush(), list)


def test_a_connection_that_breaks_loses_and_doubles_nothing(service: Served, wire: Wire, face: bytes) -> None:
    with Client(f"http://{wire.address}") as client, client.camera("door", queue=4) as door:
        futures = []
        for number in range(30):
            futures.append(door.push(face))
            if number % 10 == 5:
                wire.cut()
                time.sleep(0.05)
                wire.mend()
        indices = [future.result(LONG).result["frame_index"] for future in futures]
    assert indices == list(range(indices[0], indices[0] + 30))
    [report] = service.client.get("/v1/cameras").json()["cameras"]
    assert report["frames"]["ok"] == 30 and set(report["frames"]) <= {"ok", "repeated", "body_cut_short"}
    with Client(service.address) as client:
        assert len(list(client.captures())) == report["captures"]


def test_a_program_that_starts_again_goes_on(service: Served, face: bytes) -> None:
    for _ in range(2):
        with Client(service.address) as client, client.camera("door") as door:
            for _ in range(3):
                door.push(face)
        assert door.counts.answered == 3 and door.counts.refused == 0


def test_what_is_no_picture_is_refused_by_name(service: Served, face: bytes) -> None:
    with Client(service.address) as client, client.camera("door") as door:
        bad, good = door.push(b"no picture"), door.push(face)
        with pytest.raises(Refused) as caught:
            bad.result(LONG)
        assert good.result(LONG).result["faces"]
    assert caught.value.status == 415 and caught.value.code
