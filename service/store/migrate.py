"""Brings a database to the tables that this version works with."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from .database import Database
from .errors import StoreError

# Any number will do that no other program on the same server takes for its advisory locks.
_MIGRATION_LOCK = 0x66616365636170


def migrate(database: Database) -> None:
    """Run the steps that the database lacks, all or none; processes that open at once queue.

    Raises:
        StoreError: the database fails, or a newer version of facecap has been at it.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    steps = ScriptDirectory.from_config(config)
    with database.reading() as connection:
        if _revision(connection) == steps.get_current_head():
            return
    with database.writing() as connection:
        if not database.is_sqlite:
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
        revision = _revision(connection)
        known = [step.revision for step in steps.walk_revisions()]
        if revision is not None and revision not in known:
            raise StoreError(
                f"the database {database} is at revision {revision}, this version of facecap knows "
                f"{known[-1]} to {known[0]}: a newer facecap has been at it, install that one, or restore a "
                "copy from before"
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
