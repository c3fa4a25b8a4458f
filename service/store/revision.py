"""Which tables a database has, and that it has those of this version."""

from __future__ import annotations

from sqlalchemy import inspect, text

from .database import Database
from .migrations import newest


def bring_up_to_date(database: Database) -> None:
    """As `migrate`, where the database is not at the newest revision.

    Raises:
        StoreError: as `migrate`.
    """
    if _revision(database) != newest():
        from .migrate import migrate  # with alembic, which each process of a cluster would hold in vain

        migrate(database)


def _revision(database: Database) -> str | None:
    """None: it has no tables."""
    with database.reading() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return found
