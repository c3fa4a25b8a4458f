"""Motion JPEG over HTTP: pictures as they come, whatever the server does with them."""

from __future__ import annotations

import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import cv2
import numpy as np
import pytest
from authority import Authority
from cameras import ScriptedCamera

from facecap import sources
from facecap.sources import Frame, Limits, PictureError, Source, SourceError, open_source
from facecap.sources.http_body import Body

TYPE = "multipart/x-mixed-replace; boundary=frame"
LIMITS = Limits(bytes=40_000)
Write = Callable[[bytes], Any]


def picture(grey: int) -> bytes:
    return cv2.imencode(".jpg", np.full((48, 64, 3), grey, np.uint8))[1].tobytes()


def large_picture() -> bytes:
    """Some 30 kB."""
    noise = np.random.default_rng(1).integers(0, 256, (120, 160, 3), np.uint8)
    return cv2.imencode(".jpg", noise)[1].tobytes()


def part(data: bytes, *, sized: bool = True, boundary: str = "frame") -> bytes:
    length = f"Content-Length: {len(data)}\r\n" if sized else ""
    return f"--{boundary}\r\nContent-Type: image/jpeg\r\n{length}\r\n".encode() + data + b"\r\n"


@contextmanager
def serving(send: Callable[[Write], None], content_type: str = TYPE, **more: Any) -> Iterator[str]:
    server = ScriptedCamera(send, content_type, **more)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://{server.address}"
    server.shutdown()
    server.server_close()


@contextmanager
def slow_network(port: int) -> Iterator[int]:
    """A port of the loopback that leads to another one, whose answers come in pieces."""

    def forward(giver: socket.socket, taker: socket.socket, pause: float) -> None:
        with suppress(OSError):
            while data := giver.recv(1000):
                taker.sendall(data)
                time.sleep(pause)

    def connect() -> None:
        client, _ = listening.accept()
        with client, socket.create_connection(("127.0.0.1", port)) as server:
            threading.Thread(target=forward, args=(client, server, 0), daemon=True).start()
            forward(server, client, 0.002)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=connect, daemon=True).start()
        yield listening.getsockname()[1]


class Steps:
    """Parts that are sent one by one, each when the reader has had the one before."""

    def __init__(self, *parts: bytes) -> None:
        self._parts = parts
        self._wanted = threading.Semaphore(1)

    def __call__(self, write: Write) -> None:
        for each in self._parts:
            assert self._wanted.acquire(timeout=60)
            write(each)
        self._wanted.acquire(timeout=60)

    def more(self) -> None:
        self._wanted.release()


def greys(source: Source, steps: Steps, count: int) -> list[int]:
    """Of so many frames, each asked for when the one before is here."""
    found: list[int] = []
    for frame in source.frames():
        found.append(round(float(frame.image.mean())))
        if len(found) == count:
            source.stop()
        steps.more()
    return found


@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize("sized", [False, True])
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [(TYPE, "frame"), ("multipart/x-mixed-replace", "anything"), (TYPE, "another")],
)
@pytest.mark.parametrize("path", ["/live", "/moved"])
def test_each_picture_comes_in_its_order(path, content_type, boundary, chunked, sized, encoded):
    parts = [part(picture(grey), sized=sized, boundary=boundary) for grey in (20, 60, 100, 140)]
    if not sized:  # a part without a length ends where the next begins
        parts = [parts[0] + f"--{boundary}\r\n".encode(), *[each.split(b"\r\n", 1)[1] for each in parts[1:]]]
        parts[1:] = [each + f"--{boundary}\r\n".encode() for each in parts[1:]]
    steps = Steps(*parts)
    with serving(steps, content_type, chunked=chunked) as server:
        source = open_source(server + path, retries=0, encoded=encoded)
        assert greys(source, steps, 4) == [20, 60, 100, 140]
    assert (source.dropped, source.damaged) == (0, 0)


@pytest.mark.parametrize("between", [b"\r\n--frame\r\n", b"\r\n--frame\r\n\r\n", b"\n--frame\n"])
@pytest.mark.parametrize("before", [b"", b"\r\n", b"--frame\r\n\r\n"])
def test_parts_may_have_no_header(before, between):
    """`between`: as sent after each picture, so that its end is known."""
    blank = b"\r\n" if b"\r" in between else b"\n"
    first = before + b"--frame" + blank
    parts = [blank + picture(grey) + between for grey in (20, 60, 100)]
    steps = Steps(first + parts[0], *parts[1:])
    with serving(steps) as server:
        source = open_source(server, retries=0, encoded=True)
        assert greys(source, steps, 3) == [20, 60, 100]
    assert source.damaged == 0


