"""`facecap serve` as a process, to be killed."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

from served import eventually


class Process:
    """Starts at once; says where it listens when it is ready."""

    def __init__(self, settings: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "facecap", "serve", "--settings", str(settings)],
            stderr=subprocess.PIPE,
            text=True,
        )
        self.log: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.address = eventually(self._where, seconds=120)

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._end()

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self._process.terminate()
        return self._end()

    def _end(self) -> int:
        code = self._process.wait(60)
        self._reader.join(60)
        assert self._process.stderr is not None
        self._process.stderr.close()
        return code

    def _read(self) -> None:
        assert self._process.stderr is not None
        self.log += self._process.stderr

    def _where(self) -> str | None:
        assert self._process.poll() is None, "".join(self.log)
        for line in self.log:
            if '"listening"' in line:
                return str(json.loads(line)["address"])
        return None
