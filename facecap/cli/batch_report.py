"""What a batch came to: its tables, its summary, and what is said about it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from facecap.batch.folder import PARQUET
from facecap.batch.tables import Tables
from facecap.cli import INTERRUPTED
from facecap.sinks.drawing import ANSWER_WORDS
from facecap.sinks.run_folder import CAPTURES, CROPS, SUMMARY

if TYPE_CHECKING:
    from facecap.batch.folder import BatchFolder
    from facecap.batch.task import Failure, Result
    from facecap.cli.progress import ProgressLine


class Report:
    """Counts while a batch goes on, and all that its folder holds in the end."""

    def __init__(self, files: int) -> None:
        """`files`: that were named."""
        self.interrupted = False
        self.earlier = 0
        """Files that an earlier start did."""
        self._files = files
        self._now = 0
        self._failures: list[Failure] = []
        self._started = datetime.now(timezone.utc)
        self._seconds = 0.0
        self._table: Counter[str] = Counter()
        self._answers: Counter[str] = Counter()
        self._cut_short: list[str] = []

    @property
    def code(self) -> int:
        """The exit code: 130 where a signal ended it, 1 where files were left out."""
        return INTERRUPTED if self.interrupted else 1 if self._failures else 0

    def add(self, result: Result, progress: ProgressLine) -> None:
        """A file is done."""
        self._now += 1
        for note in result.notes:
            progress.say(f"{result.file}: {note}")

    def leave_out(self, failure: Failure, progress: ProgressLine) -> None:
        """A file cannot be used."""
        self._failures.append(failure)
        progress.say(f"left out {failure.file}: {failure.error}")

    def write(self, folder: BatchFolder) -> None:
        """Write the tables and the summary, of all that the folder holds."""
        self._failures.sort(key=lambda failure: failure.file)
        with Tables(folder.path) as tables:
            for record in folder.records():
                tables.add(record.rows())
                self._count(record.head)
        self._seconds = (datetime.now(timezone.utc) - self._started).total_seconds()
        folder.write_summary(self.summary())

    def _count(self, head: dict[str, Any]) -> None:
        summary = head["summary"]
        self._table.update(
            files=1, frames=summary["frames"], damaged=summary["damaged"], captures=head["captures"]
        )
        self._answers.update(summary["captures_by_mask"])
        if summary["source"]["ended_early"]:
            self._cut_short.append(head["file"])

    def summary(self) -> dict[str, Any]:
        """The content of `summary.json`."""
        return {
            "status": "interrupted" if self.interrupted else "done",
            "started": self._started.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "seconds": round(self._seconds, 3),
            "files": {
                "named": self._files,
                "done": self._now,
                "done_earlier": self.earlier,
                "left_out": len(self._failures),
                "not_done": self._files - self._now - self.earlier - len(self._failures),
            },
            "table": {
                **{name: self._table[name] for name in ("files", "frames", "damaged", "captures")},
                "captures_by_mask": dict(self._answers),
            },
            "left_out": [{"file": failure.file, "error": failure.error} for failure in self._failures],
            "cut_short": self._cut_short,
        }

    def words(self, folder: BatchFolder) -> str:
        """The same for people."""
        answers = ", ".join(f"{number} {ANSWER_WORDS[answer]}" for answer, number in self._answers.items())
        table = self._table
        lines = [
            f"{table['captures']} captures of {table['files']} files, {table['frames']} frames: {answers}"
        ]
        lines += [f"of {self._files} files {self._now} done now, {self.earlier} earlier"]
        places = (("captures", CAPTURES), ("as Parquet", PARQUET), ("crops", CROPS), ("summary", SUMMARY))
        lines += [
            f"{what + ':':<16}{folder.path / name}" for what, name in places if (folder.path / name).exists()
        ]
        if not (folder.path / PARQUET).exists():
            lines.append(f"{PARQUET} needs pyarrow: pip install 'facecap[batch]'")
        if self._failures:
            lines.append(f"{len(self._failures)} files left out:")
            width = max(len(failure.file) for failure in self._failures)
            lines += [f"  {failure.file:<{width}}  {failure.error}" for failure in self._failures]
        return "\n".join(lines)
