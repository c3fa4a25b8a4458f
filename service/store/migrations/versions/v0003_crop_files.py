"""Crops in the database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From crops that are all files of a folder."""
    op.create_table(
        "crop_files",
        sa.Column("hash", sa.String(64), sa.ForeignKey("crops.hash", ondelete="CASCADE"), primary_key=True),
        sa.Column("bytes", sa.LargeBinary, nullable=False),
    )
