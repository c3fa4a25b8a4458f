"""Brings a database to the tables that this version works with."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from .database import Database
from .errors import StoreError
from .migrations import FOLDER

_MIGRATION_LOCK = 0x66616365636170


def migrate(database: Database) -> None:
    """Run the steps that the database lacks, all or none; processes that open at once queue.

    Raises:
        StoreError: the database fails, or a newer version of facecap has been at it.
    """
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    steps = ScriptDirectory.from_config(config)
    with database.alone(_MIGRATION_LOCK) as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
        known = [step.revision for step in steps.walk_revisions()]
        if revision is not None and revision not in known:
            raise StoreError(
                f"the database {database} is at revision {revision}, this version of facecap knows "
                f"{known[-1]} to {known[0]}: a newer facecap has been at it, install that one, or restore a "
                "copy from before"
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
