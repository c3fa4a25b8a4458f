"""The folder of a batch: what is done of each file, so that the batch can be taken up again."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from facecap._files import write_atomic
from facecap._lock import FolderLock
from facecap.batch.task import Result, Version
from facecap.errors import FacecapError
from facecap.sinks.run_folder import CAPTURES, CROPS, SUMMARY

PARQUET = "captures.parquet"
PNG = "crop_png"
"""Of a row that carries its crop: the PNG, in a record as base64."""
_SETTINGS = "batch.json"
_RECORDS = "files"
_STEM = 40  # letters of a file's name that its record and its folder of crops have


class Record:
    """What is done of a file, read from its record.

    Attributes:
        head: `file`, `size`, `mtime_ns`, number of `captures`, `notes`, and `summary` as of `facecap run`.
    """

    def __init__(self, path: Path) -> None:
        """Raises FacecapError where the record is damaged."""
        self._path = path
        self.head = _head(path)
        with path.open("rb") as stream:
            self._lines = [*stream][1:]
        if len(self._lines) != self.head["captures"]:
            raise _damaged(path)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Its captures, sorted by frame and track."""
        shown = shown_name(self.head["file"])
        for line in self._lines:
            yield {"file": shown, **_json(self._path, line)}


class BatchFolder:
    """Keeps a record for each file that is done: `files/<name>.jsonl`, its head and its captures.

    `crops/<name>/` has the crops, `batch.json` the settings that all files share.
    """

    def __init__(
        self, path: Path, settings: Mapping[str, Any], *, crops: str = "files", overwrite: bool = False
    ) -> None:
        """Make the folder, or take up the batch in it.

        Args:
            path: the folder.
            settings: all that decides what is found; plain JSON types.
            crops: where crops go: "files", "column" (of the table) or "none".
            overwrite: leave nothing of an earlier batch.

        Raises:
            FacecapError: it holds a batch of other settings, or a run; or another process works in it.
            OSError: it cannot be made or read.
        """
        self.path = path
        self._crops = crops
        self._lock = FolderLock(path)
        try:
            self._take(json.loads(json.dumps({**settings, "crops": crops})), overwrite)
        except BaseException:
            self._lock.release()
            raise

    def __enter__(self) -> BatchFolder:
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def has(self, file: str, version: Version) -> bool:
        """Whether this version of a file is done; what is there of another one is removed."""
        name = _name_of(file)
        try:
            head = _head(self._record(name))
        except FileNotFoundError:
            return False
        except FacecapError:
            head = {}
        if (head.get("size"), head.get("mtime_ns")) == version:
            return True
        self._remove(name)
        return False

    def keep(self, result: Result) -> None:
        """Keep what was found in a file.

        Raises:
            OSError: it cannot be written; then the file counts as not done.
        """
        name = _name_of(result.file)
        self._remove(name)
        if self._crops == "files" and result.captures:
            (self.path / CROPS / name).mkdir(parents=True)
        rows = []
        for capture, png in zip(result.captures, result.crops or [b""] * len(result.captures), strict=True):
            row = dict(capture)
            crop = f"{CROPS}/{name}/{row.pop('crop')}"
            if self._crops == "files":
                write_atomic(self.path / crop, png)
                row["crop"] = crop
            elif self._crops == "column":
                row[PNG] = base64.b64encode(png).decode()
            rows.append(row)
        rows.sort(key=lambda row: (row["frame"], row["track_id"], row["sequence"]))
        head = {"file": result.file, **result.version._asdict(), "captures": len(rows)}
        head |= {"notes": result.notes, "summary": result.summary}
        text = "".join(json.dumps(line, allow_nan=False) + "\n" for line in (head, *rows))
        write_atomic(self._record(name), text.encode())

    def records(self) -> Iterator[Record]:
        """All that is done, sorted by the file's name.

        Raises:
            FacecapError: a record is damaged.
        """
        paths = (self.path / _RECORDS).glob("*.jsonl")
        for _, path in sorted((str(_head(path)["file"]), path) for path in paths):
            yield Record(path)

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        """Write `summary.json`."""
        write_atomic(self.path / SUMMARY, json.dumps(summary, indent=2, allow_nan=False).encode() + b"\n")

    def _take(self, settings: dict[str, Any], overwrite: bool) -> None:
        described = self.path / _SETTINGS
        if not described.exists() and any((self.path / name).exists() for name in (CAPTURES, CROPS, SUMMARY)):
            raise FacecapError(f"{self.path} holds a run of `facecap run`: give another --out")
        if overwrite:
            for name in (CAPTURES, PARQUET):
                (self.path / name).unlink(missing_ok=True)
        elif described.exists():
            _check_same(described, settings)
        (self.path / _RECORDS).mkdir(exist_ok=True)
        self._sweep(everything=overwrite)
        write_atomic(described, json.dumps(settings, indent=2).encode() + b"\n")
        self.write_summary({"status": "running"})

    def _sweep(self, *, everything: bool) -> None:
        """Remove what a start that was killed has left, or all records and crops."""
        records = self.path / _RECORDS
        for unfinished in (*self.path.glob(".[0-9]*.*"), *records.glob(".*.jsonl")):
            unfinished.unlink()
        names = {path.stem for path in records.glob("*.jsonl")}
        crops = {path.name for path in (self.path / CROPS).glob("*-*") if path.is_dir()}
        for name in names | crops if everything else crops - names:
            self._remove(name)

    def _remove(self, name: str) -> None:
        """First the record: without it nothing else counts."""
        self._record(name).unlink(missing_ok=True)
        crops = self.path / CROPS / name
        if crops.exists():
            for crop in crops.glob("*_*_*.png"):
                crop.unlink()
            crops.rmdir()

    def _record(self, name: str) -> Path:
        return self.path / _RECORDS / f"{name}.jsonl"


def shown_name(file: str) -> str:
    """A file's name as the table has it: bytes that are not UTF-8 as `\\udcff`."""
    return file.encode(errors="backslashreplace").decode()


def _name_of(file: str) -> str:
    """Of its record and its folder of crops: some of its own name, and what tells it from all others."""
    stem = re.sub(r"[^A-Za-z0-9_.]", "_", Path(file).stem)[:_STEM].lstrip(".")
    return f"{stem}-{hashlib.sha256(file.encode(errors='surrogateescape')).hexdigest()[:16]}"


def _head(record: Path) -> dict[str, Any]:
    with record.open("rb") as stream:
        head = _json(record, stream.readline())
    if not head.keys() >= {"file", "size", "mtime_ns", "captures", "summary"}:
        raise _damaged(record)
    return head


def _json(record: Path, line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise _damaged(record)
    return found


def _damaged(record: Path) -> FacecapError:
    return FacecapError(f"{record} is damaged: remove it and start the batch again")


def _check_same(described: Path, wanted: Mapping[str, Any]) -> None:
    instead = "another --out, or --overwrite"
    try:
        found = _json(described, described.read_bytes())
    except FacecapError:
        raise FacecapError(f"{described} is damaged: give {instead}") from None
    other = [
        f"{name} = {found.get(name)}, wanted {wanted.get(name)}"
        for name in sorted(found.keys() | wanted.keys())
        if found.get(name) != wanted.get(name)
    ]
    if other:
        raise FacecapError(
            f"{described.parent} holds a batch with {'; '.join(other)}: give the same options to go on with "
            f"it, {instead}"
        )
