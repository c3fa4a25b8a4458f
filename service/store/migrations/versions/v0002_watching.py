"""Visits of several captures, remembered cameras, alerts, and the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From captures alone."""
    id_type = sa.String(26).with_variant(sa.String(26, collation="C"), "postgresql")
    op.create_table(
        "visits",
        sa.Column("id", id_type, primary_key=True),
        sa.Column("camera", sa.Text, nullable=False),
        sa.Column("track_id", sa.BigInteger, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.Column("captures", sa.Integer, nullable=False),
        sa.Column("best", id_type, nullable=False),
        sa.Column("mask", sa.String(16), nullable=False),
        sa.Column("quality", sa.Double),
    )
    op.create_index("visits_time", "visits", ["time", "id"])
    op.create_index("visits_camera_time", "visits", ["camera", "time", "id"])
    op.create_index("visits_camera_track", "visits", ["camera", "track_id", "last"])
    op.add_column("captures", sa.Column("visit", id_type))
    op.create_index("captures_visit", "captures", ["visit"])
    op.create_table(
        "cameras",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("source", sa.String(8), nullable=False),
        sa.Column("first_seen", sa.BigInteger, nullable=False),
        sa.Column("last_seen", sa.BigInteger, nullable=False),
        sa.Column("online", sa.Boolean, nullable=False),
        sa.Column("settings", sa.JSON),
    )
    op.create_table(
        "alerts",
        sa.Column("id", id_type, primary_key=True),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("camera", sa.Text, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("mask", sa.String(16)),
        sa.Column("capture", id_type, sa.ForeignKey("captures.id", ondelete="SET NULL")),
        sa.Column("seen_at", sa.BigInteger),
        sa.Column("seen_by", sa.Text),
    )
    op.create_index("alerts_time", "alerts", ["time", "id"])
    op.create_index("alerts_capture", "alerts", ["capture"])
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
    )
    op.create_index("audit_time", "audit", ["time", "id"])
