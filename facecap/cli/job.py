"""The work of `facecap run`: every frame through the pipeline into the outputs, and an orderly end."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

from facecap.cli import failure_words
from facecap.cli.overlap import read_ahead, write_behind
from facecap.errors import FacecapError
from facecap.sinks.summary import Summary
from facecap.sources import PictureError

if TYPE_CHECKING:
    from types import FrameType

    from facecap import Capture, Detections, FaceCapture, FrameResult
    from facecap.cli.ahead import Ahead, Begun
    from facecap.cli.outputs import Outputs
    from facecap.cli.progress import Progress
    from facecap.sources import Frame, Source

_DONE, _FAILED, _INTERRUPTED = 0, 1, 130
_FAILURES_IN_A_ROW = 10


class Job:
    """One run from its first frame to its summary, however it ends."""

    def __init__(
        self,
        source: Source,
        capture: FaceCapture,
        outputs: Outputs,
        progress: Progress,
        ahead: Ahead | None = None,
    ) -> None:
        """`ahead`: detects in the frames that come, where there are cores for it."""
        self.summary = Summary(capture.classifier.answers)
        self._source = source
        self._capture = capture
        self._outputs = outputs
        self._progress = progress
        self._ahead = ahead
        self._failures = 0

    def work(self, max_frames: int | None) -> int:
        """Process up to `max_frames` frames; returns the exit code.

        A signal, a failing source or a failing output ends the frames early. What was captured is kept,
        pending shots are emitted, and the summary says how it ended.
        """
        summary = self.summary
        with stopping(self._source.stop) as signals:
            errors = [
                self._attempt(lambda: self._process(max_frames)),
                self._attempt(lambda: self._keep(self._capture.flush())),
            ]
            summary.stop_clock()
            errors.append(self._attempt(self._outputs.finish_pictures))
            self._progress.clear()
            texts = list(dict.fromkeys(text for text in errors if text))
            summary.status = "failed" if texts else "interrupted" if signals else "done"
            summary.error = "; ".join(texts) or None
            last = self._attempt(lambda: self._outputs.finish_folder(summary, self._source, self._capture))
            texts += [last] if last else []
        for text in dict.fromkeys(texts):
            self._progress.say(f"error: {text}")
        if signals:
            self._progress.say("interrupted; what was captured is kept")
        return _FAILED if texts else _INTERRUPTED if signals else _DONE

    def _process(self, max_frames: int | None) -> None:
        frames = self._read(max_frames)
        # A live source has a reader of its own, which drops what comes too late.
        reading: AbstractContextManager[Iterator[tuple[Frame, Begun | None]]]
        reading = closing(frames) if self._source.live else read_ahead(frames)
        with write_behind() as write, reading as come:
            for frame, begun in come:
                result = self._answer(frame, begun)
                if result is not None:
                    write(partial(self._write, frame, result))
                self._progress.update(frame.index + 1, self.summary.frames, self.summary.captures)

    def _read(self, max_frames: int | None) -> Generator[tuple[Frame, Begun | None], None, None]:
        with closing(self._source.frames()) as frames:
            for _ in range(max_frames) if max_frames is not None else count():
                with self._timed("read"):
                    frame = next(frames, None)
                if frame is None:
                    return
                yield frame, self._ahead.begin(frame.image) if self._ahead is not None else None

    def _answer(self, frame: Frame, begun: Begun | None) -> FrameResult | None:
        # Where detection failed ahead it is tried in its turn, and what it fails with is said there.
        faces, seconds = begun.result() if begun is not None and begun.exception() is None else (None, 0.0)
        try:
            result = self._look(frame, faces)
        except PictureError as error:
            self.summary.damaged_frames += 1
            self._progress.say(f"frame {frame.index}: {error}")
            return None
        except FacecapError as error:
            self._failures += 1
            self.summary.failed_frames += 1
            self._progress.say(f"frame {frame.index}: {error}")
            if self._failures == _FAILURES_IN_A_ROW:
                raise
            return None
        self._failures = 0
        if not result.skipped:
            result.timings["detect"] += seconds
            result.timings["total"] += seconds
        self.summary.add_frame(result)
        if self._ahead is not None:
            self._ahead.note(result)
        return result

    def _look(self, frame: Frame, faces: Detections | None) -> FrameResult:
        if frame.encoded is not None:
            skipped = frame.encoded.skipped(self._capture, frame.index, frame.timestamp)
            if skipped is not None:
                return skipped
        return self._capture.process(
            frame.image, frame_index=frame.index, timestamp=frame.timestamp, detected=faces
        )

    def _write(self, frame: Frame, result: FrameResult) -> None:
        with self._timed("write"):
            self._keep(result.captures)
            self._outputs.add_frame(frame, result)

    def _keep(self, captures: list[Capture]) -> None:
        for capture in captures:
            line = self._outputs.keep(capture)
            self.summary.add_capture(capture)
            self._outputs.show(line)

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.summary.add_seconds(stage, time.perf_counter() - start)

    @staticmethod
    def _attempt(step: Callable[[], None]) -> str | None:
        """What went wrong in a step, so that the next one is done all the same."""
        try:
            step()
        except BrokenPipeError:
            return "standard output was closed"
        except FacecapError as error:
            return str(error)
        except OSError as error:
            return failure_words(error)
        return None


@contextmanager
def stopping(stop_work: Callable[[], None] = lambda: None) -> Iterator[list[int]]:
    """Let SIGINT and SIGTERM stop the work, a second one end at once; the list has what came."""
    came: list[int] = []
    wanted = (signal.SIGINT, signal.SIGTERM)

    def stop(number: int, frame: FrameType | None) -> None:
        came.append(number)
        stop_work()
        for other in wanted:
            signal.signal(other, signal.default_int_handler)

    earlier = {number: signal.signal(number, stop) for number in wanted}
    try:
        yield came
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
