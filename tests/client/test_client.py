"""The client against a service that fails on purpose."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from datetime import datetime, timezone
from email.utils import format_datetime

import pytest

pytest.importorskip("httpx", reason="httpx is not installed")

from cameras import closed_port
from failing_service import HANG_UP, SWALLOW, FailingService

from facecap import FacecapError
from facecap.client import Client, Refused, ServiceError, Unreachable

LONG = 60  # seconds; a bound, never reached


@pytest.fixture
def service() -> Iterator[FailingService]:
    server = FailingService()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.open_gate.set()
    server.shutdown()
    server.server_close()


def test_frames_arrive_in_order_and_are_answered(service: FailingService) -> None:
    with Client(service.address, key="secret") as client, client.camera("door", queue=3) as door:
        futures = [door.push(b"frame %d" % number, timestamp=float(number)) for number in range(20)]
        answers = [future.result(LONG) for future in futures]
        last = door.push(b"a face").result(LONG)
    assert [body for _, body in service.taken["door"]] == [b"frame %d" % n for n in range(20)] + [b"a face"]
    indices = [index for index, _ in service.taken["door"]]
    assert indices == list(range(indices[0], indices[0] + 21))
    assert [answer.result["frame_index"] for answer in answers] == indices[:20]
    assert answers[0].capture_ids == () and last.capture_ids == (f"door-{indices[-1]}", "second")
    assert "timestamp=3.0" in service.requests[3] and set(service.keys) == {"Bearer secret"}
    assert door.counts.pushed == door.counts.answered == 21 and door.counts.retries == 0


@pytest.mark.parametrize(
    "failure",
    [HANG_UP, SWALLOW, (408, {}), (429, {}), (500, {}), (502, {}), (503, {}), (504, {})],
    ids=lambda failure: str(failure[0]) if isinstance(failure, tuple) else failure,
)
def test_no_frame_is_lost_doubled_or_overtaken(service: FailingService, failure: object) -> None:
    service.failures.extend([None, failure, None, failure, failure])  # type: ignore[list-item]
    with Client(service.address) as client, client.camera("door") as door:
        futures = [door.push(b"%d" % number) for number in range(4)]
        for future in futures:
            future.result(LONG)
    assert [body for _, body in service.taken["door"]] == [b"0", b"1", b"2", b"3"]
    assert door.counts.retries == 3 and door.counts.answered == 4


@pytest.mark.parametrize("form", ["seconds", "date", "nonsense"])
def test_retry_after_is_kept(service: FailingService, form: str) -> None:
    past = format_datetime(datetime(2020, 1, 1, tzinfo=timezone.utc), usegmt=True)
    text = {"seconds": "1", "date": past, "nonsense": "soon"}[form]
    service.failures.append((429, {"Retry-After": text}))
    with Client(service.address) as client, client.camera("door") as door:
        door.push(b"frame").result(LONG)
    assert len(service.requests) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 415, 422, 301])
def test_what_is_refused_for_good_is_reported_once_and_the_next_goes_on(
    service: FailingService, status: int
) -> None:
    service.failures.append((status, {}))
    with Client(service.address) as client, client.camera("door") as door:
        bad, good = door.push(b"bad"), door.push(b"good")
        with pytest.raises(Refused, match="on purpose") as caught:
            bad.result(LONG)
        good.result(LONG)
    assert (caught.value.status, caught.value.code) == (status, f"code_{status}")
    assert [body for _, body in service.taken["door"]] == [b"good"]
    assert (door.counts.refused, door.counts.answered, door.counts.retries) == (1, 1, 0)


def test_a_frame_at_which_the_service_fails_again_and_again_does_not_stop_the_rest(
    service: FailingService,
) -> None:
    service.failures.extend([(500, {})] * 3)
    with Client(service.address) as client, client.camera("door") as door:
        bad, good = door.push(b"bad"), door.push(b"good")
        with pytest.raises(Refused):
            bad.result(LONG)
        good.result(LONG)


def test_camera_whose_numbers_are_ahead_is_gone_on_with(service: FailingService) -> None:
    ahead = 2**52
    service.taken["door"] = [(ahead, b"earlier")]
    with Client(service.address) as client, client.camera("door") as door:
        futures = [door.push(b"%d" % number) for number in range(3)]
        for future in futures:
            future.result(LONG)
    assert [index for index, _ in service.taken["door"]] == [ahead, ahead + 1, ahead + 2, ahead + 3]


def test_own_numbers_are_kept_and_a_stale_one_is_reported(service: FailingService) -> None:
    with Client(service.address) as client, client.camera("door") as door:
        futures = [door.push(b"frame", frame_index=index) for index in (5, 9, 7)]
        assert futures[1].result(LONG).result["frame_index"] == 9
        with pytest.raises(Refused) as caught:
            futures[2].result(LONG)
    assert caught.value.code == "stale_frame" and caught.value.status == 409
    assert [index for index, _ in service.taken["door"]] == [5, 9]


def test_full_queue_blocks(service: FailingService) -> None:
    service.open_gate.clear()
    with Client(service.address) as client, client.camera("door", queue=2) as door:
        for number in range(3):
            door.push(b"%d" % number, timeout=LONG)  # one under way, two waiting
        with pytest.raises(TimeoutError, match="no room"):
            door.push(b"3", timeout=0.05)
        assert door.waiting == 3
        service.open_gate.set()
        door.push(b"4", timeout=LONG)
    assert [body for _, body in service.taken["door"]] == [b"0", b"1", b"2", b"4"]


def test_full_queue_lets_the_oldest_go(service: FailingService) -> None:
    service.open_gate.clear()
    with Client(service.address) as client:
        door = client.camera("door", queue=2, when_full="drop_oldest")
        first = door.push(b"0")
        while not first.running():
            pass
        others = [door.push(b"%d" % number) for number in range(1, 6)]
        service.open_gate.set()
        assert door.wait(LONG)
        assert [future.cancelled() for future in others] == [True, True, True, False, False]
        with pytest.raises(CancelledError):
            others[0].result(LONG)
    assert [body for _, body in service.taken["door"]] == [b"0", b"4", b"5"]
    # Numbers show the frames that are missing.
    assert service.taken["door"][1][0] - service.taken["door"][0][0] == 4
    assert (door.counts.pushed, door.counts.answered, door.counts.dropped) == (6, 3, 3)


def test_cancelled_frame_is_not_sent(service: FailingService) -> None:
    service.open_gate.clear()
    with Client(service.address) as client, client.camera("door") as door:
        first = door.push(b"0")
        while not first.running():
            pass
        assert door.push(b"1").cancel()
        service.open_gate.set()
    assert [body for _, body in service.taken["door"]] == [b"0"]


def test_closing_waits_for_what_was_pushed_and_takes_no_more(service: FailingService) -> None:
    service.failures.append((503, {}))
    with Client(service.address) as client:
        door = client.camera("door")
        future = door.push(b"frame")
        assert door.close() == 0
        assert future.done() and len(service.taken["door"]) == 1
        with pytest.raises(RuntimeError, match="closed"):
            door.push(b"late")


def test_closing_without_a_service_gives_up_and_says_how_much_is_lost() -> None:
    client = Client(f"http://127.0.0.1:{closed_port()}")
    door = client.camera("door")
    first, second = door.push(b"0"), door.push(b"1")
    while not first.running():
        pass
    assert door.close(drain_seconds=0.1) == 2
    assert second.cancelled()
    with pytest.raises(Unreachable):
        first.result(LONG)
    client.close()


def test_failing_program_does_not_wait_for_a_dead_service() -> None:
    address = f"http://127.0.0.1:{closed_port()}"
    with pytest.raises(KeyError), Client(address) as client, client.camera("door") as door:
        door.push(b"0")
        raise KeyError


def test_flush_comes_after_the_frames(service: FailingService) -> None:
    with Client(service.address) as client, client.camera("door") as door:
        for number in range(3):
            door.push(b"%d" % number)
        assert door.flush() == [{"kind": "flush"}]
    assert service.requests[-1].endswith("/v1/cameras/door/flush") and len(service.requests) == 4


def test_captures_are_listed_over_pages_and_failures(service: FailingService) -> None:
    service.failures.append((503, {}))
    with Client(service.address) as client:
        listed = list(
            client.captures(
                camera="door", time_from=datetime(2026, 1, 1, tzinfo=timezone.utc), mask="no_mask"
            )
        )
    assert [capture["id"] for capture in listed] == [f"{number:04}" for number in range(450)]
    assert "from=2026-01-01T00%3A00%3A00%2B00%3A00" in service.requests[0] and len(service.requests) == 4


def test_missing_crop_is_refused(service: FailingService) -> None:
    with Client(service.address) as client, pytest.raises(Refused) as caught:
        client.crop("nothing/../here")
    assert caught.value.status == 404 and "nothing%2F..%2Fhere" in service.requests[0]


def test_wrong_arguments_are_named(service: FailingService) -> None:
    with pytest.raises(ValueError, match="http://"):
        Client("127.0.0.1:8000")
    with pytest.raises(ValueError, match="line break"):
        Client(service.address, key="secret\n")
    with Client(service.address) as client:
        with pytest.raises(ValueError, match="queue is 0"):
            client.camera("door", queue=0)
        with pytest.raises(ValueError, match="drop_oldest"):
            client.camera("door", when_full="explode")  # type: ignore[arg-type]


def test_answer_of_something_else_is_named(service: FailingService) -> None:
    service.captures = []
    with Client(service.address) as client:
        service.failures.append((200, {"Content-Length": "2"}))
        with pytest.raises(ServiceError):
            next(client.captures())


def test_without_httpx_it_says_what_to_install() -> None:
    program = "import sys; sys.modules['httpx'] = None\nimport facecap.client as c\nc.Client('http://x')"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 1 and FacecapError.__name__ in ended.stderr
    assert "pip install httpx" in ended.stderr
