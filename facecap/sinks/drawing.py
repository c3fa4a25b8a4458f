"""Drawing of boxes, labels and text, legible from 480 to 2160 lines."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from facecap import Areas

Image = NDArray[np.uint8]
Color = tuple[int, int, int]

# BGR of the Okabe-Ito palette, which holds under the common colour blindnesses; words always say the same.
ANSWER_COLORS: dict[str, Color] = {
    "mask": (115, 158, 0),
    "no_mask": (0, 159, 230),
    "incorrect": (167, 121, 204),
    "unknown": (233, 180, 86),
}
FOLLOWED: Color = (190, 190, 190)
WHITE: Color = (255, 255, 255)
BLACK: Color = (0, 0, 0)
ANSWER_WORDS = {"mask": "mask", "no_mask": "no mask", "incorrect": "worn wrongly", "unknown": "unsure"}

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_LINES_AT_SCALE_ONE = 1080.0
_SMALL = 24  # pixels, the shorter side of a face


@dataclass(frozen=True, slots=True)
class Pen:
    """Sizes that fit a picture: text, lines and gaps grow with its shorter side."""

    scale: float
    thickness: int
    gap: int

    @staticmethod
    def for_image(width: int, height: int) -> Pen:
        """The pen for a picture of this size in pixels."""
        unit = max(min(width, height), 360) / _LINES_AT_SCALE_ONE
        return Pen(scale=0.35 + 0.4 * unit, thickness=max(1, round(2.5 * unit)), gap=max(2, round(6 * unit)))

    @property
    def stroke(self) -> int:
        """Thickness of text."""
        return max(1, round(self.scale * 1.6))


def answer_label(answer: str, mask_prob: float | None, incorrect_prob: float | None) -> str:
    """The answer in words and, where it is known, its probability."""
    probability = answer_probability(answer, mask_prob, incorrect_prob)
    words = ANSWER_WORDS[answer]
    return words if probability is None else f"{words} {probability:.2f}"


def answer_probability(answer: str, mask_prob: float | None, incorrect_prob: float | None) -> float | None:
    """P(incorrect) of "incorrect", P(mask) of the others; None where it is not known (None or nan)."""
    probability = incorrect_prob if answer == "incorrect" else mask_prob
    return None if probability is None or math.isnan(probability) else probability


def text_size(text: str, pen: Pen, share: float = 1.0) -> tuple[int, int, int]:
    """Width, height above the base line and depth below it, in pixels."""
    (width, height), depth = cv2.getTextSize(text, _FONT, pen.scale * share, pen.stroke)
    return width, height, depth


def put_text(
    image: Image, text: str, at: tuple[int, int], pen: Pen, color: Color = WHITE, share: float = 1.0
) -> None:
    """Write text with its base line starting at `at`; `share` of the pen's size."""
    cv2.putText(image, text, at, _FONT, pen.scale * share, color, pen.stroke, cv2.LINE_AA)


def put_label(
    image: Image,
    text: str,
    left: int,
    top: int,
    pen: Pen,
    fill: Color,
    ink: Color = BLACK,
    share: float = 1.0,
) -> int:
    """Text on a filled plate with its corner at (left, top), moved into the picture; returns its height."""
    _, height, _ = text_size(text, pen, share)
    pad = pen.gap
    plate_width, plate_height = plate_size(text, pen, share)
    left = max(0, min(left, image.shape[1] - plate_width))
    top = max(0, min(top, image.shape[0] - plate_height))
    cv2.rectangle(image, (left, top), (left + plate_width, top + plate_height), fill, cv2.FILLED)
    put_text(image, text, (left + pad, top + pad // 2 + height), pen, ink, share)
    return plate_height


def plate_size(text: str, pen: Pen, share: float = 1.0) -> tuple[int, int]:
    """Width and height of the plate of a label in pixels."""
    width, height, depth = text_size(text, pen, share)
    return width + 2 * pen.gap, height + depth + pen.gap


def draw_box(image: Image, box: NDArray[np.float32], color: Color, thickness: int) -> None:
    """A rectangle with a dark rim, so that it shows on any ground; around a face so small that this would
    hide it, a thin one just outside. `box`: x1, y1, x2, y2 in pixels."""
    x1, y1, x2, y2 = (round(float(value)) for value in box)
    if min(x2 - x1, y2 - y1) < _SMALL:
        cv2.rectangle(image, (x1 - 1, y1 - 1), (x2 + 1, y2 + 1), color, 1)
        return
    cv2.rectangle(image, (x1, y1), (x2, y2), BLACK, thickness + 2, cv2.LINE_AA)
    cv2.rectangle(image, (x1, y1), (x2, y2), color, thickness, cv2.LINE_AA)


def shade(image: Image, top: int, bottom: int) -> None:
    """Darken a strip, for text on it."""
    strip = image[top:bottom]
    np.copyto(strip, strip // 4)


def darken_outside(image: Image, areas: Areas, offset: tuple[float, float]) -> None:
    """Halve the light where faces are not captured; `offset`: width and height of the bars around the frame
    in pixels, on each side."""
    height, width = image.shape[:2]
    counts = np.full((height, width), not areas.only, np.uint8)
    for polygons, value in ((areas.only, 1), (areas.ignore, 0)):
        for polygon in polygons:
            sides = np.array([width - 2 * offset[0], height - 2 * offset[1]])
            corners = np.round(np.array(polygon) * sides + offset).astype(np.int32)
            cv2.fillPoly(counts, [corners], value)
            cv2.polylines(image, [corners], True, FOLLOWED, 1, cv2.LINE_AA)
    np.copyto(image, image // 2, where=counts[:, :, None] == 0)


def fitted(image: Image, width: int, height: int) -> Image:
    """The picture scaled into width x height with black bars where the aspect differs."""
    if image.shape[:2] == (height, width):
        return np.array(image)
    ratio = min(width / image.shape[1], height / image.shape[0])
    inner = (max(1, round(image.shape[1] * ratio)), max(1, round(image.shape[0] * ratio)))
    resized = cv2.resize(image, inner, interpolation=cv2.INTER_AREA if ratio < 1 else cv2.INTER_LINEAR)
    canvas = np.zeros((height, width, 3), np.uint8)
    x, y = (width - inner[0]) // 2, (height - inner[1]) // 2
    canvas[y : y + inner[1], x : x + inner[0]] = resized
    return canvas