@pytest.mark.parametrize("header", [b"", b"Content-Type: image/jpeg\r\n"])
def test_one_boundary_after_a_part_and_one_before_the_next_are_no_part(header):
    parts = [
        b"--frame\r\n" + header + b"\r\n" + picture(grey) + b"\r\n--frame\r\n\r\n" for grey in (20, 60, 100)
    ]
    steps = Steps(*parts)
    with serving(steps) as server:
        source = open_source(server, retries=0, encoded=True)
        assert greys(source, steps, 3) == [20, 60, 100]
    assert source.damaged == 0


def test_pictures_are_given_as_they_came_where_that_is_asked_for():
    with serving(lambda write: [write(part(picture(90))) for _ in range(5)]) as server:
        for encoded in (True, False):
            frame: Frame = next(open_source(server, retries=0, encoded=encoded).frames())
            assert (frame.encoded is not None) == encoded
            assert frame.encoded is None or frame.encoded.data == picture(90)
            np.testing.assert_array_equal(frame.image, cv2.imdecode(np.frombuffer(picture(90), np.uint8), 1))


@pytest.mark.parametrize("chunked", [False, True])
def test_a_picture_that_comes_in_many_pieces_wakes_its_reader_seldom(monkeypatch, chunked):
    reads = 0
    read = Body.read

    def counted(body: Body, missing: int = 1) -> bytes:
        nonlocal reads
        reads += 1
        return read(body, missing)

    monkeypatch.setattr(Body, "read", counted)
    with (
        serving(lambda write: write(part(large_picture())), chunked=chunked) as server,
        slow_network(int(server.rpartition(":")[2])) as port,
    ):
        frame = next(open_source(f"http://127.0.0.1:{port}", retries=0, encoded=True).frames())
    assert frame.encoded.data == large_picture()
    assert reads < 8 < len(large_picture()) // 1000


def test_a_picture_under_tls_waits_for_nothing_that_has_come(tmp_path):
    """Its records come in pieces: what the socket still has to bring is less than what is missing."""
    steps = Steps(*[part(large_picture())] * 3)
    server = ScriptedCamera(steps, TYPE)
    server.socket = Authority(tmp_path, "ours").server("camera").wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    with slow_network(server.server_port) as port:
        source = open_source(f"https://127.0.0.1:{port}", retries=0, encoded=True)
        assert len(greys(source, steps, 3)) == 3
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (part(picture(90)[:-200]), "it is cut short"),
        (part(b"no picture"), "it is no JPEG"),
        (part(bytes(41_000)), "it has 41000 bytes, the limit is 40000"),
        (part(b"\n" * 41_000, sized=False), "it has more than 40000 bytes, the limit"),
        (b"--frame\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\nno\r\n", "it is no JPEG"),
        (part(bytes(900_000), sized=False), "it has more than 40000 bytes, the limit"),
        (part(b"\r\n--frames\r\n--fram\r\n" * 9, sized=False), "it is no JPEG"),
    ],
)
def test_a_part_that_cannot_be_used_is_said_and_left_out(wrong, said, encoded):
    told: list[str] = []
    steps = Steps(part(picture(20)), wrong + part(picture(60)), part(picture(100)))
    with serving(steps) as server:
        source = open_source(server, limits=LIMITS, retries=0, report=told.append, encoded=encoded)
        indices: list[int] = []
        for frame in source.frames():
            indices.append(frame.index)
            if len(indices) == 3:
                source.stop()
            steps.more()
    assert indices == [0, 2, 3]
    assert source.damaged == 1
    assert len(told) == 1 and f"frame 1: {said}" in told[0]


def test_damage_inside_of_a_picture_is_found_where_it_is_decoded():
    noise = np.random.default_rng(1).integers(0, 256, (48, 64, 3), np.uint8)
    damaged = bytearray(cv2.imencode(".jpg", noise)[1].tobytes())
    damaged[-400:-300] = bytes(100)
    steps = Steps(part(picture(20)), part(bytes(damaged)), part(picture(60)))
    with serving(steps) as server:
        seen: list[Any] = []
        source = open_source(server, retries=0, encoded=True)
        for frame in source.frames():
            try:
                seen.append(round(float(frame.image.mean())))
            except PictureError as error:
                seen.append(str(error))
            if len(seen) == 3:
                source.stop()
            steps.more()
    assert seen[0] == 20 and "it is damaged" in seen[1] and seen[2] == 60


def failure(address: str, limits: Limits = LIMITS) -> str:
    with pytest.raises(SourceError) as error:
        list(open_source(address, limits=limits, retries=0).frames())
    return str(error.value)


