"""All captures of a run on one picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from facecap._files import write_atomic
from facecap.errors import FacecapError
from facecap.sinks import drawing
from facecap.sinks.drawing import ANSWER_COLORS, Color, Image, Pen

if TYPE_CHECKING:
    from facecap import Capture

_MOST = 240
_CROP = 160  # pixels of a drawn crop
_FRAME = 5
_GAP = 18
_TITLE = 56
_LINES = 3
_LINE = 22
_TILE = (_CROP + 2 * _FRAME, _CROP + 2 * _FRAME + _LINES * _LINE + 6)
_PAPER: Color = (250, 250, 250)
_INK: Color = (30, 30, 30)
_PEN = Pen(scale=0.48, thickness=1, gap=4)


class ContactSheet:
    """Crops in a grid, track by track, each with its id, frame, quality and mask answer."""

    def __init__(self) -> None:
        self._captures: list[Capture] = []
        self._count = 0

    def add(self, capture: Capture) -> None:
        """Keep a capture (its crop in BGR); beyond 240 they are only counted."""
        self._count += 1
        if len(self._captures) < _MOST:
            self._captures.append(capture)

    def draw(self) -> Image:
        """The sheet, BGR."""
        captures = sorted(self._captures, key=lambda c: (c.track_id, c.sequence))
        columns = max(4, min(10, round(np.sqrt(len(captures) * 1.6))))
        rows = max(1, -(-len(captures) // columns))
        width = _GAP + columns * (_TILE[0] + _GAP)
        sheet = np.full((_TITLE + rows * (_TILE[1] + _GAP), width, 3), _PAPER, np.uint8)
        drawing.put_text(sheet, self._title(), (_GAP, 36), _PEN, _INK, share=1.25)
        for place, capture in enumerate(captures):
            left = _GAP + place % columns * (_TILE[0] + _GAP)
            top = _TITLE + place // columns * (_TILE[1] + _GAP)
            _draw_tile(sheet[top : top + _TILE[1], left : left + _TILE[0]], capture)
        return sheet

    def write(self, path: Path) -> None:
        """Write the sheet as PNG."""
        ok, png = cv2.imencode(".png", self.draw())
        if not ok:
            raise FacecapError(f"{path}: the contact sheet cannot be encoded")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, png.tobytes())

    def _title(self) -> str:
        tracks = len({capture.track_id for capture in self._captures})
        title = f"{self._count} captures of {tracks} tracks"
        if self._count > len(self._captures):
            title += f", the first {len(self._captures)} shown"
        return title


def _draw_tile(tile: Image, capture: Capture) -> None:
    color = ANSWER_COLORS[capture.mask]
    side = _CROP + 2 * _FRAME
    tile[:side] = color
    tile[_FRAME : _FRAME + _CROP, _FRAME : _FRAME + _CROP] = cv2.resize(
        capture.crop, (_CROP, _CROP), interpolation=cv2.INTER_CUBIC
    )
    answer = drawing.answer_label(capture.mask, capture.mask_prob, capture.incorrect_prob)
    lines = (
        f"#{capture.track_id}.{capture.sequence}  {answer}",
        f"frame {capture.shot_frame}",
        f"quality {capture.quality:.2f}",
    )
    for number, line in enumerate(lines):
        share = 1.0 if number == 0 else 0.88
        drawing.put_text(tile, line, (1, side + (number + 1) * _LINE - 4), _PEN, _INK, share)
