"""The least that a frame over HTTP costs: uvicorn, a thread with the pipeline, and an empty answer.

Run as a program with the network's width and height, or without them for the model's own.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

import uvicorn
from starlette.types import Receive, Scope, Send

from facecap import Detector, FaceCapture, MaskClassifier
from facecap.sources import decode_picture


class BareServer:
    """ASGI application: the body of every request is a frame of one camera."""

    def __init__(self, capture: FaceCapture) -> None:
        self._capture = capture
        self._thread = ThreadPoolExecutor(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message["body"]
            more = message["more_body"]
        await asyncio.get_running_loop().run_in_executor(self._thread, self._follow, body)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    def _follow(self, body: bytes) -> None:
        self._capture.process(decode_picture(body))


def main() -> None:
    """Serve on a free port of the loopback, and say which on standard error."""
    size = [int(number) for number in sys.argv[1:]]
    detector = Detector(input_size=(size[0], size[1]) if size else None)
    app = BareServer(FaceCapture(detector=detector, classifier=MaskClassifier()))
    config = uvicorn.Config(
        app, loop="uvloop", http="httptools", lifespan="off", log_config=None, access_log=False
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(json.dumps({"address": f"http://127.0.0.1:{listener.getsockname()[1]}"}), file=sys.stderr)
        uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    main()
