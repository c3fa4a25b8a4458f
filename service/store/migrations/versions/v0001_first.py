"""Captures with their crops, events, idempotency keys and the positions of the webhooks."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From nothing."""
    id_type = sa.String(26).with_variant(sa.String(26, collation="C"), "postgresql")
    op.create_table(
        "crops",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "captures",
        sa.Column("id", id_type, primary_key=True),
        sa.Column("camera", sa.Text, nullable=False),
        sa.Column("received", sa.BigInteger, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("mask", sa.String(16), nullable=False),
        sa.Column("quality", sa.Double),
        sa.Column("capture", sa.JSON, nullable=False),
        sa.Column("crop", sa.String(64), sa.ForeignKey("crops.hash"), nullable=False),
    )
    op.create_index("captures_time", "captures", ["time", "id"])
    op.create_index("captures_camera_time", "captures", ["camera", "time", "id"])
    op.create_index("captures_received", "captures", ["received", "id"])
    op.create_index("captures_crop", "captures", ["crop"])
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("camera", sa.Text, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("data", sa.JSON),
        sa.Column("capture", id_type, sa.ForeignKey("captures.id", ondelete="CASCADE")),
    )
    op.create_index("events_time", "events", ["time"])
    op.create_index("events_capture", "events", ["capture"])
    journal = op.create_table(
        "journal",
        sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("last_event", sa.BigInteger, nullable=False),
        sa.Column("installation", sa.String(36), nullable=False),
    )
    op.bulk_insert(journal, [{"one": 1, "last_event": 0, "installation": str(uuid.uuid4())}])
    op.create_table(
        "pushes",
        sa.Column("camera", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("received", sa.BigInteger, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("captures", sa.JSON, nullable=False),
    )
    op.create_index("pushes_received", "pushes", ["received"])
    op.create_table(
        "hooks",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("owner", sa.String(36)),
        sa.Column("owned_until", sa.BigInteger, nullable=False),
    )
