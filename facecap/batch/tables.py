"""All captures of a batch as one table: `captures.jsonl` and, where pyarrow is, `captures.parquet`."""

from __future__ import annotations

import base64
import importlib.util
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from facecap._files import PendingFile
from facecap.batch.folder import PARQUET, PNG
from facecap.sinks.run_folder import CAPTURES

_ROWS = 4096  # of a row group


def has_pyarrow() -> bool:
    """Whether a Parquet table can be written."""
    return importlib.util.find_spec("pyarrow") is not None


class Tables:
    """Writes the rows, in their order, to all tables at once; they appear when all are complete."""

    def __init__(self, folder: Path) -> None:
        """Begin the tables of a folder."""
        self._lines = _Lines(folder / CAPTURES)
        self._parquet = _Parquet(folder / PARQUET) if has_pyarrow() else None
        if self._parquet is None:
            (folder / PARQUET).unlink(missing_ok=True)  # it would be of an earlier start

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Append rows."""
        for row in rows:
            self._lines.add(row)
            if self._parquet is not None:
                self._parquet.add(row)

    def __enter__(self) -> Tables:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        tables = [table for table in (self._lines, self._parquet) if table is not None]
        try:
            if kind is None:
                for table in tables:
                    table.finish()
        finally:
            for table in tables:
                table.discard()


class _Lines:
    """A JSON object a line, without crops."""

    def __init__(self, path: Path) -> None:
        self._pending = PendingFile(path)
        self._stream = self._pending.temporary.open("wb")

    def add(self, row: Mapping[str, Any]) -> None:
        shown = {name: value for name, value in row.items() if name != PNG}
        self._stream.write(json.dumps(shown, allow_nan=False).encode() + b"\n")

    def finish(self) -> None:
        self._stream.close()
        self._pending.commit()

    def discard(self) -> None:
        self._stream.close()
        self._pending.discard()


class _Parquet:
    """The same names as columns with types."""

    def __init__(self, path: Path) -> None:
        import pyarrow.parquet

        self._pending = PendingFile(path)
        self._arrow = pyarrow
        self._schema = _schema(pyarrow)
        self._writer = pyarrow.parquet.ParquetWriter(
            self._pending.temporary, self._schema, compression="zstd"
        )
        self._rows: list[dict[str, Any]] = []

    def add(self, row: Mapping[str, Any]) -> None:
        typed = dict(row)
        if row["timestamp"] is not None:
            typed["timestamp"] = datetime.fromisoformat(row["timestamp"].replace("Z", "+00:00"))
        if PNG in row:
            typed[PNG] = base64.b64decode(row[PNG])
        self._rows.append(typed)
        if len(self._rows) == _ROWS:
            self._write()

    def finish(self) -> None:
        if self._rows:
            self._write()
        self._writer.close()
        self._pending.commit()

    def discard(self) -> None:
        self._writer.close()
        self._pending.discard()

    def _write(self) -> None:
        self._writer.write_table(self._arrow.Table.from_pylist(self._rows, self._schema))
        self._rows.clear()


def _schema(arrow: Any) -> Any:
    number, whole, text = arrow.float64(), arrow.int64(), arrow.string()
    columns = {
        "file": text,
        "seconds": number,
        "kind": text,
        "track_id": whole,
        "sequence": whole,
        "frame": whole,
        "shot_frame": whole,
        "timestamp": arrow.timestamp("ms", "UTC"),
        "box": arrow.list_(number, 4),
        "landmarks": arrow.list_(arrow.list_(number, 2), 5),
        "score": number,
        "quality": number,
        "pose": arrow.struct({"yaw": number, "pitch": number, "roll": number}),
        "mask_prob": number,
        "incorrect_prob": number,
        "mask": text,
        "crop": text,
        PNG: arrow.binary(),
    }
    return arrow.schema(columns)
