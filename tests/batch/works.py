"""Work on files that needs no video: what the file's name says happens."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from facecap.batch.task import Advance, Failure, Result, Tell, Version


def work(file: str, tell: Tell) -> Result | Failure:
    """`crash`: a segmentation fault, `once`: the first time; `exit`: the process ends; `wait`: it stays."""
    name = Path(file).stem
    tell(Advance(file, 0.5, frames=1, captures=0))
    if name.startswith("crash"):
        os.kill(os.getpid(), signal.SIGSEGV)
    seen = Path(f"{file}.seen")
    if name.startswith("once") and not seen.exists():
        seen.touch()
        os.kill(os.getpid(), signal.SIGSEGV)
    if name.startswith("exit"):
        os._exit(7)
    while name.startswith("wait"):
        time.sleep(0.1)
    return Result(file, Version.of(file), {"process": os.getpid()}, [], [], [])


def make_files(folder: Path, *names: str) -> dict[str, Version]:
    """Files of these names and their versions."""
    for name in names:
        (folder / name).write_text(name)
    return {str(folder / name): Version.of(str(folder / name)) for name in names}
