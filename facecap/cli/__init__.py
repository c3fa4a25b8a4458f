"""The command line: `facecap COMMAND`.

Results go to standard output or into --out, progress and logs to standard error. Exit codes: 0 done, 1 the
work failed, 2 wrong usage, 130 interrupted. Every option of a command can also be set in the environment:
--max-frames is FACECAP_MAX_FRAMES; a flag wins.
"""

from __future__ import annotations

import importlib
import io
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version

from facecap.cli.environment import Parser
from facecap.errors import FacecapError

COMMANDS = (
    "run",
    "batch",
    "demo",
    "replay",
    "detect",
    "classify",
    "embed",
    "serve",
    "models",
    "train",
    "eval",
    "convert",
    "bench",
    "doctor",
)
INTERRUPTED = 130


class UsageError(Exception):
    """Options that do not fit together; ends with exit code 2."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    # OpenCV and its ffmpeg write warnings of their own to standard error; what matters is said by facecap.
    os.environ.setdefault("OPENCV_LOG_LEVEL", "ERROR")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="surrogateescape")  # names of files need not be UTF-8
    logging.basicConfig(stream=sys.stderr, format="facecap: %(message)s")
    try:
        with _ended_as_by_ctrl_c(signal.SIGTERM):
            return _run(arguments)
    except FacecapError as error:
        return _failed(str(error))
    except BrokenPipeError:
        # Nobody reads any more. Python would complain once more when it closes standard output at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        return _failed(failure_words(error))
    except KeyboardInterrupt:
        print("facecap: interrupted", file=sys.stderr)
        return INTERRUPTED


def _run(arguments: Sequence[str] | None) -> int:
    parser = make_parser()
    args = parser.parse_args(arguments)
    try:
        code: int = importlib.import_module(f"facecap.cli.{args.command}").run(args)
        sys.stdout.flush()
        return code
    except UsageError as error:
        parser.exit(2, f"facecap {args.command}: error: {error}\n")


@contextmanager
def _ended_as_by_ctrl_c(number: signal.Signals) -> Iterator[None]:
    """Let a signal raise `KeyboardInterrupt`, where no command handles it and nobody else does."""
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(number) != signal.SIG_DFL
    ):
        yield
        return
    signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(number, signal.SIG_DFL)


def failure_words(error: OSError) -> str:
    """What failed, and why."""
    if isinstance(error, FileExistsError):  # of a folder that is made: one that is there is taken
        return f"{error.filename}: it is a file, wanted a folder"
    return f"{error.filename}: {error.strerror}" if error.filename else str(error)


def _failed(text: str) -> int:
    print(f"facecap: error: {text}", file=sys.stderr)
    return 1


def make_parser() -> Parser:
    """Every command with its options."""
    parser = Parser(
        prog="facecap",
        description="Find, follow and capture faces in camera frames, and say who wears a mask.",
        epilog="Every option has an environment twin: --max-frames is FACECAP_MAX_FRAMES; a flag wins. "
        "Exit codes: 0 done, 1 the work failed, 2 wrong usage, 130 interrupted.",
    )
    parser.add_argument("--version", action="version", version=f"facecap {version('facecap')}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        importlib.import_module(f"facecap.cli.{command}").add_parser(subparsers)
    return parser