@pytest.mark.parametrize("limits", [Limits(bytes=500), Limits(pixels=1000)])
def test_a_camera_whose_pictures_are_too_large_is_told_the_limit(limits):
    with serving(lambda write: [write(part(picture(90))) for _ in range(50)]) as server:
        said = failure(server, limits)
    assert "its pictures cannot be used: it has" in said and "the limit is" in said


@pytest.mark.parametrize(
    ("wrong", "said"), [(b"no picture", "it is no JPEG"), (picture(90)[:200], "it is cut short")]
)
def test_nothing_but_damage_ends_a_stream_and_says_what_is_wrong(wrong, said):
    with serving(lambda write: [write(part(wrong)) for _ in range(50)]) as server:
        assert f"its pictures cannot be used: {said}" in failure(server)


@pytest.mark.parametrize("encoded", [False, True])
def test_pictures_without_their_end_are_read_by_ffmpeg(encoded):
    """As some cameras send them all."""
    noise = np.random.default_rng(1).integers(0, 256, (24, 32, 3), np.uint8)
    sent = cv2.imencode(".jpg", cv2.resize(noise, (320, 240)))[1].tobytes()
    ended = threading.Event()

    def send(write: Write) -> None:
        while not ended.wait(0.02):
            write(part(sent[:-2]))

    with serving(send) as server:
        source = open_source(server, retries=0, encoded=encoded)
        frame = next(source.frames())
        ended.set()
    difference = cv2.absdiff(frame.image, cv2.imdecode(np.frombuffer(sent, np.uint8), cv2.IMREAD_COLOR))
    assert difference.mean() < 4  # ffmpeg rounds colours in another way
    assert source.damaged == 0


def test_damaged_pictures_before_the_first_that_is_whole_are_said():
    told: list[str] = []
    steps = Steps(part(picture(90)[:-200]) * 3 + part(picture(20)), part(picture(60)))
    with serving(steps) as server:
        source = open_source(server, retries=0, report=told.append, encoded=True)
        assert greys(source, steps, 2) == [20, 60]
    assert source.damaged == 3
    assert [text.rpartition(": frame ")[2].partition(":")[0] for text in told] == ["0", "1", "2"]


class Connections:
    """Sends the same on each connection, and counts them."""

    def __init__(self, sent: bytes) -> None:
        self._sent = sent
        self.count = 0

    def __call__(self, write: Write) -> None:
        self.count += 1
        write(self._sent)

    def read(self, upto: int) -> None:
        """Retry once in a row, until there were so many."""
        with serving(self) as server:
            source = open_source(server, retries=1)
            for _ in source.frames():
                if self.count == upto:
                    source.stop()


def test_connections_that_bring_one_picture_and_then_damage_are_given_up():
    with pytest.raises(SourceError, match="given up after 1 retries"):
        Connections(part(picture(90)) + part(picture(90)[:-200]) * 50).read(upto=5)


def test_connections_that_are_lost_within_a_picture_are_made_again_however_often():
    connections = Connections(part(picture(90)) + part(picture(90))[:-200])
    connections.read(upto=4)
    assert connections.count == 4


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams are waited for one second."""
    monkeypatch.setattr(sources, "_STREAM_TIMEOUT", 1.0)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("begun", [b"", part(picture(90))[:300], b"--frame\r\nX-A: "])
def test_a_server_that_hangs_after_a_picture_is_a_lost_connection(begun):
    ended = threading.Event()

    def hang(write: Write) -> None:
        write(part(picture(90)) + begun)
        ended.wait(60)

    with serving(hang) as server:
        assert "the connection was lost" in failure(server)
        ended.set()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("head", [b"", part(picture(90))[:300], b"--frame\r\n\r\n"])
def test_a_server_that_sends_a_byte_now_and_then_is_not_waited_for(head):
    ended = threading.Event()

    def trickle(write: Write) -> None:
        write(part(picture(90)) + head)
        while not ended.wait(0.05):
            write(b"x")

    with serving(trickle) as server:
        assert "the connection was lost" in failure(server)
        ended.set()


@pytest.mark.usefixtures("impatient")
def test_a_server_that_never_ends_a_part_fills_no_memory():
    sent = 0

    def pour(write: Write) -> None:
        nonlocal sent
        write(part(picture(90)) + b"--frame\r\nContent-Type: image/jpeg\r\n\r\n")
        while True:
            write(bytes(1 << 16))
            sent += 1 << 16

    with serving(pour) as server:
        tracemalloc.start()
        try:
            assert "the connection was lost" in failure(server)
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert sent > 2 * most > LIMITS.bytes


def test_what_is_no_multipart_goes_to_ffmpeg_as_ever():
    with serving(lambda write: write(b"<html>" + b"no video " * 500), "text/html") as server:
        assert "no video that can be read (Content-Type text/html)" in failure(server)
