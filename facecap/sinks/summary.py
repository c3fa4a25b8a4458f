"""What a run came to, in numbers."""

from __future__ import annotations

import platform
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timezone
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from facecap.sinks.drawing import ANSWER_WORDS

if TYPE_CHECKING:
    from facecap import Capture, FaceCapture, FrameResult
    from facecap.sources import Source

_PACKAGES = ("facecap", "numpy", "opencv-python-headless", "onnxruntime")


class Summary:
    """Counts while a run goes on."""

    def __init__(self, answers: Sequence[str]) -> None:
        """`answers`: those that the classifier can give."""
        self.status = "running"
        self.error: str | None = None
        self.frames = 0
        self.captures = 0
        self.failed_frames = 0
        self.damaged_frames = 0
        """Beside those that the source left out."""
        self._started = datetime.now(timezone.utc)
        self._start = time.perf_counter()
        self._end: float | None = None
        self._frames_with_faces = 0
        self._faces = 0
        self._skipped = 0
        self._refined = 0
        self._classified = 0
        self._tracks: set[int] = set()
        self._answers = dict.fromkeys(answers, 0)
        self._kinds: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._seconds: defaultdict[str, float] = defaultdict(float)

    @property
    def elapsed(self) -> float:
        """Seconds from the start to `stop_clock`."""
        return (self._end or time.perf_counter()) - self._start

    def stop_clock(self) -> None:
        """The last frame is done."""
        self._end = time.perf_counter()

    def add_frame(self, result: FrameResult) -> None:
        """Count a frame; its captures are counted by `add_capture`."""
        faces = result.faces
        self.frames += 1
        self._frames_with_faces += len(faces) > 0
        self._faces += len(faces)
        self._skipped += result.skipped
        self._refined += result.refined
        self._classified += result.classified
        self._tracks.update(faces.track_ids[faces.stable].tolist())
        self._reasons.update(reason for reason in faces.reasons if reason is not None)
        for stage, seconds in result.timings.items():
            if stage != "total":
                self._seconds[stage] += seconds

    def add_capture(self, capture: Capture) -> None:
        """Count a capture."""
        self.captures += 1
        self._answers[capture.mask] += 1
        self._kinds[capture.kind] += 1

    def add_seconds(self, stage: str, seconds: float) -> None:
        """Time spent outside the pipeline, such as reading or writing."""
        self._seconds[stage] += seconds

    def words(self) -> str:
        """The run in one sentence."""
        answers = ", ".join(f"{number} {ANSWER_WORDS[answer]}" for answer, number in self._answers.items())
        rate = f"{self.frames / self.elapsed:.1f} frames/s"
        followed = f"{len(self._tracks)} followed faces in {self.frames} frames ({rate})"
        return f"{self.captures} captures of {followed}: {answers}"

    def to_dict(self, source: Source, capture: FaceCapture) -> dict[str, Any]:
        """The content of `summary.json`: counts, seconds, frames a second, versions, models."""
        elapsed = self.elapsed
        return {
            "status": self.status,
            "error": self.error,
            "source": {
                "name": source.name,
                "length": source.length,
                "fps": source.fps,
                "ended_early": source.ended_early,
            },
            "started": self._started.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "frames": self.frames,
            "frames_with_faces": self._frames_with_faces,
            "damaged": source.damaged + self.damaged_frames,
            "dropped": source.dropped,
            "failed_frames": self.failed_frames,
            "faces": self._faces,
            "tracks": len(self._tracks),
            "captures": self.captures,
            "captures_by_mask": dict(self._answers),
            "captures_by_kind": dict(self._kinds),
            "rejections": dict(self._reasons.most_common()),
            "skipped": self._skipped,
            "refined": self._refined,
            "classified": self._classified,
            "fps": round(self.frames / elapsed, 2) if elapsed > 0 else None,
            "seconds": {k: round(v, 4) for k, v in {**self._seconds, "total": elapsed}.items()},
            "models": _names_of_models(capture),
            "versions": {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}},
        }


def _names_of_models(capture: FaceCapture) -> dict[str, str | None]:
    """As facecap-board says them, which has no embedder."""
    names = {
        "detector": capture.detector.info["manifest"]["name"],
        "refiner": capture.refiner.info["manifest"]["name"] if capture.refiner else None,
        "classifier": capture.classifier.info["manifest"]["name"],
    }
    return names | ({"embedder": capture.embedder.info["manifest"]["name"]} if capture.embedder else {})
