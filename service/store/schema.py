"""The tables. Moments are whole microseconds since 1970: both databases order and compare them alike."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()

# Compared byte by byte whatever the database's language, as Python compares them.
_ID = String(26).with_variant(String(26, collation="C"), "postgresql")

# Who adds a row of captures or removes a crop holds the row here locked.
crops = Table(
    "crops",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
)

# The PNGs of those that lie in the database (PostgreSQL alone), apart so that no list reads them.
crop_files = Table(
    "crop_files",
    metadata,
    Column("hash", String(64), ForeignKey("crops.hash", ondelete="CASCADE"), primary_key=True),
    Column("bytes", LargeBinary, nullable=False),
)

captures = Table(
    "captures",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("camera", Text, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("mask", String(16), nullable=False),
    Column("quality", Double),
    Column("capture", JSON, nullable=False),
    Column("crop", String(64), ForeignKey("crops.hash"), nullable=False),
    Column("visit", _ID),  # of the table below; that of its first capture
    Index("captures_time", "time", "id"),
    Index("captures_camera_time", "camera", "time", "id"),
    Index("captures_received", "received", "id"),
    Index("captures_crop", "crop"),
    Index("captures_visit", "visit", "mask", "quality", "id", "time"),  # all that a visit's row is made of
)

# The captures of one track, as far as they are still there: `visiting` keeps it up with them.
visits = Table(
    "visits",
    metadata,
    Column("id", _ID, primary_key=True),  # of the first capture, there any more or not
    Column("camera", Text, nullable=False),
    Column("track_id", BigInteger, nullable=False),
    Column("time", BigInteger, nullable=False),  # of the first shot
    Column("last", BigInteger, nullable=False),  # of the last shot
    Column("sequence", BigInteger, nullable=False),  # the highest that came
    Column("answers", JSON, nullable=False),  # `visiting.Answers`
    Column("captures", Integer, nullable=False),  # how many
    Column("best", _ID, nullable=False),  # the capture of the highest quality
    Column("mask", String(16), nullable=False),  # one answer by all shots
    Column("quality", Double),  # of the best
    Index("visits_time", "time", "id"),
    Index("visits_camera_time", "camera", "time", "id"),
    Index("visits_camera_track", "camera", "track_id", "id"),
)

# Every camera that ever sent or has settings, until it is removed.
cameras = Table(
    "cameras",
    metadata,
    Column("name", Text, primary_key=True),
    Column("source", String(8), nullable=False),  # push, pull or board
    Column("last_seen", BigInteger),  # null: it has settings and never sent
    Column("online", Boolean, nullable=False),
    Column("since", BigInteger),  # online: when it came; offline: when it was seen last
    Column("settings", JSON),  # that were made on the page
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("camera", Text, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("mask", String(16)),
    Column("capture", _ID, ForeignKey("captures.id", ondelete="SET NULL")),
    Column("visit", _ID),  # of the capture
    Column("seen_at", BigInteger),
    Column("seen_by", Text),
    Index("alerts_time", "time", "id"),
    Index("alerts_rule", "rule", "camera", "time"),
    Index("alerts_seen", "seen_at", "time", "id"),
    Index("alerts_visit", "visit"),
    Index("alerts_capture", "capture"),
)

# Who did what; nothing of faces.
audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("time", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("action", String(32), nullable=False),
    Column("data", JSON, nullable=False),
    Index("audit_time", "time", "id"),
)

events = Table(
    "events",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(32), nullable=False),
    Column("camera", Text, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("data", JSON),  # null of a capture: its row says it all
    Column("capture", _ID, ForeignKey("captures.id", ondelete="CASCADE")),
    Index("events_time", "time"),
    Index("events_capture", "capture"),
)

# One row, locked by whoever writes events until the commit, so that ids are seen in order.
journal = Table(
    "journal",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("last_event", BigInteger, nullable=False),
    Column("installation", String(36), nullable=False),
)

pushes = Table(
    "pushes",
    metadata,
    Column("camera", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("received", BigInteger, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("captures", JSON, nullable=False),  # their ids
    Index("pushes_received", "received"),
)

hooks = Table(
    "hooks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),  # last event that it is done with
    Column("owner", String(36)),  # the process that delivers
    Column("owned_until", BigInteger, nullable=False),
)
