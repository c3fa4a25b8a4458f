"""Runs one tool of the vendor: everything that it says into a log, and a readable failure."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from facecap.conversion.cvimodel.log import last_words
from facecap.errors import FacecapError

READ = 65536  # bytes of a log's end that are looked through
GRACE = 5.0  # seconds between asking a tool to end and ending it
PROGRESS = "@ "


class ToolError(FacecapError):
    """A tool of the vendor failed; the text says at which step, its last words and where its log is."""


def run_tool(
    step: str,
    command: Sequence[str | Path],
    *,
    folder: Path,
    environment: Mapping[str, str],
    log: Path,
    tell: Callable[[str], None] = lambda text: None,
) -> str:
    """Run a command to its end; returns what it said.

    Args:
        step: what it does, for errors.
        command: the program and its arguments.
        folder: where it runs.
        environment: all of its environment.
        log: a file that its output is added to.
        tell: gets lines that begin with "@ ", without that.

    Raises:
        ToolError: it ended with another code than 0. An interruption ends the tool and goes on.
    """
    words = [str(word) for word in command]
    with log.open("ab") as stream:
        stream.write(f"\n## {step}: {' '.join(words)}\n".encode())
        start = stream.tell()
        try:
            process = subprocess.Popen(
                words,
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise ToolError(f"{step}: {words[0]} cannot be started: {error.strerror}") from None
        try:
            _follow(process, stream, tell)
            code = process.wait()
        except BaseException:
            _end(process)
            raise
    said = _said(log, start)
    if code != 0:
        how = f"ended by signal {-code}" if code < 0 else f"code {code}"
        left = "".join(f"\n  {line}" for line in last_words(said)) or "\n  it said nothing"
        raise ToolError(f"{step} failed ({how}):{left}\n  the whole log: {log}")
    return said


def _follow(process: subprocess.Popen[bytes], log: BinaryIO, tell: Callable[[str], None]) -> None:
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            log.write(line)
            text = line.decode(errors="replace")
            if text.startswith(PROGRESS):
                tell(text[len(PROGRESS) :].strip())


def _end(process: subprocess.Popen[bytes]) -> None:
    """The tool and all that it started."""
    _signal(process, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(GRACE)
    # Also where the tool has ended: what it started may ignore signals, or have begun at that very moment.
    _signal(process, signal.SIGKILL)
    process.wait()


def _signal(process: subprocess.Popen[bytes], sign: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, sign)


def _said(log: Path, start: int) -> str:
    with log.open("rb") as stream:
        stream.seek(max(start, log.stat().st_size - READ))
        return stream.read().decode(errors="replace")
