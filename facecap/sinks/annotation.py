"""What a frame looks like when the pipeline's answer is drawn on it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap.sinks import drawing
from facecap.sinks.drawing import ANSWER_COLORS, ANSWER_WORDS, FOLLOWED, Image, Pen

if TYPE_CHECKING:
    from facecap import Capture, FrameResult

_PULSE = 12  # frames for which a capture stays marked
_SMALL = 0.82  # size of the second line of a label


class Annotator:
    """Draws boxes, track ids, mask answers, quality, reasons and a pulse where a capture was emitted."""

    def __init__(self, answer: Callable[[float, float], str], answers: Sequence[str]) -> None:
        """`answer`: the word for P(mask) and P(incorrect); `answers`: the words that it may be."""
        self._answer = answer
        self._legend = [(ANSWER_COLORS[each], ANSWER_WORDS[each]) for each in answers]
        self._legend.append((FOLLOWED, "not known yet"))
        self._captured = 0
        self._pulses: dict[int, tuple[int, int]] = {}  # track: last frame of the pulse, sequence

    def draw(self, image: Image, result: FrameResult, ratio: float, offset: tuple[float, float]) -> None:
        """Draw in place. A point of the frame is at `point * ratio + offset` of `image`."""
        self._note(result.captures, result.frame_index)
        pen = Pen.for_image(image.shape[1], image.shape[0])
        shift = np.array([*offset, *offset], np.float32)
        # Best faces last, so that their labels lie on top.
        for place in reversed(range(len(result.faces))):
            box = result.faces.boxes[place] * np.float32(ratio) + shift
            self._draw_face(image, result, place, box, pen)
        self._draw_bar(image, result, pen)

    def _note(self, captures: list[Capture], frame: int) -> None:
        self._captured += len(captures)
        for capture in captures:
            self._pulses[capture.track_id] = (frame + _PULSE, capture.sequence)
        self._pulses = {track: pulse for track, pulse in self._pulses.items() if pulse[0] > frame}

    def _draw_face(
        self, image: Image, result: FrameResult, place: int, box: NDArray[np.float32], pen: Pen
    ) -> None:
        faces = result.faces
        track = int(faces.track_ids[place])
        probability, incorrect = float(faces.mask_prob[place]), float(faces.incorrect_prob[place])
        answer = None if math.isnan(probability) else self._answer(probability, incorrect)
        color = ANSWER_COLORS[answer] if answer else FOLLOWED
        pulse = self._pulses.get(track)
        if pulse:
            grown = box + np.array([-1, -1, 1, 1], np.float32) * (pen.gap + pen.thickness)
            drawing.draw_box(image, grown, drawing.WHITE, pen.thickness)
        drawing.draw_box(image, box, color, pen.thickness * (2 if faces.capture[place] else 1))

        head = f"#{track}" if track else "new"
        if answer:
            head += f" {drawing.answer_label(answer, probability, incorrect)}"
        left, top, bottom = round(float(box[0])), float(box[1]), round(float(box[3]))
        margin = pen.gap + 2 * pen.thickness
        above = round(top) - drawing.label_height(pen) - (margin if pulse else pen.thickness)
        drawing.put_label(image, head, left, above, pen, color)
        below = bottom + (margin if pulse else pen.thickness)
        quality = f"q {float(faces.quality[place]):.2f}"
        if pulse:
            drawing.put_label(
                image, f"CAPTURED {pulse[1]}  {quality}", left, below, pen, drawing.WHITE, share=_SMALL
            )
        elif box[2] - box[0] >= 2 * drawing.label_height(pen):  # on a small face it would hide others
            reason = faces.reasons[place]
            words = "kept" if reason is None else reason.replace("_", " ")
            drawing.put_label(
                image, f"{quality}  {words}", left, below, pen, (40, 40, 40), drawing.WHITE, share=_SMALL
            )

    def _draw_bar(self, image: Image, result: FrameResult, pen: Pen) -> None:
        height = drawing.label_height(pen) + 2 * pen.gap
        top = image.shape[0] - height
        drawing.shade(image, top, image.shape[0])
        baseline = image.shape[0] - height // 3
        time = "" if result.timestamp is None else f"  {_clock(result.timestamp)}"
        text = f"frame {result.frame_index}{time}  faces {len(result.faces)}  captured {self._captured}"
        drawing.put_text(image, text, (pen.gap * 2, baseline), pen)
        self._draw_legend(image, drawing.text_size(text, pen)[0] + 4 * pen.gap, baseline, pen)

    def _draw_legend(self, image: Image, left: int, baseline: int, pen: Pen) -> None:
        """At the right end of the bar, where it does not reach beyond `left`."""
        sizes = [drawing.text_size(words, pen, _SMALL)[:2] for _, words in self._legend]
        place = image.shape[1] - sum(width + height + 4 * pen.gap for width, height in sizes)
        if place < left:
            return
        for (color, words), (width, height) in zip(self._legend, sizes, strict=True):
            image[baseline - height : baseline, place : place + height] = color
            place += height + pen.gap
            drawing.put_text(image, words, (place, baseline), pen, share=_SMALL)
            place += width + 3 * pen.gap


def draw_detections(image: Image, faces: Sequence[Mapping[str, Any]]) -> None:
    """Draw the faces of `facecap detect --json` in place: box, landmarks and what is said of each."""
    pen = Pen.for_image(image.shape[1], image.shape[0])
    for face in reversed(faces):
        answer = None if face.get("not_a_face") else face.get("mask")
        color = ANSWER_COLORS[answer] if answer else FOLLOWED
        box = np.array(face["box"], np.float32)
        drawing.draw_box(image, box, color, pen.thickness)
        for x, y in face["landmarks"]:
            cv2.circle(image, (round(x), round(y)), pen.thickness + 1, color, cv2.FILLED, cv2.LINE_AA)
        if face.get("not_a_face"):
            head = f"not a face {face['face_prob']:.2f}"
        elif answer:
            head = drawing.answer_label(answer, face["mask_prob"], face.get("incorrect_prob"))
        else:
            head = f"{face['score']:.2f}"
        top = round(float(box[1])) - drawing.label_height(pen) - pen.thickness
        drawing.put_label(image, head, round(float(box[0])), top, pen, color)


def _clock(seconds: float) -> str:
    """Of a file the time from its start, of a camera the time of day (UTC)."""
    seconds %= 86400
    return f"{int(seconds) // 3600:02d}:{int(seconds) // 60 % 60:02d}:{seconds % 60:05.2f}"
