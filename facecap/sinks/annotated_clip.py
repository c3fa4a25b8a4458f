"""The annotated clip."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2

from facecap._files import PendingFile
from facecap._video_file import video_name
from facecap.errors import FacecapError
from facecap.sinks.annotation import Annotator
from facecap.sinks.drawing import Image, fitted

if TYPE_CHECKING:
    from facecap import FrameResult

CODECS = {".mp4": "mp4v", ".avi": "MJPG"}
_LONGEST_SIDE, _LEGIBLE_SIDE = 1920, 640
_TRIAL = (64, 64)


class AnnotatedClip:
    """A video of the frames with the answers drawn on them. It appears under its name when it is complete.

    Its size is that of the first frame, scaled down to a longer side of 1920 pixels where it is larger, up to
    about 640 where text would not fit in; frames of another size are fitted into it.
    """

    def __init__(self, path: Path, fps: float, annotator: Annotator) -> None:
        """`path` ends in .mp4 (MPEG-4) or .avi (Motion JPEG); `fps`: frames a second of the clip.

        Raises:
            FacecapError: no clip can be written there; found out by a small one.
        """
        if path.suffix.lower() not in CODECS:
            raise ValueError(f"an annotated clip ends in {' or '.join(CODECS)}, found {path}")
        if path.is_dir():
            raise FacecapError(f"{path}: it is a folder, wanted the name of a file")
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._pending = PendingFile(path)
        self._fps = fps
        self._annotator = annotator
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)
        self._frames = 0
        self._make_writer(_TRIAL).release()
        self._pending.discard()

    def add(self, image: Image, result: FrameResult) -> None:
        """Draw on a copy of the frame and append it."""
        if self._writer is None:
            self._writer = self._open(image)
        width, height = self._size
        canvas = fitted(image, width, height)
        ratio = min(width / image.shape[1], height / image.shape[0])
        offset = ((width - image.shape[1] * ratio) / 2, (height - image.shape[0] * ratio) / 2)
        self._annotator.draw(canvas, result, ratio, offset)
        self._writer.write(canvas)
        self._frames += 1

    def close(self) -> None:
        """Finish the file; without a frame there is none.

        Raises:
            FacecapError: the file could not be written to its end.
        """
        if self._writer is None:
            return
        self._writer.release()
        self._writer = None
        # The encoder reports no error, a full disk neither: the file is asked instead.
        with video_name(self._pending.temporary) as name:
            written = cv2.VideoCapture(name, cv2.CAP_FFMPEG)
        frames = int(written.get(cv2.CAP_PROP_FRAME_COUNT)) if written.isOpened() else 0
        written.release()
        if frames < self._frames:
            self._pending.discard()
            raise FacecapError(
                f"{self.path}: only {frames} of {self._frames} frames could be written; is the disk full?"
            )
        self._pending.commit()

    def discard(self) -> None:
        """Remove what was not finished."""
        if self._writer is not None:
            self._writer.release()
            self._writer = None
            self._pending.discard()

    def _open(self, image: Image) -> cv2.VideoWriter:
        height, width = image.shape[:2]
        longest = max(width, height)
        ratio = _LONGEST_SIDE / longest if longest > _LONGEST_SIDE else max(1, round(_LEGIBLE_SIDE / longest))
        # MPEG-4 wants even sides.
        self._size = (max(2, round(width * ratio) // 2 * 2), max(2, round(height * ratio) // 2 * 2))
        return self._make_writer(self._size)

    def _make_writer(self, size: tuple[int, int]) -> cv2.VideoWriter:
        codec = CODECS[self.path.suffix.lower()]
        fourcc = cv2.VideoWriter.fourcc(*codec)
        with video_name(self._pending.temporary) as name:
            writer = cv2.VideoWriter(name, fourcc, self._fps, size)
        if not writer.isOpened():
            self._pending.discard()
            raise FacecapError(
                f"{self.path}: it cannot be written: the folder is not writable, or this OpenCV has no "
                f"{codec} encoder (then try a name that ends in .avi)"
            )
        return writer
