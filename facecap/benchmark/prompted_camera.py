"""A camera in another process that sends Motion JPEG over HTTP, a picture each time that one is asked for.

A live source drops what comes while a frame is at work; here nothing comes meanwhile, so that every picture
that is read is worked on.
"""

from __future__ import annotations

import multiprocessing
import socket
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from functools import partial
from itertools import cycle
from multiprocessing.connection import Connection

from facecap.sources import Frame, Limits
from facecap.sources.live import LiveSource
from facecap.sources.video import open_stream

_HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n"
_PIECE, _PAUSE = 12_500, 0.001
"""Bytes that are sent at once, and seconds until the next are: as a network of 100 Mbit/s brings them, and a
reader that takes what has come wakes up often."""
_PATIENCE = 600.0
"""Seconds until the camera counts as silent: it is, while others take their turns."""


@contextmanager
def frames_of(jpegs: list[bytes]) -> Iterator[Iterator[Frame]]:
    """Frames without end, these pictures in turn, as they came (`Frame.encoded`): read as the service and
    `facecap run` read a camera, and each sent when it is asked for."""
    spawn = multiprocessing.get_context("spawn")
    prompts, theirs = spawn.Pipe()
    camera = spawn.Process(target=_send, args=(theirs,), daemon=True)
    camera.start()
    theirs.close()
    with prompts, closing(_frames(prompts, jpegs)) as frames:
        try:
            yield frames
        finally:
            camera.kill()  # the source would wait for its next picture
            camera.join()


def _frames(prompts: Connection, jpegs: list[bytes]) -> Generator[Frame, None, None]:
    prompts.send(jpegs)
    address = f"http://127.0.0.1:{prompts.recv()}"
    connect = partial(open_stream, address, address, Limits(), _PATIENCE, encoded=True)
    prompts.send_bytes(b"")
    with closing(LiveSource(address, connect, 0, lambda text: None).frames()) as frames:
        for frame in frames:
            yield frame
            prompts.send_bytes(b"")


def _send(prompts: Connection) -> None:
    """What the other process does."""
    jpegs = prompts.recv()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        prompts.send(listening.getsockname()[1])
        connection, _ = listening.accept()
    with connection:
        connection.recv(65536)  # the request
        connection.sendall(_HEAD)
        for jpeg in cycle(jpegs):
            prompts.recv_bytes()
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            part = head.encode() + jpeg + b"\r\n"
            for at in range(0, len(part), _PIECE):
                connection.sendall(part[at : at + _PIECE])
                time.sleep(_PAUSE)
