"""Where the results of a run go, all at once, and what is said about them at the end."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facecap.replay import FRAMES
from facecap.sinks.contact_sheet import ContactSheet
from facecap.sinks.drawing import answer_label
from facecap.sinks.run_folder import CAPTURES, CROPS, SUMMARY

if TYPE_CHECKING:
    from facecap import Capture, FaceCapture, FrameResult
    from facecap.sinks.annotated_clip import AnnotatedClip
    from facecap.sinks.run_folder import RunFolder
    from facecap.sinks.summary import Summary
    from facecap.sources import Frame, Source

_LISTED = 20


class Outputs:
    """The sinks that a run was given."""

    def __init__(
        self, folder: RunFolder | None, clip: AnnotatedClip | None, sheet: Path | None, *, as_json: bool
    ) -> None:
        """`sheet`: where the contact sheet goes; `as_json`: print each capture as it comes."""
        self._folder = folder
        self._clip = clip
        self._sheet_path = sheet
        self._sheet = ContactSheet() if sheet is not None else None
        self._as_json = as_json
        self._lines: list[str] = []

    def add_frame(self, frame: Frame, result: FrameResult) -> None:
        """One frame and its answer; the frame is decoded where it is shown."""
        if self._folder is not None:
            self._folder.add_frame(result, None if result.skipped else frame.image)
        if self._clip is not None:
            self._clip.add(frame.image, result)

    def keep(self, capture: Capture) -> dict[str, Any]:
        """Put a capture into the folder; returns its JSON."""
        line = self._folder.add(capture) if self._folder is not None else capture.to_dict()
        if self._sheet is not None:
            self._sheet.add(capture)
        return line

    def show(self, line: dict[str, Any]) -> None:
        """Say what was kept."""
        if self._as_json:
            print(json.dumps(line), flush=True)
        elif len(self._lines) < _LISTED:
            self._lines.append(_words(line))

    def finish_pictures(self) -> None:
        """Complete the clip and draw the contact sheet."""
        try:
            if self._clip is not None:
                self._clip.close()
        finally:
            if self._sheet is not None and self._sheet_path is not None:
                self._sheet.write(self._sheet_path)

    def discard_unfinished(self) -> None:
        """Leave no temporary file, where a run ends before `finish_pictures`."""
        if self._clip is not None:
            self._clip.discard()

    def finish_folder(self, summary: Summary, source: Source, capture: FaceCapture) -> None:
        """Write the summary and close the folder."""
        if self._folder is not None:
            with closing(self._folder):
                self._folder.write_summary(summary.to_dict(source, capture))

    def report(self, summary: Summary) -> str:
        """What was captured and where it lies, for people."""
        lines = [summary.words(), *self._lines]
        if summary.captures > len(self._lines):
            lines.append(f"  and {summary.captures - len(self._lines)} more")
        places: list[tuple[str, Path]] = []
        if self._folder is not None:
            path = self._folder.path
            places += [("captures", path / CAPTURES), ("crops", path / CROPS), ("summary", path / SUMMARY)]
            places += [("frames", path / FRAMES)] if (path / FRAMES).exists() else []
        if self._sheet_path is not None:
            places.append(("contact sheet", self._sheet_path))
        if self._clip is not None:
            places.append(("annotated clip", self._clip.path))
        lines += [f"{what + ':':<16}{path}" for what, path in places if path.exists()]
        return "\n".join(lines)


def _words(line: dict[str, Any]) -> str:
    answer = answer_label(line["mask"], line["mask_prob"], line.get("incorrect_prob"))
    words = f"  track {line['track_id']}, capture {line['sequence']} ({line['kind']})"
    words += f", frame {line['shot_frame']}: {answer}, quality {line['quality']:.2f}"
    return f"{words}, {line['crop']}" if "crop" in line else words
