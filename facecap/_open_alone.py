"""Opening a model file to see whether it is right; as a program, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from facecap._model import open_model
from facecap.errors import ModelError

_BROKEN = 3


def open_alone(path: Path, task: str) -> None:
    """Open a model in a process of its own, so that this one stays as it is.

    The vendor's runtime serves one chip a process, and the simulator ends the process over some files.

    Raises:
        ModelError: it cannot be opened.
    """
    done = subprocess.run(
        [sys.executable, "-m", __name__, str(path), task],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )
    if done.returncode == _BROKEN:
        raise ModelError(done.stdout.strip())
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise ModelError(
            f"{path}: the process that opened it ended with {done.returncode}"
            + (f": {said[-1]}" if said else "")
        )


def main() -> int:
    """Open the file and task of the command line; 0 where that goes well, the reason on standard output."""
    try:
        open_model(Path(sys.argv[1]), sys.argv[2])
    except ModelError as error:
        print(error)
        return _BROKEN
    return 0


if __name__ == "__main__":
    sys.exit(main())
