"""The ways in which the product runs, each from the golden frames to a list of captures."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from facecap import CaptureConfig, Detector, FaceCapture, MaskClassifier
from facecap.errors import FacecapError
from facecap.evaluation.parity.golden import CONFIG, INPUT_SIZE, Captures
from facecap.sources import read_picture

CAMERA = "golden"
STARTS_IN = 60.0  # seconds that the service may take
ANSWERS_IN = 120.0  # seconds for one request
ENDS_IN = 30.0  # seconds

AARCH64 = ("qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu")
"""Runs a program for 64-bit ARM, with the C library of Debian's cross compiler."""

Step = Callable[[int, int], None]
"""Called with how many frames of how many are done."""


# The golden captures are the detector's own: no way takes a second look.


def in_process(
    frames: Path,
    detector: str | None,
    classifier: str | None,
    step: Step,
    size: tuple[int, int] = INPUT_SIZE,
) -> Captures:
    """The Python package: frame after frame through `FaceCapture`; `size` is the detector's input."""
    capture = FaceCapture(
        CaptureConfig(**CONFIG),
        detector=Detector(detector, input_size=size),
        classifier=MaskClassifier(classifier),
        refiner=False,
    )
    captures: Captures = []
    pictures = sorted(frames.glob("*.png"))
    for number, picture in enumerate(pictures):
        captures += [shot.to_dict() for shot in capture.process(read_picture(picture)).captures]
        step(number + 1, len(pictures))
    return captures + [shot.to_dict() for shot in capture.flush()]


def on_board(
    program: Path,
    frames: Path,
    detector: str,
    classifier: str,
    library: str | None,
    size: tuple[int, int] = INPUT_SIZE,
    emulator: Sequence[str] = (),
) -> Captures:
    """facecap-board on the folder of frames; `size` is the detector's input, `emulator` the command before a
    program for another processor.

    Raises:
        FacecapError: the program cannot be run or failed; the text is its own.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        models = {"detector": detector, "classifier": classifier, "refiner": "none"}
        options = {**CONFIG, **models, "out": out}
        options["input_size"] = "x".join(str(side) for side in size)
        if library:
            options["runtime_library"] = library
        flags = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        command = [*emulator, str(program), "--quiet", *flags, str(frames)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as error:
            raise FacecapError(f"{command[0]}: {error.strerror}") from None
        if done.returncode:
            raise FacecapError(f"{program} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
        lines = (out / "captures.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def over_http(frames: Path, step: Step) -> Captures:
    """The service in a process of its own on loopback: every frame is posted, then the camera is flushed.

    Raises:
        FacecapError: it does not start or refuses a frame.
    """
    captures: Captures = []
    pictures = sorted(frames.glob("*.png"))
    with _service() as address:
        for number, picture in enumerate(pictures):
            url = f"{address}/v1/cameras/{CAMERA}/frames?frame_index={number}"
            captures += _post(url, picture.read_bytes())
            step(number + 1, len(pictures))
        captures += _post(f"{address}/v1/cameras/{CAMERA}/flush", b"")
    return captures


def _post(url: str, body: bytes) -> Captures:
    headers = {"Content-Type": "image/png"} if body else {}
    request = urllib.request.Request(url, body, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=ANSWERS_IN) as answer:
            captures: Captures = json.load(answer)["captures"]
    except OSError as error:
        raise FacecapError(f"{url}: {error}") from None
    return captures


@contextmanager
def _service() -> Iterator[str]:
    """Its address while it runs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = folder / "service.toml"
        settings.write_text(_settings(folder))
        command = [sys.executable, "-m", "facecap", "serve", "--settings", str(settings)]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("FACECAP_")}
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
            log = _Log(process)
            try:
                yield log.address()
            finally:
                process.terminate()
                try:
                    process.wait(ENDS_IN)
                except subprocess.TimeoutExpired:
                    process.kill()
                log.join()


def _settings(folder: Path) -> str:
    sections: dict[str, dict[str, Any]] = {
        "server": {"port": 0},
        "store": {"url": f"sqlite:///{folder / 'captures.db'}", "folder": str(folder / "crops")},
        "pipeline": {"input_size": list(INPUT_SIZE), "refiner": "none"},
        "capture": CONFIG,
    }
    lines: list[str] = []
    for section, values in sections.items():
        lines.append(f"[{section}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    return "\n".join(lines) + "\n"


class _Log(threading.Thread):
    """Reads what the service says to its end, so that it never blocks."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        super().__init__(daemon=True)
        self._process = process
        self._lines: list[str] = []
        self._addresses: queue.Queue[str | None] = queue.Queue()
        self.start()

    def run(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._lines.append(line.strip())
            if '"address"' in line:
                self._addresses.put(json.loads(line)["address"])
        self._addresses.put(None)

    def address(self) -> str:
        """Where the service says that it listens."""
        try:
            address = self._addresses.get(timeout=STARTS_IN)
        except queue.Empty:
            address = None
        if address is None:
            raise FacecapError(
                f"the service does not start: {' '.join(self._lines[-3:]) or 'it says nothing'}"
            )
        return address
