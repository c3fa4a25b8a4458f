"""Visits of several captures, remembered cameras, alerts, and the audit log."""

from __future__ import annotations

from typing import Any

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
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("answers", sa.JSON, nullable=False),
        sa.Column("captures", sa.Integer, nullable=False),
        sa.Column("best", id_type, nullable=False),
        sa.Column("mask", sa.String(16), nullable=False),
        sa.Column("quality", sa.Double),
    )
    op.create_index("visits_time", "visits", ["time", "id"])
    op.create_index("visits_camera_time", "visits", ["camera", "time", "id"])
    op.create_index("visits_camera_track", "visits", ["camera", "track_id", "id"])
    op.add_column("captures", sa.Column("visit", id_type))
    _fill_visits(op.get_bind())
    op.create_index("captures_visit", "captures", ["visit", "mask", "quality", "id", "time"])
    op.create_table(
        "cameras",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("source", sa.String(8), nullable=False),
        sa.Column("last_seen", sa.BigInteger),
        sa.Column("online", sa.Boolean, nullable=False),
        sa.Column("since", sa.BigInteger),
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
        sa.Column("visit", id_type),
        sa.Column("seen_at", sa.BigInteger),
        sa.Column("seen_by", sa.Text),
    )
    op.create_index("alerts_time", "alerts", ["time", "id"])
    op.create_index("alerts_rule", "alerts", ["rule", "camera", "time"])
    op.create_index("alerts_seen", "alerts", ["seen_at", "time", "id"])
    op.create_index("alerts_visit", "alerts", ["visit"])
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


_BATCH = 1000
_DAY = 24 * 3600 * 1_000_000
_captures = sa.table(
    "captures",
    *map(sa.column, ("id", "camera", "received", "time", "mask", "quality", "visit")),
    sa.column("capture", sa.JSON),
)
_visits = sa.table(
    "visits",
    *map(sa.column, ("id", "camera", "track_id", "time", "last", "sequence", "captures", "best", "mask")),
    sa.column("quality"),
    sa.column("answers", sa.JSON),
)


def _fill_visits(connection: sa.Connection) -> None:
    """Of the captures that there are, in the order in which they came; a day's visits are in memory."""
    wanted = sa.select(_captures).order_by(_captures.c.id).limit(_BATCH)
    joining = (
        sa.update(_captures).where(_captures.c.id == sa.bindparam("one")).values(visit=sa.bindparam("of"))
    )
    open_visits: dict[tuple[str, int], dict[str, Any]] = {}
    last = ""
    while rows := connection.execute(wanted.where(_captures.c.id > last)).all():
        last = rows[-1].id
        joined = []
        ended: list[dict[str, Any]] = []
        for row in rows:
            track, sequence = row.capture.get("track_id", 0), row.capture.get("sequence", 1)
            visit = open_visits.get((row.camera, track))
            if (
                visit is None
                or sequence <= 1
                or sequence <= visit["sequence"]
                or row.received - _received(visit["id"]) > _DAY
            ):
                if visit is not None:
                    ended.append(visit)
                visit = {"id": row.id, "camera": row.camera, "track_id": track, "time": row.time}
                visit |= {"last": row.time, "answers": {}}
                open_visits[row.camera, track] = visit
            visit["sequence"] = sequence
            visit["last"] = max(visit["last"], row.time)
            number, *best = visit["answers"].get(row.mask, [0, row.id, row.quality])
            visit["answers"][row.mask] = [number + 1, *min(best, [row.id, row.quality], key=_rank)]
            joined.append({"one": row.id, "of": visit["id"]})
        connection.execute(joining, joined)
        old = [key for key, visit in open_visits.items() if rows[-1].received - _received(visit["id"]) > _DAY]
        _write_visits(connection, ended + [open_visits.pop(key) for key in old])
    _write_visits(connection, list(open_visits.values()))


def _write_visits(connection: sa.Connection, ended: list[dict[str, Any]]) -> None:
    for visit in ended:
        answers = visit["answers"]
        best = min((answer[1:] for answer in answers.values()), key=_rank)
        known = [
            (-answer[0], _rank(answer[1:]), mask) for mask, answer in answers.items() if mask != "unknown"
        ]
        visit["captures"] = sum(answer[0] for answer in answers.values())
        visit["best"], visit["quality"] = best
        visit["mask"] = min(known)[2] if known else "unknown"
    if ended:
        connection.execute(sa.insert(_visits), ended)


def _rank(shot: list[Any]) -> tuple[bool, float, str]:
    """Less is better: by quality, one that is not known last, then the earlier."""
    return shot[1] is None, -(shot[1] or 0.0), shot[0]


def _received(identity: str) -> int:
    """When a capture came, in microseconds since 1970, as its id has it."""
    return int(identity[:14], 16)
