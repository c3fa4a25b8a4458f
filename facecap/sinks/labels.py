"""Labels beside faces that hide neither another face nor another label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facecap.sinks import drawing
from facecap.sinks.drawing import BLACK, Color, Image, Pen

_SMALLEST_SCALE = 0.32  # of the font, below which it is not legible
_WIDEST = 3.0  # widths of the face that a label takes at a larger size than the smallest
_INSIDE = 4  # heights of a label that a face must have to hold one

Place = tuple[int, int]  # left and top in pixels


class Labels:
    """The labels of one picture. Who comes first finds more room: give the faces that matter most first."""

    def __init__(self, image: Image, boxes: ArrayLike, pen: Pen, bottom: int | None = None) -> None:
        """`boxes`: (N, 4) x1, y1, x2, y2 of all faces in pixels, which labels leave free; `bottom`: the row
        below which nothing is written, the picture's last where None."""
        self._image, self._pen = image, pen
        self._bottom = image.shape[0] if bottom is None else bottom
        self._boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
        self._written = np.zeros((0, 4))

    def put(
        self,
        face: int,
        texts: Sequence[str],
        fill: Color,
        ink: Color = BLACK,
        *,
        below: bool = False,
        share: float = 1.0,
        gap: int = 0,
    ) -> bool:
        """Write the first of the texts that finds room beside a face, as large as the face allows.

        Args:
            face: its row of the boxes.
            texts: the fullest first.
            fill: of the plate.
            ink: of the text.
            below: look for room below the face first.
            share: of the pen's size, at most.
            gap: pixels between the face and the label.

        Returns:
            Whether there was room; else nothing is written.
        """
        for text in texts:
            for size in self._sizes(face, texts[0], share):
                width, height = drawing.plate_size(text, self._pen, size)
                for place in self._places(self._boxes[face], width, height, gap, below=below):
                    if self._free(face, place, width, height):
                        drawing.put_label(self._image, text, *place, self._pen, fill, ink, size)
                        plate = (place[0], place[1], place[0] + width, place[1] + height)
                        self._written = np.concatenate([self._written, [plate]])
                        return True
        return False

    def _sizes(self, face: int, text: str, share: float) -> list[float]:
        """Shares of the pen's size to try, the largest first: those at which the text is not much wider than
        the face, and the smallest."""
        smallest = min(share, _SMALLEST_SCALE / self._pen.scale)
        widest = _WIDEST * (self._boxes[face, 2] - self._boxes[face, 0])
        fitting = [
            size
            for size in (share, 0.75 * share)
            if size > smallest and drawing.plate_size(text, self._pen, size)[0] <= widest
        ]
        return [*fitting, smallest]

    def _places(
        self, box: NDArray[np.float64], width: int, height: int, gap: int, *, below: bool
    ) -> Iterator[Place]:
        x1, y1, x2, y2 = (round(float(value)) for value in box)
        rows = [y1 - height - gap - 1, y2 + gap + 1]
        for top in reversed(rows) if below else rows:
            for left in (x1, x2 - width, (x1 + x2 - width) // 2):
                yield max(0, min(left, self._image.shape[1] - width)), top
        yield x2 + gap + 1, y1
        yield x1 - width - gap - 1, y1
        if y2 - y1 >= _INSIDE * height and x2 - x1 >= width:
            top = min(y2, self._bottom) - height if below else max(y1, 0)
            yield max(0, x1), top

    def _free(self, face: int, place: Place, width: int, height: int) -> bool:
        left, top = place
        if left < 0 or top < 0 or left + width > self._image.shape[1] or top + height > self._bottom:
            return False
        others = np.concatenate([np.delete(self._boxes, face, axis=0), self._written])
        apart = (others[:, 0] >= left + width) | (others[:, 2] <= left)
        apart |= (others[:, 1] >= top + height) | (others[:, 3] <= top)
        return bool(apart.all())
