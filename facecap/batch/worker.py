"""A process of a batch, as a program: `python -m facecap.batch.worker DESCRIPTOR`.

Over the connection come the work, then files; back go `READY`, how far each file is, and what came of it.
"""

from __future__ import annotations

import sys
from multiprocessing.connection import Connection
from typing import Any

READY = "ready"


def main() -> int:
    """Work until the other side is gone."""
    connection: Connection[Any, Any] = Connection(int(sys.argv[1]))
    try:
        work = connection.recv()
        connection.send(READY)
        while True:
            connection.send(work(connection.recv(), connection.send))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return 0  # who started it is gone


if __name__ == "__main__":
    sys.exit(main())
