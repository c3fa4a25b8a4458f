"""A PostgreSQL server of the tests' own, reached by a socket in its folder."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg
from programs import program


class Server:
    """Starts in a new folder, stops and leaves nothing."""

    def __init__(self) -> None:
        self._program = program(
            "postgres", folders=sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
        )
        # Not pytest's folder: the server's user must reach it, and a socket's path may have 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="facecap-postgresql-"))
        self.folder.chmod(0o755)
        data = self.folder / "data"
        data.mkdir()
        # It refuses to run as root.
        self._user: dict[str, Any] = (
            {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        )
        if self._user:
            shutil.chown(self.folder, "postgres", "postgres")
            shutil.chown(data, "postgres", "postgres")
        initdb = self._program.resolve().with_name("initdb")
        self._run(
            [
                initdb,
                "-D",
                data,
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ]
        )
        self._log = (self.folder / "log").open("wb")
        self._process = subprocess.Popen(
            # What is tested is that this project's processes may die; the server's own disk is no part of it.
            [self._program, "-D", data, "-k", self.folder, "-c", "listen_addresses=", "-c", "fsync=off"],
            stdout=self._log,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            **self._user,
        )
        self._wait()

    def empty_database(self) -> str:
        """The URL of the one database, emptied: making a new one for every test writes 300 files each."""
        with psycopg.connect(self._address, autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        return f"postgresql+psycopg://postgres@/postgres?host={self.folder}"

    def database_without_encoding(self) -> str:
        """The URL of a database as `createdb` makes it on a machine where no language is set."""
        with psycopg.connect(self._address, autocommit=True) as connection:
            connection.execute("CREATE DATABASE plain ENCODING SQL_ASCII LOCALE 'C' TEMPLATE template0")
        return f"postgresql+psycopg://postgres@/plain?host={self.folder}"

    def stop(self) -> None:
        """End it and remove its folder."""
        self._process.send_signal(signal.SIGQUIT)  # at once: nothing of it is kept
        self._process.wait(60)
        self._log.close()
        shutil.rmtree(self.folder)

    @property
    def _address(self) -> str:
        return f"host={self.folder} user=postgres dbname=postgres"

    def _run(self, command: list[Any]) -> None:
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.folder, **self._user)
        assert done.returncode == 0, done.stderr

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self._address).close()
                return
            except psycopg.OperationalError:
                assert self._process.poll() is None, (self.folder / "log").read_text()
                assert time.monotonic() < deadline, "the server does not answer"
                time.sleep(0.05)
