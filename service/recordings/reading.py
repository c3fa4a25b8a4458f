"""What is kept of a camera, read for a replay."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from facecap import FacecapError
from facecap.replay import RecordedFrame, Recording, read_recording

from .files import SpanFile

MOST_BYTES = 128 * 1024 * 1024
MOST_FRAMES = 200_000
"""Frames without faces are short in a file, and take their time and memory all the same."""


class TooMuch(Exception):
    """More is kept of the time asked for than is read at once."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a time."""

    recordings: list[Recording] = field(default_factory=list)
    """Each without a gap, of one pipeline; the oldest first."""
    damaged: list[str] = field(default_factory=list)
    """What was left out, in sentences."""


def read(spans: Sequence[SpanFile]) -> Kept:
    """The recordings of these files, in their order.

    Raises:
        TooMuch: they are larger than `MOST_BYTES`, or have more frames than `MOST_FRAMES`.
    """
    _check("bytes", sum(span.size for span in spans), MOST_BYTES)
    _check("frames", sum(map(_frames, spans)), MOST_FRAMES)
    kept = Kept()
    before: str | None = None
    for span in spans:
        try:
            recording, continues = _read(span)
        except FileNotFoundError:  # too old since a moment
            continue
        except (FacecapError, OSError) as error:
            kept.damaged.append(str(error))
            continue
        if before is not None and continues == before:
            kept.recordings[-1] = _joined(kept.recordings[-1], recording)
        else:
            kept.recordings.append(recording)
        before = span.path.name
    return kept


def _check(what: str, number: int, most: int) -> None:
    if number > most:
        raise TooMuch(
            f"{number} {what} are kept of this time, at most {most} are read at once: ask for less time"
        )


def _frames(span: SpanFile) -> int:
    """How many a file has; 0 where it cannot be read, which is said later."""
    with suppress(OSError), span.path.open("rb") as stream:
        return max(0, sum(1 for _ in stream) - 1)
    return 0


def _read(span: SpanFile) -> tuple[Recording, str | None]:
    """The recording of a file, and the name of the file that it goes on from."""
    place = f"{span.path.parent.name}/{span.path.name}"
    with span.path.open("rb") as stream:
        header = stream.readline()
        recording = read_recording(header, stream, (place, place))
    return recording, json.loads(header).get("continues")


def _joined(first: Recording, second: Recording) -> Recording:
    """Two of one pipeline; between them the areas may have been changed."""
    frames: list[RecordedFrame] = [*first.frames, *second.frames]
    if second.frames:
        frames[len(first.frames)] = replace(second.frames[0], areas=second.areas)
    return replace(first, frames=frames)
