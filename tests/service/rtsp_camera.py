"""An RTSP camera on the loopback, as go2rtc and Frigate restream one: H.264 within the connection."""

from __future__ import annotations

import re
import socket
import socketserver
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

from programs import program


class RtspCamera(socketserver.ThreadingTCPServer):
    """Plays a video over and over to whoever asks for it (RFC 2326, interleaved), at its own rate."""

    daemon_threads = True

    def __init__(self, video: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.address = f"127.0.0.1:{self.server_address[1]}"
        self.paths: set[str] = set()
        self.ffmpeg = [str(program("ffmpeg")), "-loglevel", "error", "-stream_loop", "-1", "-re"]
        self.ffmpeg += ["-i", str(video), "-c", "copy", "-f", "rtp"]
        asked = [*self.ffmpeg, "-frames:v", "1", "rtp://127.0.0.1:9"]
        said = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60).stdout
        self.description = re.sub(r"^m=video \d+", "m=video 0", said.partition("SDP:\n")[2], flags=re.M)
        self.connections: list[socket.socket] = []
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def drop(self) -> None:
        """End all connections."""
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        """End."""
        self.shutdown()
        self.drop()
        self.server_close()


class _Connection(socketserver.StreamRequestHandler):
    server: RtspCamera

    def handle(self) -> None:
        self.server.connections.append(self.connection)
        self._player: subprocess.Popen[bytes] | None = None
        with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as packets:
            packets.bind(("127.0.0.1", 0))
            while line := self.rfile.readline().decode():
                lines = [line, *iter(lambda: self.rfile.readline().decode().strip(), "")]
                self._answer(line.split(), dict(one.split(": ", 1) for one in lines[1:]), packets)
        if self._player is not None:
            self._player.kill()
            self._player.wait()

    def _answer(self, asked: list[str], headers: dict[str, str], packets: socket.socket) -> None:
        method, address = asked[:2]
        more, body = "", ""
        if method == "DESCRIBE":
            self.server.paths.add("/" + address.split("/", 3)[3])
            more, body = "Content-Type: application/sdp\r\n", self.server.description
        elif method == "SETUP":
            if "RTP/AVP/TCP" not in headers["Transport"]:
                self._say("461 Unsupported transport", headers["CSeq"])
                return
            more = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n"
        self._say("200 OK", headers["CSeq"], more, body)
        if method == "PLAY":
            port = packets.getsockname()[1]
            self._player = subprocess.Popen(
                [*self.server.ffmpeg, f"rtp://127.0.0.1:{port}"], stdout=subprocess.DEVNULL
            )
            threading.Thread(target=self._forward, args=(packets,), daemon=True).start()

    def _say(self, status: str, number: str, more: str = "", body: str = "") -> None:
        head = f"RTSP/1.0 {status}\r\nCSeq: {number}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
        self.wfile.write((head + body).encode())

    def _forward(self, packets: socket.socket) -> None:
        with suppress(OSError):
            while packet := packets.recv(65536):
                self.wfile.write(b"$\0" + len(packet).to_bytes(2, "big") + packet)
